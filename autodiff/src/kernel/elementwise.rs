//! Loops over the elements of several slices at once, on all threads where they are many.

use std::hint::assert_unchecked;

use super::parts::{for_each_part, part_size};
use super::vector::is_moderate;
use crate::scalar::Real;

/// The fewest elements of a part that is worth another thread.
const ELEMENTS: usize = 1 << 14;

/// Elements from which wide vectors are worth the question whether there are any.
#[cfg(target_arch = "x86_64")]
const FEW: usize = 4;

/// The elements that are looked at before their sines are taken; few enough to stay in the cache.
const BLOCK: usize = 1 << 10;

/// What is done for each element. As a closure it would be compiled for AVX2 only if small; see
/// [`dispatch`](super::dispatch). Implementations are marked `#[inline(always)]`.
pub(crate) trait Elementwise<T, const N: usize, const M: usize>: Copy + Sync {
    /// Whether it takes sines or cosines of the first group, which vectorize where the whole group is moderate.
    const SINES: bool = false;

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
    if !F::SINES {
        return for_each_of_block(function, inputs, others, output, |_| ());
    }
    for (block, output) in output.chunks_mut(BLOCK).enumerate() {
        let first = block * BLOCK;
        let (inputs, others) = (inputs.map(|x| &x[first..][..output.len()]), others.map(|x| &x[first..]));
        if inputs.iter().all(|x| x.iter().fold(true, |all, &x| all & is_moderate(x))) {
            // SAFETY: every element of the inputs was just found moderate.
            for_each_of_block(function, inputs, others, output, |x| unsafe { assert_unchecked(is_moderate(x)) });
        } else {
            for_each_of_block(function, inputs, others, output, |_| ());
        }
    }
}

/// The loop. `assume` tells the compiler what is known of the inputs.
#[inline(always)]
fn for_each_of_block<T: Real, F: Elementwise<T, N, M>, const N: usize, const M: usize>(
    function: F,
    inputs: [&[T]; N],
    others: [&[T]; M],
    output: &mut [T],
    assume: impl Fn(T),
) {
    // Cut where the loop is compiled, so that it checks no bounds.
    let inputs = inputs.map(|input| &input[..output.len()]);
    let others = others.map(|other| &other[..output.len()]);
    for (k, output) in output.iter_mut().enumerate() {
        // Said of the element itself as it is read: of a copy, the compiler would not see that it is the argument of a sine.
        let inputs = inputs.map(|input| {
            assume(input[k]);
            input[k]
        });
        function.apply(inputs, others.map(|other| other[k]), output);
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

    #[derive(Clone, Copy)]
    struct SineTimes;

    impl<T: Real> Elementwise<T, 1, 1> for SineTimes {
        const SINES: bool = true;

        #[inline(always)]
        fn apply(self, [x]: [T; 1], [y]: [T; 1], output: &mut T) {
            *output = x.sin() * y + x.cos();
        }
    }

    fn assert_sines_depend_on_the_argument_only<T: Real>() {
        let at = |k: usize, large: usize| if k % large == large - 1 { 1e30 } else { 0.3 * k as f64 - 200.0 };
        for large in [1, 7, 3 * BLOCK, 100 * BLOCK] {
            let numbers: Vec<T> = (0..4 * BLOCK + 5).map(|k| T::from_f64(at(k, large))).collect();
            let mut output = vec![T::ZERO; numbers.len()];
            for_each_element(SineTimes, [&numbers], [&numbers], &mut output);
            assert!(output.iter().zip(&numbers).all(|(y, x)| *y == x.sin() * *x + x.cos()));
        }
    }

    #[test]
    fn a_large_argument_changes_no_other_sine() {
        assert_sines_depend_on_the_argument_only::<f32>();
        assert_sines_depend_on_the_argument_only::<f64>();
        assert_sines_depend_on_the_argument_only::<crate::Dual<f32>>();
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
