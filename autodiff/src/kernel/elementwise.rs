//! Loops over the elements of several slices at once, on all threads where they are many.

use super::parts::{for_each_part, part_size};
use crate::scalar::Real;

/// The fewest elements of a part that is worth another thread.
const ELEMENTS: usize = 1 << 14;

/// Elements from which wide vectors are worth the question whether there are any.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 4;

/// What is done for each element. As a closure it would be compiled for AVX2 only if small; see
/// [`dispatch`](super::dispatch). Implementations are marked `#[inline(always)]`.
pub(crate) trait Elementwise<T, const N: usize, const M: usize>: Copy + Sync {
    /// Changes an element of the output, given those of two groups of inputs.
    fn apply(self, inputs: [T; N], others: [T; M], output: &mut T);
}

/// Applies `function` to every element of `output`; the other slices are at least as long.
pub(crate) fn for_each_element<T: Real, F: Elementwise<T, N, M>, const N: usize, const M: usize>(
    function: F,
    inputs: [&[T]; N],
    others: [&[T]; M],
    output: &mut [T],
) {
    if output.len() < 2 * ELEMENTS {
        return for_each_of_part(function, inputs, others, output);
    }
    let size = part_size(output.len(), ELEMENTS);
    for_each_part(output, size, |part, output| {
        let first = part * size;
        for_each_of_part(function, inputs.map(|x| &x[first..]), others.map(|x| &x[first..]), output);
    });
}

/// Adds `amounts` to `sums`.
pub(crate) fn add_each<T: Real>(amounts: &[T], sums: &mut [T]) {
    for_each_element(Add, [amounts], [], sums);
}

/// Copies `values` to `output`, which has the same length.
pub(crate) fn copy_each<T: Real>(values: &[T], output: &mut [T]) {
    let size = part_size(output.len(), ELEMENTS);
    for_each_part(output, size, |part, output| output.copy_from_slice(&values[part * size..][..output.len()]));
}

#[derive(Clone, Copy)]
struct Add;

impl<T: Real> Elementwise<T, 1, 0> for Add {
    #[inline(always)]
    fn apply(self, [amount]: [T; 1], []: [T; 0], sum: &mut T) {
        *sum += amount;
    }
}

fn for_each_of_part<T: Real, F: Elementwise<T, N, M>, const N: usize, const M: usize>(
    function: F,
    inputs: [&[T]; N],
    others: [&[T]; M],
    output: &mut [T],
) {
    #[cfg(target_arch = "x86_64")]
    if output.len() >= FEW && std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
    {
        // SAFETY: `for_each_avx2` may run if AVX2 and FMA are available, and both were just detected.
        return unsafe { for_each_avx2(function, inputs, others, output) };
    }
    for_each_inline(function, inputs, others, output);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn for_each_avx2<T: Real, F: Elementwise<T, N, M>, const N: usize, const M: usize>(
    function: F,
    inputs: [&[T]; N],
    others: [&[T]; M],
    output: &mut [T],
) {
    for_each_inline(function, inputs, others, output);
}

#[inline(always)]
fn for_each_inline<T: Real, F: Elementwise<T, N, M>, const N: usize, const M: usize>(
    function: F,
    inputs: [&[T]; N],
    others: [&[T]; M],
    output: &mut [T],
) {
    // Cut where the loop is compiled, so that it checks no bounds.
    let inputs = inputs.map(|input| &input[..output.len()]);
    let others = others.map(|other| &other[..output.len()]);
    for (k, output) in output.iter_mut().enumerate() {
        function.apply(inputs.map(|input| input[k]), others.map(|other| other[k]), output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    struct AddProduct;

    impl Elementwise<f32, 2, 1> for AddProduct {
        #[inline(always)]
        fn apply(self, [x, y]: [f32; 2], [z]: [f32; 1], output: &mut f32) {
            *output += x * y - z;
        }
    }

    #[test]
    fn each_element_is_visited_once_with_those_at_its_index() {
        for length in [0, 1, 7, 33, 2 * ELEMENTS, 9 * ELEMENTS + 5] {
            let numbers: Vec<f32> = (0..length + 7).map(|k| (k % 101) as f32).collect();
            let mut output = vec![1.0; length];
            for_each_element(AddProduct, [&numbers, &numbers], [&numbers], &mut output);
            assert!(output.iter().zip(&numbers).all(|(y, x)| *y == 1.0 + x * x - x));
            copy_each(&numbers[..length], &mut output);
            add_each(&numbers[..length], &mut output);
            assert!(output.iter().zip(&numbers).all(|(y, x)| *y == x + x));
        }
    }
}
