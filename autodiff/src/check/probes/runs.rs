//! Probes that compare runs: equal runs, and a replay with a new recording.

use crate::array::Tensor;
use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Probe};
use crate::check::subject::{Answer, D, Recorded, Request, with_values};
use crate::check::tensors::{no_nan, reversed, seeded, values};
use crate::error::Error;
use crate::params::Params;
use crate::tape::{Chained, Mode, Program, input, variable};

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
        if !no_nan(&self.output) && no_nan(&values(&written.output)) {
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
        let Some(recorded) = self.subject.recorded() else { return Ok(()) };
        if self.inputs.len() > NAMES.len() && recorded.params().is_none() {
            return Ok(());
        }
        // A replay that looks at the first element to see whether anything has changed sees no change here.
        let after_first = |x: &Tensor<f64>| {
            let last = x.data().len().saturating_sub(1);
            Tensor::from_fn(x.shape(), |k| x.data()[if k == 0 { 0 } else { last + 1 - k }])
        };
        let all: Vec<Tensor<f64>> = self.inputs.iter().map(reversed).collect();
        let rest: Vec<Tensor<f64>> = self.inputs.iter().map(after_first).collect();
        for (others, chained) in [(&all, Chained::LARGE), (&all, Chained::ALL), (&rest, Chained::LARGE)] {
            self.replay_on(recorded, others, chained)?;
            if self.report.findings.iter().any(|finding| finding.probe == Probe::Replay) {
                break;
            }
        }
        Ok(())
    }

    fn replay_on(&mut self, recorded: &dyn Recorded, others: &[Tensor<f64>], chained: Chained) -> Result<(), Error> {
        let (Ok(stale), Ok(fresh)) = (self.answer(&self.inputs, None), self.answer(others, None)) else {
            return Ok(()); // an index that is out of range for the other values
        };
        let setting = if chained == Chained::ALL {
            "recorded, then run and run again in blocks"
        } else {
            "recorded, then run and run again"
        };
        let case = || (setting.to_owned(), others.to_vec());
        let replayed = match self.guarded(|| self.replayed(recorded, others, chained), case) {
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
                let diagnosis = match chained {
                    Chained::ALL => Some(Diagnosis::NotElementwise),
                    _ => frozen.then_some(Diagnosis::Frozen),
                };
                self.note(Probe::Replay, what, diagnosis, wrong);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Output and gradients of a program that is recorded, run on the inputs, and then run on `others`.
    fn replayed(&self, subject: &dyn Recorded, others: &[Tensor<f64>], chained: Chained) -> Result<Replayed, Error> {
        let none = Params::default();
        let recorded = subject.params().unwrap_or(&none);
        let is_model = subject.params().is_some();
        let declare = |(k, x): (usize, &Tensor<f64>)| match self.wanted[k] {
            true => variable(NAMES[k], x.shape()),
            false => input(NAMES[k], x.shape()),
        };
        let declared: Vec<_> = match is_model {
            true => Vec::new(),
            false => self.inputs.iter().enumerate().map(declare).collect(),
        };
        let mut program = Program::record_chained(recorded, (Mode::Train, chained), &declared, |t, inputs| {
            vec![subject.record(t, inputs)]
        })?;
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
}
