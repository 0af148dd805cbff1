//! Probes that enlarge what is given: inputs, so that loops cross their blocks, and cotangents.

use rand::RngExt;

use super::examiner::{Examiner, Settings};
use super::report::Probe;
use super::structure::with_extent;
use super::tensors::random_tensor;
use crate::array::Tensor;
use crate::error::Error;

/// An extent beyond the blocks of 256 that operations work in.
const ENLARGED: usize = 301;
/// Inputs and output are not enlarged beyond this number of elements in all.
const LARGEST: usize = 1 << 13;

impl Examiner<'_> {
    /// Each extent enlarged by repetition, wherever it occurs and the shape rule accepts it: derivatives, and `f64` itself.
    pub(super) fn enlarged(&mut self) -> Result<(), Error> {
        if self.subject.params().is_some() || !self.subject.is_operation() || !self.report.findings.is_empty() {
            return Ok(());
        }
        let mut extents: Vec<usize> = self.inputs.iter().flat_map(|x| x.shape().to_vec()).collect();
        extents.sort_unstable();
        extents.dedup();
        for extent in extents.into_iter().filter(|&extent| extent > 0 && extent < ENLARGED) {
            let large: Vec<Tensor<f64>> = self.inputs.iter().map(|x| with_extent(x, extent, ENLARGED)).collect();
            let empty = large.iter().any(|x| x.data().is_empty());
            let size: usize = large.iter().map(|x| x.data().len()).sum();
            // Without elements there is nothing to be wrong.
            if empty || size + self.output_size(&large).unwrap_or(LARGEST) > LARGEST {
                continue;
            }
            let large = self.apart(large);
            // A mistake of the loop over blocks is in many entries.
            let settings = Settings { parts: 1, directions: 1, one_by_one: 0, ..self.settings };
            let setting = format!("extent {extent} set to {ENLARGED}");
            self.elsewhere(Probe::Enlarged, &setting, &large, settings, |large| {
                large.derivative().and_then(|()| large.double_precision())
            })?;
            // There was no finding before.
            if !self.report.findings.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The number of elements of the output at these inputs; `None` if the shape rule rejects them.
    fn output_size(&self, inputs: &[Tensor<f64>]) -> Option<usize> {
        let shapes: Vec<_> = inputs.iter().map(Tensor::shape).collect();
        self.subject.double()?.shape(&shapes).ok()?.checked_size()
    }

    /// Repeated values moved apart by up to a hundredth, so that they do not tie.
    fn apart(&mut self, inputs: Vec<Tensor<f64>>) -> Vec<Tensor<f64>> {
        let Examiner { random, wanted, .. } = self;
        let moved = inputs
            .into_iter()
            .zip(&*wanted)
            .map(|(x, &wanted)| if wanted { x.map(|x| x * (1.0 - 0.01 * random.random::<f64>())) } else { x });
        moved.collect()
    }

    /// The derivative for cotangents over twelve orders of magnitude.
    pub(super) fn cotangents(&mut self) -> Result<(), Error> {
        if !self.report.findings.is_empty() {
            return Ok(());
        }
        let signs = random_tensor(self.cotangent.shape(), &mut self.random);
        let wide = signs.map(|sign| sign * 10.0_f64.powf(self.random.random_range(-6.0..6.0)));
        let before = self.report.findings.len();
        let cotangent = std::mem::replace(&mut self.cotangent, wide);
        let result = self.derivative();
        self.cotangent = cotangent;
        self.attribute(before, Probe::Cotangents, "cotangents from 1e-6 to 1e6");
        result
    }
}
