//! Loops over the elements of several slices at once.

use crate::scalar::Real;

/// What is done for each element. As a closure it would be compiled for AVX2 only if small; see
/// [`dispatch`](super::dispatch). Implementations are marked `#[inline(always)]`.
pub(crate) trait Elementwise<T, const N: usize, const M: usize>: Copy {
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
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
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
    fn each_element_is_visited_once_with_those_at_its_place() {
        for length in [0, 1, 7, 33] {
            let numbers: Vec<f32> = (0..40).map(|k| k as f32).collect();
            let mut output = vec![1.0; length];
            for_each_element(AddProduct, [&numbers, &numbers], [&numbers], &mut output);
            assert!(output.iter().zip(&numbers).all(|(y, x)| *y == 1.0 + x * x - x));
        }
    }
}
