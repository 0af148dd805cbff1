//! The rounding errors of computations at the inputs of a case.

use super::examiner::Examiner;
use super::tensors::largest_entry;
use crate::array::Tensor;
use crate::error::Error;

/// Where rounding errors are sampled, unevenly, as those of numbers in even steps can be even too.
const NODES: [f64; 5] = [-2.3, -0.9, 0.0, 1.1, 2.6];

/// Sizes of their steps: as many as make it unlikely that the rounding errors of all happen to be small.
const SPACINGS: [f64; 8] = [1e-9, 1e-8, 1e-7, 3e-7, 1e-6, 3e-6, 5e-6, 1e-5];

impl Examiner<'_> {
    /// How much rounding makes of a difference of two computations; `None` if it is not rounding that makes the difference.
    pub(super) fn noise(
        &self,
        inputs: &[Tensor<f64>],
        difference: impl Fn(&[Tensor<f64>]) -> Result<f64, Error>,
    ) -> Result<Option<f64>, Error> {
        let here = difference(inputs)?;
        let noise = self.roughness(inputs, |inputs| Ok(Tensor::scalar(difference(inputs)?)))?;
        Ok((noise >= here.abs() / 4.0).then_some(noise))
    }

    /// The rounding errors of a computation, the largest of all elements: what its fourth divided differences are at inputs that
    /// are multiplied by factors near 1. Those of a smooth function vanish.
    pub(super) fn roughness(
        &self,
        inputs: &[Tensor<f64>],
        compute: impl Fn(&[Tensor<f64>]) -> Result<Tensor<f64>, Error>,
    ) -> Result<f64, Error> {
        let weights = NODES.map(|node| 1.0 / NODES.iter().filter(|&&n| n != node).map(|n| node - n).product::<f64>());
        let size = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let mut most: f64 = 0.0;
        for spacing in SPACINGS.into_iter().chain([4.0 * self.subject.epsilon()]) {
            let mut sum: Option<Tensor<f64>> = None;
            for (node, weight) in NODES.into_iter().zip(weights) {
                let factor = |x: f64| 1.0 + node * spacing * spread(x);
                let near = inputs.iter().enumerate().map(|(input, x)| {
                    if self.wanted[input] { x.map(|x| self.domain.nearest(input, x * factor(x))) } else { x.clone() }
                });
                let Ok(there) = compute(&near.collect::<Vec<_>>()) else { return Ok(most) };
                let add = |k: usize| sum.as_ref().map_or(0.0, |sum| sum.data()[k]) + weight * there.data()[k];
                sum = Some(Tensor::from_fn(there.shape(), add));
            }
            most = most.max(largest_entry(sum.as_slice()) / size);
        }
        Ok(most)
    }
}

/// A number from 0.5 to 1.5. Numbers of unequal size move by unequal factors, as under equal ones nothing changes in a function
/// that is invariant to scale, not even its rounding errors; numbers of equal size by equal factors, so that ties stay ties.
fn spread(x: f64) -> f64 {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    0.5 + (x.abs().to_bits().wrapping_mul(GOLDEN) >> 11) as f64 / (1_u64 << 53) as f64
}
