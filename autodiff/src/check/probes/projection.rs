//! Large gradients against their reference: along random directions, and by bisection for the wrong elements.

use std::ops::Range;

use crate::array::Tensor;
use crate::check::examiner::{Examiner, SHOWN};
use crate::check::report::{Diagnosis, Discrepancy, Probe};
use crate::check::tensors::{dot, scale};
use crate::check::trial::{JUDGED, Slope};
use crate::error::Error;

/// Elements that may be run through for the parts of one input.
const WORK: usize = 1 << 25;

/// A search for wrong elements.
struct Bisection<'a> {
    input: usize,
    found: &'a Tensor<f64>,
    upheld: Vec<Discrepancy>,
    judged: usize,
}

impl Examiner<'_> {
    /// Along random directions, of parts and of the whole.
    pub(super) fn by_projection(&mut self, input: usize, found: &Tensor<f64>, around: f64) -> Result<(), Error> {
        let count = found.data().len();
        // Rounding in a sum of many terms hides an error in one; in a part of them it shows.
        let parts = (count / 64).clamp(1, self.settings.parts).min(WORK / (self.size() + 1) + 1);
        let parts = (0..parts).map(|part| part * count / parts..(part + 1) * count / parts);
        for range in parts.chain(std::iter::repeat_n(0..count, self.settings.directions)) {
            let mut v = self.direction();
            for (other, direction) in v.iter_mut().enumerate() {
                let inside = |k: usize| other == input && range.contains(&k);
                *direction = Tensor::from_fn(direction.shape(), |k| if inside(k) { direction.data()[k] } else { 0.0 });
            }
            let column = self.column(&self.inputs, &v)?;
            let (along, expected) = (dot(found, &v[input]), column.pulled(&self.cotangent));
            let size = scale(found, &v[input]).max(scale(&self.cotangent, &column.value)).max(1e-3 * around);
            self.report.comparisons += 1;
            let allowed = self.relative() * size + 10.0 * expected.error;
            let agrees = (along - expected.value).abs() <= allowed || (along.is_nan() && expected.value.is_nan());
            if agrees {
                continue;
            }
            let inputs = self.inputs.clone();
            let judgement = self.judge(Slope { inputs: &inputs, v: &v, found: along, size })?;
            if self.is_mistake(judgement, &self.describe()) {
                return self.find(range, input, found);
            }
        }
        Ok(())
    }

    /// Records the wrong elements of a part that disagrees.
    fn find(&mut self, part: Range<usize>, input: usize, found: &Tensor<f64>) -> Result<(), Error> {
        let mut bisection = Bisection { input, found, upheld: Vec::new(), judged: 0 };
        self.bisect(part, &mut bisection)?;
        let Bisection { upheld, judged, .. } = bisection;
        // Where bisection loses the mistake among rounding, it is a finding without elements.
        if !upheld.is_empty() || judged == 0 {
            let known = Diagnosis::beyond_block(&upheld, found.shape());
            self.note(Probe::Derivative, "along a random direction", known, upheld);
        }
        Ok(())
    }

    /// Finds elements whose gradient disagrees, among `elements`, by bisection, the first ones first, and judges each.
    fn bisect(&mut self, elements: Range<usize>, bisection: &mut Bisection<'_>) -> Result<(), Error> {
        let Bisection { input, found, .. } = *bisection;
        let column = self.column(&self.inputs, &self.unit(input, elements.clone()))?;
        let reference = column.pulled(&self.cotangent);
        let analytic: f64 = found.data()[elements.clone()].iter().sum();
        let terms: f64 = found.data()[elements.clone()].iter().map(|g| g.abs()).sum();
        let allowed = self.relative() * (scale(&self.cotangent, &column.value) + terms) + 10.0 * reference.error;
        let enough = bisection.upheld.len() >= SHOWN || bisection.judged >= JUDGED;
        if enough || (analytic - reference.value).abs() <= allowed {
            return Ok(());
        }
        if elements.len() == 1 {
            let index = found.shape().unravel_index(elements.start).to_vec();
            let (of, reference) = (self.name(input), reference.value);
            let entry = Discrepancy { of, index, analytic, reference, allowed };
            bisection.judged += 1;
            bisection.upheld.extend(self.upheld(input, found, vec![entry])?);
            return Ok(());
        }
        let middle = elements.start + elements.len() / 2;
        self.bisect(elements.start..middle, bisection)?;
        self.bisect(middle..elements.end, bisection)
    }
}
