//! Probes at other shapes: extents 1 and 0, and inputs enlarged so that loops cross their blocks.

use std::collections::BTreeSet;

use rand::RngExt;

use crate::array::{Shape, Tensor};
use crate::check::examiner::{Examiner, Settings};
use crate::check::report::Probe;
use crate::check::tensors::repeated;
use crate::error::Error;

/// Extents beyond the blocks that operations work in, of 256 and up to a thousand elements; the first that fits is taken.
const ENLARGED: [usize; 2] = [1031, 301];
/// Inputs and output are not enlarged beyond this number of elements in all.
const LARGEST: usize = 1 << 13;

impl Examiner<'_> {
    /// Checks the derivative with each extent set to 1, then to 0, wherever it occurs, and with one more axis, if the shape rule
    /// accepts that.
    pub(super) fn extents(&mut self) -> Result<(), Error> {
        let extents = self.distinct_extents().into_iter().filter(|&extent| extent > 1);
        for (extent, target) in extents.flat_map(|extent| [(extent, 1), (extent, 0)]) {
            let resized: Vec<Tensor<f64>> = self.inputs.iter().map(|x| with_extent(x, extent, target)).collect();
            let setting = format!("extent {extent} set to {target}");
            self.elsewhere(Probe::Extents, &setting, &resized, self.settings, |small| small.derivative())?;
        }
        let twice =
            |x: &Tensor<f64>| repeated(x, std::iter::once(2).chain(x.shape().iter().copied()).collect::<Shape>());
        let stacked: Vec<Tensor<f64>> = self.inputs.iter().map(twice).collect();
        self.elsewhere(Probe::Extents, "another axis in front", &stacked, self.settings, |stacked| stacked.derivative())
    }

    /// The extents of all inputs, each once, in rising order.
    fn distinct_extents(&self) -> BTreeSet<usize> {
        self.inputs.iter().flat_map(|x| x.shape().iter().copied()).collect()
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
            match run(&mut examiner) {
                _ if examiner.note_panics(probe) => {}
                Err(Error::Engine { .. }) => {}
                result => result?,
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
        for extent in self.distinct_extents().into_iter().filter(|&extent| extent > 0 && extent < ENLARGED[1]) {
            let Some(target) = ENLARGED.into_iter().find(|&target| self.fits(extent, target)) else { continue };
            let large = self.inputs.iter().map(|x| with_extent(x, extent, target)).collect();
            let large = self.apart(large);
            // A mistake of the loop over blocks is in many entries.
            let settings = Settings { parts: 1, directions: 1, one_by_one: 0, ..self.settings };
            let setting = format!("extent {extent} set to {target}");
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

    /// Whether the enlarged inputs, and the output if that is known without running, have elements and not too many. Without
    /// elements there is nothing to be wrong.
    fn fits(&self, extent: usize, target: usize) -> bool {
        let shapes: Vec<Shape> = self.inputs.iter().map(|x| resized(x.shape(), extent, target)).collect();
        let sizes = shapes.iter().map(Shape::checked_size).collect::<Option<Vec<usize>>>();
        let Some(sizes) = sizes.filter(|sizes| sizes.iter().all(|&size| size > 0 && size <= LARGEST)) else {
            return false;
        };
        let output = match self.subject.operation() {
            None => Some(0),
            Some(operation) => {
                let shapes: Vec<&Shape> = shapes.iter().collect();
                operation.double().shape(&shapes).ok().and_then(|shape| shape.checked_size())
            }
        };
        output.is_some_and(|output| output + sizes.iter().sum::<usize>() <= LARGEST)
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
fn with_extent(x: &Tensor<f64>, from: usize, to: usize) -> Tensor<f64> {
    repeated(x, resized(x.shape(), from, to))
}

/// The shape with every extent `from` set to `to`.
fn resized(shape: &Shape, from: usize, to: usize) -> Shape {
    shape.iter().map(|&extent| if extent == from { to } else { extent }).collect()
}
