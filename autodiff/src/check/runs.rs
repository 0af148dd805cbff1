//! Probes that compare runs: two equal runs, a replay, `f32`, and extreme values.

use super::diagnosis::Diagnosis;
use super::examiner::Examiner;
use super::report::{Discrepancy, Probe};
use super::subject::{Answer, D, Request, with_values};
use super::tensors::{seeded, values};
use crate::array::Tensor;
use crate::error::Error;
use crate::params::Params;
use crate::tape::{Mode, Program, input, variable};

/// The output of a replay, and the gradients of the inputs that have one.
type Replayed = (Tensor<f64>, Vec<Option<Tensor<f64>>>);

/// Names of a program's declared inputs.
const NAMES: [&str; 8] = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7"];

/// Inputs of up to this many elements are run many times.
const MANY: usize = 4096;

impl Examiner<'_> {
    /// Two runs give bit-identical results. A NaN that vanishes with zeroed buffers means that a buffer was never written.
    pub(super) fn determinism(&mut self) -> Result<(), Error> {
        let written = self.with_zeroed_buffers()?;
        if !has_no_nan(&self.output) && has_no_nan(&values(&written.output)) {
            let wrong = self.differences("output", &self.output.clone(), &values(&written.output), |_| f64::MAX);
            self.note(Probe::Determinism, "fresh buffers filled with NaN", Some(Diagnosis::Uninitialized), wrong);
            return Ok(());
        }
        let runs = if self.size() <= MANY { self.settings.repeats } else { 2 };
        for _ in 0..runs.div_ceil(2) {
            if self.differs_from_another_run()? {
                break;
            }
        }
        Ok(())
    }

    /// Whether two runs differ, which becomes a finding.
    fn differs_from_another_run(&mut self) -> Result<bool, Error> {
        let (one, two) = (self.answer(&self.inputs, None)?, self.answer(&self.inputs, None)?);
        let outputs = [(0, "output", values(&one.output), values(&two.output))];
        let gradients = one.gradients.iter().zip(&two.gradients).enumerate().filter_map(|(input, pair)| match pair {
            (Ok(one), Ok(two)) => Some((input, "gradient", values(one), values(two))),
            _ => None,
        });
        for (_, what, first, second) in outputs.into_iter().chain(gradients).collect::<Vec<_>>() {
            let wrong = self.differences(what, &second, &first, |_| 0.0);
            if !wrong.is_empty() {
                self.note(Probe::Determinism, what, Some(Diagnosis::Nondeterministic), wrong);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A run with fresh buffers filled with zeros instead of NaN.
    pub(super) fn with_zeroed_buffers(&self) -> Result<Answer, Error> {
        let inputs = seeded(&self.inputs, None);
        self.run(Request { cotangent: Some(&self.cotangent), poisoned: false, ..self.forward(&inputs) })
    }

    /// A program recorded once gives, on other values, results bit-identical to those of a new recording.
    pub(super) fn replay(&mut self) -> Result<(), Error> {
        if self.inputs.len() > NAMES.len() && self.subject.params().is_none() {
            return Ok(());
        }
        let reversed = |x: &Tensor<f64>| Tensor::from_fn(x.shape(), |k| x.data()[x.data().len() - 1 - k]);
        // A replay that looks at the first element to see whether anything has changed sees no change here.
        let after_first = |x: &Tensor<f64>| {
            let last = x.data().len().saturating_sub(1);
            Tensor::from_fn(x.shape(), |k| x.data()[if k == 0 { 0 } else { last + 1 - k }])
        };
        let all: Vec<Tensor<f64>> = self.inputs.iter().map(reversed).collect();
        let rest: Vec<Tensor<f64>> = self.inputs.iter().map(after_first).collect();
        self.replay_on(all)?;
        if self.report.findings.iter().any(|finding| finding.probe == Probe::Replay) {
            return Ok(());
        }
        self.replay_on(rest)
    }

    fn replay_on(&mut self, others: Vec<Tensor<f64>>) -> Result<(), Error> {
        let (Ok(stale), Ok(fresh)) = (self.answer(&self.inputs, None), self.answer(&others, None)) else {
            return Ok(()); // an index that is out of range for the other values
        };
        let case = || ("recorded, then run and run again".to_owned(), others.clone());
        let replayed = match self.guarded(|| self.replayed(&others), case) {
            Ok(replayed) => replayed,
            Err(Error::Operation { op: "value", .. }) => {
                self.report.undecided.push("it reads values while it is recorded, so it cannot be replayed".into());
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut parts = vec![("output", &replayed.0, values(&fresh.output), values(&stale.output))];
        for (input, gradient) in replayed.1.iter().enumerate() {
            if let (Some(found), Ok(fresh), Ok(stale)) = (gradient, &fresh.gradients[input], &stale.gradients[input]) {
                parts.push(("gradient", found, values(fresh), values(stale)));
            }
        }
        for (what, found, fresh, stale) in parts {
            let wrong = self.differences(what, found, &fresh, |_| 0.0);
            if !wrong.is_empty() {
                let frozen = found.data() == stale.data() || found.data().iter().all(|x| !x.is_nan());
                self.note(Probe::Replay, what, frozen.then_some(Diagnosis::Frozen), wrong);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Output and gradients of a program that is recorded, run on the inputs, and then run on `others`.
    fn replayed(&self, others: &[Tensor<f64>]) -> Result<Replayed, Error> {
        let none = Params::default();
        let recorded = self.subject.params().unwrap_or(&none);
        let is_model = self.subject.params().is_some();
        let declare = |(k, x): (usize, &Tensor<f64>)| match self.wanted[k] {
            true => variable(NAMES[k], x.shape()),
            false => input(NAMES[k], x.shape()),
        };
        let declared: Vec<_> = match is_model {
            true => Vec::new(),
            false => self.inputs.iter().enumerate().map(declare).collect(),
        };
        let mut program =
            Program::record_slice(recorded, Mode::Train, &declared, |t, inputs| vec![self.subject.record(t, inputs)])?;
        program.poison_buffers();
        let mut grads = recorded.gradients();
        let cotangent = self.cotangent.cast();
        let mut result = (self.output.clone(), Vec::new());
        for inputs in [&self.inputs[..], others] {
            let lifted = seeded(inputs, None);
            let params = if is_model { with_values(recorded, &lifted) } else { recorded.clone() };
            let given: Vec<&Tensor<D>> = if is_model { Vec::new() } else { lifted.iter().collect() };
            let run = program.forward(&params, &given)?;
            if self.wanted.contains(&true) {
                run.backward_with(&cotangent, &mut grads)?;
            }
            let gradients: Vec<Option<Tensor<f64>>> = match is_model {
                true => params.ids().map(|id| grads.received(&params, id).ok().map(|g| values(&g))).collect(),
                false => (0..inputs.len()).map(|i| run.gradient(NAMES[i], &grads).ok().map(|g| values(&g))).collect(),
            };
            result = (values(&run.output(0)?), gradients);
        }
        Ok(result)
    }

    /// At 0, ±1000 and ± the largest number: the value is not NaN if it is not NaN at ±2, and the gradient is not NaN if
    /// the value is finite.
    ///
    /// Only one input at a time is set to zero, because 0/0 and 0⁰ may be NaN.
    pub(super) fn extremes(&mut self) -> Result<(), Error> {
        // A cotangent of one sign, so that infinite derivatives summed over a broadcast do not cancel to NaN.
        let ones = Tensor::full(self.cotangent.shape(), 1.0);
        let cotangent = std::mem::replace(&mut self.cotangent, ones);
        let looked = self.look_at_extremes();
        self.cotangent = cotangent;
        looked
    }

    fn look_at_extremes(&mut self) -> Result<(), Error> {
        let alone = (0..self.inputs.len()).filter(|&input| self.wanted[input]).map(|input| (0.0, Some(input)));
        let together = [1e3, -1e3, f64::MAX, f64::MIN].map(|x| (x, None));
        for (x, input) in alone.chain(together).collect::<Vec<_>>() {
            let Ok(there) = self.answer(&self.filled(x, input), None) else { continue };
            let output = values(&there.output);
            let near = if x == 0.0 { vec![2.0, -2.0] } else { vec![2.0 * x.signum()] };
            let is_number = |x: f64| {
                let answer = self.answer(&self.filled(x, input), None);
                answer.is_ok_and(|answer| has_no_nan(&values(&answer.output)))
            };
            let invented = !has_no_nan(&output) && near.into_iter().all(is_number);
            let numbers = output.data().iter().all(|x| x.is_finite());
            let gradients = there.gradients.iter().flatten();
            let lost = numbers && gradients.clone().any(|gradient| !has_no_nan(&values(gradient)));
            self.report.comparisons += 1 + gradients.count();
            if invented || lost {
                let of = if invented { "output" } else { "gradient" }.to_owned();
                let entry = Discrepancy { of, index: Vec::new(), analytic: f64::NAN, reference: 0.0, allowed: 0.0 };
                self.note(Probe::Extremes, &format!("all values {x:e}"), Some(Diagnosis::NotFinite), vec![entry]);
                return Ok(());
            }
        }
        Ok(())
    }

    /// The inputs with every element set to `x`: in this input, or in all that have a gradient.
    fn filled(&self, x: f64, input: Option<usize>) -> Vec<Tensor<f64>> {
        let chosen = |k: usize| self.wanted[k] && input.is_none_or(|input| input == k);
        let one = |(k, values): (usize, &Tensor<f64>)| {
            if chosen(k) { Tensor::full(values.shape(), x) } else { values.clone() }
        };
        self.inputs.iter().enumerate().map(one).collect()
    }
}

pub(super) fn has_no_nan(values: &Tensor<f64>) -> bool {
    values.data().iter().all(|x| !x.is_nan())
}
