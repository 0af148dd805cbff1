//! Values and gradients against PyTorch's, which the scripts beside this file wrote down.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod activations;
mod losses;

use autodiff::Tensor;
use serde::Deserialize;

/// An array as the scripts write it.
#[derive(Deserialize)]
struct Array {
    shape: Vec<usize>,
    data: Vec<f64>,
}

impl Array {
    fn tensor(&self) -> Tensor<f64> {
        Tensor::new(&self.shape[..], self.data.clone()).unwrap()
    }

    /// Holds `found` to this array, to a relative 1e-10 (absolute below 1).
    fn assert_equals(&self, found: &Tensor<f64>, what: &str) {
        assert_eq!(found.shape()[..], self.shape[..], "{what}");
        for (place, (found, expected)) in found.data().iter().zip(&self.data).enumerate() {
            let allowed = 1e-10 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= allowed, "{what}, place {place}: {found} is not {expected}");
        }
    }
}

/// 1, 2, 3 … in this shape: what the scripts weigh the elements of a value with before they differentiate.
fn cotangent(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| (k + 1) as f64)
}
