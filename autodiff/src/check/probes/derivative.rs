//! The gradient against its reference: dual numbers, or finite differences of what has none.

use std::ops::Range;

use crate::array::Tensor;
use crate::check::columns::Column;
use crate::check::examiner::Examiner;
use crate::check::patterns::Pullback;
use crate::check::reference;
use crate::check::report::{Diagnosis, Probe, diagnose};
use crate::check::tensors::{largest_entry, no_nan, one_hot, reversed, scale, values};
use crate::error::Error;

/// If elements × size of the inputs exceeds this, a gradient is checked along directions: element by element takes seconds.
const LARGE: usize = 1 << 20;

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
        let other = |(x, &wanted): (&Tensor<f64>, &bool)| if wanted { reversed(x) } else { x.clone() };
        let others: Vec<Tensor<f64>> = self.inputs.iter().zip(&self.wanted).map(other).collect();
        let setting = "values in reverse order";
        self.elsewhere(Probe::Derivative, setting, &others, self.settings, |there| there.derivative())
    }

    /// Element by element for small inputs, otherwise along random directions. If a direction disagrees, bisection finds the
    /// wrong elements.
    pub(super) fn derivative(&mut self) -> Result<(), Error> {
        let gradients = self.gradients()?;
        // A gradient whose terms cancel to zero (a bias before batch normalization) keeps their rounding errors, which are
        // relative to other gradients.
        let around = largest_entry(&gradients);
        let runs = if self.subject.has_tangents() { 1 } else { reference::RUNS };
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
            self.undecided(line);
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
        if self.at_output(input).is_some_and(|there| close(found, &there)) {
            return Ok(Some(Diagnosis::WrongPoint));
        }
        let cotangent = self.cotangent.clone();
        let pullback = Pullback { found, columns, cotangent: &cotangent };
        if let Some(known) = pullback.terms() {
            return Ok(Some(known));
        }
        pullback.geometry(|row| {
            let mut gradients = self.with_cotangent(one_hot(cotangent.shape(), row), |here| here.gradients())?;
            Ok(gradients.swap_remove(input))
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
            self.with_cotangent(one_hot(self.cotangent.shape(), row), |here| here.row(input, columns, row))?;
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
            let column = self.column(&there, &self.unit(input, k..k + 1))?;
            Ok(column.pulled(&self.cotangent).value)
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
}

fn close(x: &Tensor<f64>, y: &Tensor<f64>) -> bool {
    x.data().iter().zip(y.data()).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs().max(1e-12))
}
