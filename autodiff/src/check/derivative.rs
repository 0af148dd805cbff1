//! The gradient against dual numbers, and whether each input receives one.

use super::diagnosis::Diagnosis;
use super::examiner::Examiner;
use super::report::{Discrepancy, Probe};
use super::runs::has_no_nan;
use super::tensors::{dot, is_finite, scale, tangents, values};
use crate::array::Tensor;
use crate::error::Error;

/// If elements × size of the inputs exceeds this, a gradient is checked along directions: element by element takes seconds.
pub(super) const LARGE: usize = 1 << 20;

/// Elements that may be run through for the parts of one input.
const WORK: usize = 1 << 25;

impl Examiner<'_> {
    /// The total size of the inputs.
    pub(super) fn size(&self) -> usize {
        self.inputs.iter().map(|x| x.data().len()).sum()
    }

    /// Reverse mode against dual numbers: element by element for small inputs, otherwise along random directions. If a
    /// direction disagrees, bisection finds the wrong elements.
    pub(super) fn derivative(&mut self) -> Result<(), Error> {
        if !self.subject.has_tangents() {
            return Ok(());
        }
        let gradients = self.gradients()?;
        // A gradient whose terms cancel to zero (a bias before batch normalization) keeps their rounding errors, which are
        // relative to other gradients.
        let around = largest_entry(&gradients);
        for (input, found) in gradients.iter().enumerate().filter(|(input, _)| self.wanted[*input]).collect::<Vec<_>>()
        {
            let cost = found.data().len() * self.size();
            if found.data().len() <= self.settings.one_by_one && cost <= LARGE {
                self.entry_by_entry(input, found, around)?;
            } else {
                self.by_projection(input, found, around)?;
            }
        }
        Ok(())
    }

    fn entry_by_entry(&mut self, input: usize, found: &Tensor<f64>, around: f64) -> Result<(), Error> {
        let mut columns = Vec::with_capacity(found.data().len());
        for element in 0..found.data().len() {
            columns.push(self.tangent(&self.unit(input, element..element + 1))?);
        }
        let expected = Tensor::from_fn(found.shape(), |k| dot(&self.cotangent, &columns[k]));
        let scales: Vec<f64> = columns.iter().map(|column| scale(&self.cotangent, column)).collect();
        let largest = scales.iter().copied().filter(|s| s.is_finite()).fold(around, f64::max);
        let tolerance = self.settings.tolerance;
        let allowed = |k: usize| tolerance * (scales[k] + 1e-3 * largest);
        let (cotangent, inputs) = (self.cotangent.clone(), self.inputs.clone());
        let at_output = self.at_output(input);
        let pattern = || {
            let known = super::diagnosis::diagnose(found.data(), expected.data(), expected.shape());
            let of_terms = || one_term_only(found, &columns, &cotangent).then_some(Diagnosis::MissingSum);
            let elsewhere = || {
                let there = at_output.as_ref()?;
                (inputs.len() == 1 && close(found, there)).then_some(Diagnosis::WrongPoint)
            };
            known.or_else(of_terms).or_else(elsewhere)
        };
        let unwritten = !has_no_nan(found)
            && self.with_zeroed_buffers()?.gradients[input].as_ref().is_ok_and(|zeroed| has_no_nan(&values(zeroed)));
        let pattern = || if unwritten { Some(Diagnosis::Uninitialized) } else { pattern() };
        self.compare(Probe::Derivative, "", input, (found, &expected), allowed, pattern);
        self.row_by_row(input, &columns)
    }

    /// If the Jacobian is small, checks each of its rows, with a cotangent that is one at a single element.
    fn row_by_row(&mut self, input: usize, columns: &[Tensor<f64>]) -> Result<(), Error> {
        const SMALL: usize = 256;
        let rows = self.output.data().len();
        if columns.is_empty()
            || rows * columns.len() > SMALL
            || self.report.findings.iter().any(|f| f.probe == Probe::Derivative)
        {
            return Ok(());
        }
        let cotangent = self.cotangent.clone();
        for row in 0..rows {
            self.cotangent = Tensor::from_fn(cotangent.shape(), |k| if k == row { 1.0 } else { 0.0 });
            let gradients = self.gradients();
            self.cotangent = cotangent.clone();
            let gradients = gradients?;
            let found = &gradients[input];
            let expected = Tensor::from_fn(found.shape(), |k| columns[k].data()[row]);
            let largest =
                columns.iter().map(|column| column.data()[row].abs()).fold(largest_entry(&gradients), f64::max);
            let (tolerance, setting) = (self.settings.tolerance, format!("row {row} of the Jacobian"));
            let allowed = |k: usize| tolerance * (expected.data()[k].abs() + 1e-3 * largest);
            self.compare(Probe::Derivative, &setting, input, (found, &expected), allowed, || None);
        }
        Ok(())
    }

    /// The gradient evaluated at the output: to recognize an operation that confuses output and input.
    fn at_output(&self, input: usize) -> Option<Tensor<f64>> {
        if self.inputs.len() != 1 || self.output.shape() != self.inputs[0].shape() {
            return None;
        }
        let there = [self.output.clone()];
        let entry = |k: usize| {
            let inputs = super::tensors::seeded(&there, Some(&self.unit(input, k..k + 1)));
            self.run(self.forward(&inputs)).map(|answer| dot(&self.cotangent, &tangents(&answer.output)))
        };
        let entries: Result<Vec<f64>, Error> = (0..self.output.data().len()).map(entry).collect();
        Tensor::new(self.output.shape(), entries.ok()?).ok()
    }

    /// One at these elements of one input, zero elsewhere.
    fn unit(&self, input: usize, elements: std::ops::Range<usize>) -> Vec<Tensor<f64>> {
        let one = |(i, x): (usize, &Tensor<f64>)| {
            Tensor::from_fn(x.shape(), |k| if i == input && elements.contains(&k) { 1.0 } else { 0.0 })
        };
        self.inputs.iter().enumerate().map(one).collect()
    }

    fn by_projection(&mut self, input: usize, found: &Tensor<f64>, around: f64) -> Result<(), Error> {
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
            let tangent = self.tangent(&v)?;
            let (along, expected) = (dot(found, &v[input]), dot(&self.cotangent, &tangent));
            let size = scale(found, &v[input]).max(scale(&self.cotangent, &tangent)).max(1e-3 * around);
            self.report.comparisons += 1;
            let agrees =
                (along - expected).abs() <= self.settings.tolerance * size || (along.is_nan() && expected.is_nan());
            if !agrees {
                let mut worst = Vec::new();
                self.bisect(input, found, 0..found.data().len(), &mut worst)?;
                self.note(Probe::Derivative, "along a random direction", None, worst);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Finds elements whose gradient disagrees, among `elements`, by bisection.
    fn bisect(
        &self,
        input: usize,
        found: &Tensor<f64>,
        elements: std::ops::Range<usize>,
        worst: &mut Vec<Discrepancy>,
    ) -> Result<(), Error> {
        const ENOUGH: usize = 5;
        let tangent = self.tangent(&self.unit(input, elements.clone()))?;
        let reference = dot(&self.cotangent, &tangent);
        let analytic: f64 = found.data()[elements.clone()].iter().sum();
        let size =
            scale(&self.cotangent, &tangent) + found.data()[elements.clone()].iter().map(|g| g.abs()).sum::<f64>();
        if worst.len() >= ENOUGH || (analytic - reference).abs() <= self.settings.tolerance * size {
            return Ok(());
        }
        if elements.len() == 1 {
            let of = self.names.get(input).cloned().unwrap_or_default();
            let index = found.shape().unravel_index(elements.start).to_vec();
            worst.push(Discrepancy { of, index, analytic, reference, allowed: self.settings.tolerance * size });
            return Ok(());
        }
        let middle = elements.start + elements.len() / 2;
        self.bisect(input, found, elements.start..middle, worst)?;
        self.bisect(input, found, middle..elements.end, worst)
    }

    /// Whether the result changes, to first order, when all elements of an input do.
    fn depends_on(&self, input: usize) -> bool {
        let v = self.unit(input, 0..self.inputs[input].data().len());
        self.tangent(&v).is_ok_and(|tangent| is_finite(&tangent) && tangent.data().iter().any(|&t| t != 0.0))
    }

    /// Whether every input that the result depends on receives a gradient. An input that claims to have none is noted if it has
    /// a derivative.
    pub(super) fn received(&mut self) -> Result<(), Error> {
        for input in (0..self.inputs.len()).filter(|&input| !self.wanted[input]).collect::<Vec<_>>() {
            if self.subject.has_tangents() && self.depends_on(input) {
                let name = self.names.get(input).cloned().unwrap_or_default();
                self.report
                    .notes
                    .push(format!("{name} claims to have no derivative, and the result depends on it smoothly"));
            }
        }
        let answer = self.answer(&self.inputs, None)?;
        for (input, gradient) in answer.gradients.iter().enumerate() {
            let (true, Err(error)) = (self.wanted[input] && !self.inputs[input].data().is_empty(), gradient) else {
                continue;
            };
            let name = self.names.get(input).cloned().unwrap_or_default();
            if self.depends_on(input) {
                let setting = format!("{name}: {error}");
                self.note(Probe::Received, &setting, Some(Diagnosis::NoGradient), Vec::new());
            } else {
                self.report.undecided.push(format!("{name} receives no gradient: the result does not depend on it"));
            }
        }
        Ok(())
    }
}

/// The largest finite absolute value of several gradients.
fn largest_entry(gradients: &[Tensor<f64>]) -> f64 {
    gradients.iter().flat_map(Tensor::data).map(|g| g.abs()).filter(|g| g.is_finite()).fold(0.0, f64::max)
}

/// Whether every element found is a single term of the sum that it should be.
fn one_term_only(found: &Tensor<f64>, columns: &[Tensor<f64>], cotangent: &Tensor<f64>) -> bool {
    let is_term = |(&g, column): (&f64, &Tensor<f64>)| {
        let terms = column.data().iter().zip(cotangent.data()).map(|(c, u)| c * u).filter(|&term| term != 0.0);
        terms.clone().count() > 1 && terms.into_iter().any(|term| (term - g).abs() <= 1e-6 * term.abs())
    };
    !columns.is_empty() && found.data().iter().zip(columns).all(is_term)
}

fn close(x: &Tensor<f64>, y: &Tensor<f64>) -> bool {
    x.data().iter().zip(y.data()).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1e-12))
}
