//! The rounding errors of computations at the inputs of a case.

use super::examiner::Examiner;
use super::tensors::largest_entry;
use crate::array::Tensor;
use crate::error::Error;

/// Where rounding errors are sampled, unevenly, as those of numbers in even steps can be even too.
const NODES: [f64; 5] = [-2.3, -0.9, 0.0, 1.1, 2.6];

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
    /// are multiplied by nearly equal factors. Those of a smooth function vanish.
    pub(super) fn roughness(
        &self,
        inputs: &[Tensor<f64>],
        compute: impl Fn(&[Tensor<f64>]) -> Result<Tensor<f64>, Error>,
    ) -> Result<f64, Error> {
        let weights = NODES.map(|node| 1.0 / NODES.iter().filter(|&&n| n != node).map(|n| node - n).product::<f64>());
        let size = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let mut most: f64 = 0.0;
        for spacing in [4.0 * self.subject.epsilon(), 1e-9, 3e-6, 1e-5] {
            let mut sum: Option<Tensor<f64>> = None;
            for (node, weight) in NODES.into_iter().zip(weights) {
                let factor = 1.0 + node * spacing;
                let near = inputs.iter().enumerate().map(|(input, x)| {
                    if self.wanted[input] { x.map(|x| self.domain.nearest(input, x * factor)) } else { x.clone() }
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
