//! Probes at other shapes: extents 1 and 0, and inputs enlarged so that loops cross their blocks.

use rand::RngExt;

use crate::array::{Shape, Tensor};
use crate::check::examiner::{Examiner, Settings};
use crate::check::report::Probe;
use crate::error::Error;

/// An extent beyond the blocks of 256 that operations work in.
const ENLARGED: usize = 301;
/// Inputs and output are not enlarged beyond this number of elements in all.
const LARGEST: usize = 1 << 13;

impl Examiner<'_> {
    /// Checks the derivative with each extent set to 1, then to 0, wherever it occurs, if the shape rule accepts that.
    pub(super) fn extents(&mut self) -> Result<(), Error> {
        let mut extents: Vec<usize> = self.inputs.iter().flat_map(|x| x.shape().to_vec()).filter(|&n| n > 1).collect();
        extents.sort_unstable();
        extents.dedup();
        for (extent, target) in extents.iter().flat_map(|&extent| [(extent, 1), (extent, 0)]) {
            let resized: Vec<Tensor<f64>> = self.inputs.iter().map(|x| with_extent(x, extent, target)).collect();
            let setting = format!("extent {extent} set to {target}");
            self.elsewhere(Probe::Extents, &setting, &resized, self.settings, |small| small.derivative())?;
        }
        Ok(())
    }

    /// Runs probes at other inputs; what they find is attributed to this probe.
    pub(super) fn elsewhere(
        &mut self,
        probe: Probe,
        setting: &str,
        inputs: &[Tensor<f64>],
        settings: Settings,
        run: impl FnOnce(&mut Examiner<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = self.report.findings.len();
        // Rejection by the shape rule, or an index that is out of range now, is not a mistake.
        if let Ok(Some(mut examiner)) =
            Examiner::new(self.subject, self.names, inputs, settings, self.domain, self.report)
        {
            let result = run(&mut examiner);
            if !examiner.note_panics(probe) {
                result?;
            }
        }
        self.attribute(before, probe, setting);
        Ok(())
    }

    /// Attributes the findings from this one on to a probe.
    pub(super) fn attribute(&mut self, first: usize, probe: Probe, setting: &str) {
        for finding in &mut self.report.findings[first..] {
            finding.probe = probe;
            setting.clone_into(&mut finding.setting);
        }
    }

    /// Each extent enlarged by repetition, wherever it occurs and the shape rule accepts it: derivatives, and `f64` itself.
    pub(super) fn enlarged(&mut self) -> Result<(), Error> {
        if !self.report.findings.is_empty() {
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
            if empty || size + self.output_size(&large).unwrap_or(0) > LARGEST {
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

    /// The number of elements of the output at these inputs; `None` if that is not known without running it.
    fn output_size(&self, inputs: &[Tensor<f64>]) -> Option<usize> {
        let shapes: Vec<_> = inputs.iter().map(Tensor::shape).collect();
        self.subject.operation()?.double().shape(&shapes).ok()?.checked_size()
    }

    /// Repeated values moved apart by up to a hundredth, so that they do not tie.
    fn apart(&mut self, inputs: Vec<Tensor<f64>>) -> Vec<Tensor<f64>> {
        let Examiner { random, wanted, domain, .. } = self;
        let moved = inputs.into_iter().zip(&*wanted).enumerate().map(|(input, (x, &wanted))| match wanted {
            true => x.map(|x| domain.nearest(input, x * (1.0 - 0.01 * random.random::<f64>()))),
            false => x,
        });
        moved.collect()
    }
}

/// The tensor with every extent `from` set to `to`, keeping values in order.
pub(super) fn with_extent(x: &Tensor<f64>, from: usize, to: usize) -> Tensor<f64> {
    let shape: Shape = x.shape().iter().map(|&extent| if extent == from { to } else { extent }).collect();
    Tensor::from_fn(shape, |k| x.data()[k % x.data().len().max(1)])
}
