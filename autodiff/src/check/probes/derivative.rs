//! The gradient against its reference: dual numbers, or finite differences of what has none.

use std::ops::Range;

use crate::array::Tensor;
use crate::check::examiner::{Column, Examiner, SHOWN};
use crate::check::patterns::Pullback;
use crate::check::report::{Diagnosis, Discrepancy, Probe, diagnose};
use crate::check::tensors::{dot, is_finite, largest_entry, no_nan, scale, tangents, values};
use crate::check::trial::{JUDGED, Judgement};
use crate::error::Error;

/// If elements × size of the inputs exceeds this, a gradient is checked along directions: element by element takes seconds.
const LARGE: usize = 1 << 20;

/// Elements that may be run through for the parts of one input.
const WORK: usize = 1 << 25;

/// Runs that finite differences of one direction take.
const DIFFERENCES: usize = 18;

impl Examiner<'_> {
    /// The total size of the inputs.
    pub(in crate::check) fn size(&self) -> usize {
        self.inputs.iter().map(|x| x.data().len()).sum()
    }

    /// At the inputs of the case, and at their values in reverse order: what is right for sorted or leading values only shows.
    pub(super) fn derivatives(&mut self) -> Result<(), Error> {
        let before = self.report.findings.len();
        self.derivative()?;
        if self.report.findings.len() > before || self.size() > self.settings.one_by_one {
            return Ok(());
        }
        let reversed = |(x, &wanted): (&Tensor<f64>, &bool)| {
            let last = x.data().len().saturating_sub(1);
            if wanted { Tensor::from_fn(x.shape(), |k| x.data()[last - k]) } else { x.clone() }
        };
        let reversed: Vec<Tensor<f64>> = self.inputs.iter().zip(&self.wanted).map(reversed).collect();
        let setting = "values in reverse order";
        self.elsewhere(Probe::Derivative, setting, &reversed, self.settings, |there| there.derivative())
    }

    /// Element by element for small inputs, otherwise along random directions. If a direction disagrees, bisection finds the
    /// wrong elements.
    pub(super) fn derivative(&mut self) -> Result<(), Error> {
        let gradients = self.gradients()?;
        // A gradient whose terms cancel to zero (a bias before batch normalization) keeps their rounding errors, which are
        // relative to other gradients.
        let around = largest_entry(&gradients);
        let runs = if self.subject.has_tangents() { 1 } else { DIFFERENCES };
        for (input, found) in gradients.iter().enumerate().filter(|(input, _)| self.wanted[*input]).collect::<Vec<_>>()
        {
            let cost = runs * found.data().len() * self.size();
            if found.data().len() <= self.settings.one_by_one && cost <= LARGE {
                self.entry_by_entry(input, found, around)?;
            } else {
                self.by_projection(input, found, around)?;
            }
        }
        Ok(())
    }

    fn entry_by_entry(&mut self, input: usize, found: &Tensor<f64>, around: f64) -> Result<(), Error> {
        let mut columns: Vec<Column> = Vec::with_capacity(found.data().len());
        for element in 0..found.data().len() {
            columns.push(self.column(&self.inputs, &self.unit(input, element..element + 1))?);
        }
        let pulled: Vec<_> = columns.iter().map(|column| column.pulled(&self.cotangent)).collect();
        let expected = Tensor::from_fn(found.shape(), |k| pulled[k].value);
        let scales: Vec<f64> = columns.iter().map(|column| scale(&self.cotangent, &column.value)).collect();
        let largest = scales.iter().copied().filter(|s| s.is_finite()).fold(around, f64::max);
        let relative = self.relative();
        let allowed = |k: usize| relative * (scales[k] + 1e-3 * largest) + 10.0 * pulled[k].error;
        let imprecise = (0..pulled.len()).filter(|&k| allowed(k) > self.precision().slack * largest).count();
        if imprecise > 0 && !self.subject.has_tangents() {
            let line = format!(
                "{}: differences are too inaccurate to decide on {imprecise} of {} numbers",
                self.name(input),
                pulled.len()
            );
            self.excuse(false, line);
        }
        let wrong = self.differences(&self.name(input), found, &expected, allowed);
        let wrong = self.upheld(input, found, wrong)?;
        let columns: Vec<Tensor<f64>> = columns.into_iter().map(|column| column.value).collect();
        if wrong.is_empty() {
            return self.row_by_row(input, &columns);
        }
        let known = self.recognize(input, found, &expected, &columns)?;
        self.note(Probe::Derivative, "", known, wrong);
        Ok(())
    }

    /// The mistake that a wrong gradient indicates.
    fn recognize(
        &mut self,
        input: usize,
        found: &Tensor<f64>,
        expected: &Tensor<f64>,
        columns: &[Tensor<f64>],
    ) -> Result<Option<Diagnosis>, Error> {
        if !no_nan(found)
            && self.with_zeroed_buffers()?.gradients[input].as_ref().is_ok_and(|zeroed| no_nan(&values(zeroed)))
        {
            return Ok(Some(Diagnosis::Uninitialized));
        }
        if self.answer(&self.inputs, None)?.gradients[input].is_err() {
            return Ok(Some(Diagnosis::NoGradient));
        }
        if let Some(known) = diagnose(found.data(), expected.data(), expected.shape()) {
            return Ok(Some(known));
        }
        if let Some(there) = self.at_output(input)
            && self.inputs.len() == 1
            && close(found, &there)
        {
            return Ok(Some(Diagnosis::WrongPoint));
        }
        let cotangent = self.cotangent.clone();
        let pullback = Pullback { found, columns, cotangent: &cotangent };
        if let Some(known) = pullback.terms() {
            return Ok(Some(known));
        }
        pullback.geometry(|row| {
            let unit = Tensor::from_fn(cotangent.shape(), |k| if k == row { 1.0 } else { 0.0 });
            let gradients = self.with_cotangent(unit, |here| here.gradients())?;
            Ok(gradients[input].clone())
        })
    }

    /// If the Jacobian is small, checks each of its rows, with a cotangent that is one at a single element.
    fn row_by_row(&mut self, input: usize, columns: &[Tensor<f64>]) -> Result<(), Error> {
        const SMALL: usize = 256;
        let rows = self.output.data().len();
        if columns.is_empty()
            || rows * columns.len() > SMALL
            || !self.subject.has_tangents()
            || self.report.findings.iter().any(|f| f.probe == Probe::Derivative)
        {
            return Ok(());
        }
        for row in 0..rows {
            let unit = Tensor::from_fn(self.cotangent.shape(), |k| if k == row { 1.0 } else { 0.0 });
            self.with_cotangent(unit, |here| here.row(input, columns, row))?;
        }
        Ok(())
    }

    /// Checks a row of the Jacobian; the cotangent is the row's.
    fn row(&mut self, input: usize, columns: &[Tensor<f64>], row: usize) -> Result<(), Error> {
        let gradients = self.gradients()?;
        let found = &gradients[input];
        let expected = Tensor::from_fn(found.shape(), |k| columns[k].data()[row]);
        let largest = columns.iter().map(|column| column.data()[row].abs()).fold(largest_entry(&gradients), f64::max);
        let (tolerance, setting) = (self.settings.tolerance, format!("row {row} of the Jacobian"));
        let allowed = |k: usize| tolerance * (expected.data()[k].abs() + 1e-3 * largest);
        let wrong = self.differences(&self.name(input), found, &expected, allowed);
        let wrong = self.upheld(input, found, wrong)?;
        if !wrong.is_empty() {
            let known = diagnose(found.data(), expected.data(), expected.shape());
            self.note(Probe::Derivative, &setting, known, wrong);
        }
        Ok(())
    }

    /// The gradient evaluated at the output: to recognize an operation that confuses output and input.
    fn at_output(&self, input: usize) -> Option<Tensor<f64>> {
        let there = [self.output.clone()];
        if self.inputs.len() != 1
            || self.output.shape() != self.inputs[0].shape()
            || !self.subject.has_tangents()
            || !self.domain.contains(&there)
        {
            return None;
        }
        let entry = |k: usize| {
            let inputs = crate::check::tensors::seeded(&there, Some(&self.unit(input, k..k + 1)));
            self.run(self.forward(&inputs)).map(|answer| dot(&self.cotangent, &tangents(&answer.output)))
        };
        let entries: Result<Vec<f64>, Error> = (0..self.output.data().len()).map(entry).collect();
        Tensor::new(self.output.shape(), entries.ok()?).ok()
    }

    /// One at these elements of one input, zero elsewhere.
    pub(in crate::check) fn unit(&self, input: usize, elements: Range<usize>) -> Vec<Tensor<f64>> {
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
            match self.judge(&inputs, &v, along, size)? {
                Judgement::Wrong => {
                    let mut bisection = Bisection { input, found, upheld: Vec::new(), judged: 0 };
                    self.bisect(range, &mut bisection)?;
                    let Bisection { upheld, judged, .. } = bisection;
                    // Where bisection loses the mistake among rounding, it is a finding without elements.
                    if !upheld.is_empty() || judged == 0 {
                        let known = Diagnosis::beyond_block(&upheld, found.shape());
                        self.note(Probe::Derivative, "along a random direction", known, upheld);
                    }
                    return Ok(());
                }
                Judgement::Right => {}
                Judgement::Kink(line) => self.excuse(true, format!("{}: {line}", self.describe())),
                Judgement::Undecided(line) => self.excuse(false, format!("{}: {line}", self.describe())),
            }
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

    /// Whether the result changes, to first order, when the elements of an input do, each by another amount.
    fn depends_on(&self, input: usize) -> bool {
        let mut v = self.unit(input, 0..0);
        v[input] = Tensor::from_fn(v[input].shape(), |k| 0.5 + ((k * 37 + 11) % 23) as f64 / 23.0);
        let moves = |column: Column| {
            let moved = column.value.data().iter().zip(column.error.data()).any(|(&t, &e)| t.abs() > 10.0 * e);
            is_finite(&column.value) && moved
        };
        self.column(&self.inputs, &v).is_ok_and(moves)
    }

    /// Whether every input that the result depends on receives a gradient. An input that claims to have none is noted if it has
    /// a derivative.
    pub(super) fn received(&mut self) -> Result<(), Error> {
        for input in (0..self.inputs.len()).filter(|&input| !self.wanted[input]).collect::<Vec<_>>() {
            if self.depends_on(input) {
                let name = self.name(input);
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
            let name = self.name(input);
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

/// A search for wrong elements.
struct Bisection<'a> {
    input: usize,
    found: &'a Tensor<f64>,
    upheld: Vec<Discrepancy>,
    judged: usize,
}

fn close(x: &Tensor<f64>, y: &Tensor<f64>) -> bool {
    x.data().iter().zip(y.data()).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1e-12))
}
