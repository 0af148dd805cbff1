//! Checks one case of a subject: runs it, compares results, and records findings. The probes are methods in other files.

use std::cell::RefCell;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::domain::Domain;
use super::panics::{Panic, caught};
use super::report::{Diagnosis, Discrepancy, Finding, Probe, Report, diagnose};
use super::subject::{Answer, D, Request, Subject};
use super::suspects::{detached, suspects};
use super::tensors::{code, random_tensor, seeded, shapes, tangents, values};
use crate::array::Tensor;
use crate::error::Error;
use crate::tape::Tape;

/// The maximal number of elements listed in a finding.
pub(super) const SHOWN: usize = 5;

/// How thoroughly a case is examined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// The largest input that is checked element by element.
    pub(super) one_by_one: usize,
    pub(super) directions: usize,
    /// The number of runs that must give the same bits.
    pub(super) repeats: usize,
    /// The number of parts of a large input that are checked on their own, at most.
    pub(super) parts: usize,
    /// Relative tolerance against dual numbers.
    pub(super) tolerance: f64,
    /// Relative tolerance of `f32` against `f64`.
    pub(super) single_tolerance: f64,
}

pub(super) struct Examiner<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) names: &'a [String],
    pub(super) inputs: Vec<Tensor<f64>>,
    /// Which inputs need a gradient.
    pub(super) wanted: Vec<bool>,
    pub(super) cotangent: Tensor<f64>,
    pub(super) output: Tensor<f64>,
    pub(super) settings: Settings,
    pub(super) domain: &'a Domain,
    pub(super) random: StdRng,
    /// Reused by all runs.
    tape: RefCell<Tape<D>>,
    /// The panics of the current probe.
    pub(super) panics: RefCell<Vec<Panic>>,
    pub(super) report: &'a mut Report,
}

impl<'a> Examiner<'a> {
    /// `None` if the subject panics at these inputs, which becomes a finding.
    pub(super) fn new(
        subject: &'a dyn Subject,
        names: &'a [String],
        inputs: &[Tensor<f64>],
        settings: Settings,
        domain: &'a Domain,
        report: &'a mut Report,
    ) -> Result<Option<Self>, Error> {
        let wanted: Vec<bool> = (0..inputs.len()).map(|input| subject.differentiable(input)).collect();
        let lifted: Vec<Tensor<D>> = inputs.iter().map(Tensor::cast).collect();
        let request = Request::new(&lifted, &wanted);
        let mut tape = Tape::new();
        let first = || subject.run(request, &mut tape);
        let mut panic = None;
        let output = match (caught(first, || request.case(), |seen| panic = Some(seen)), panic) {
            (Ok(answer), _) => values(&answer.output),
            (Err(error), None) => return Err(error),
            (Err(_), Some(panic)) => {
                panic.note(Probe::Derivative, subject, report); // attributed to the first probe
                return Ok(None);
            }
        };
        let tape = RefCell::new(tape);
        let mut random = StdRng::seed_from_u64(report.seed ^ inputs.iter().map(|x| x.data().len() as u64).sum::<u64>());
        let cotangent = random_tensor(output.shape(), &mut random);
        let inputs = inputs.to_vec();
        Ok(Some(Examiner {
            subject,
            names,
            inputs,
            wanted,
            cotangent,
            output,
            settings,
            domain,
            random,
            tape,
            panics: RefCell::default(),
            report,
        }))
    }

    /// A random direction: for inputs with a gradient, numbers of either sign, none near zero; zeros for the others.
    pub(super) fn direction(&mut self) -> Vec<Tensor<f64>> {
        let random = &mut self.random;
        let one = |(x, &wanted): (&Tensor<f64>, &bool)| {
            if wanted { random_tensor(x.shape(), random) } else { Tensor::full(x.shape(), 0.0) }
        };
        self.inputs.iter().zip(&self.wanted).map(one).collect()
    }

    /// Runs the subject forward and backward at `inputs`, with `directions` (default zero) as tangents.
    pub(super) fn answer(&self, inputs: &[Tensor<f64>], directions: Option<&[Tensor<f64>]>) -> Result<Answer, Error> {
        let inputs = seeded(inputs, directions);
        self.run(Request { cotangent: Some(&self.cotangent), ..self.forward(&inputs) })
    }

    /// A request to run forward only.
    pub(super) fn forward<'r>(&'r self, inputs: &'r [Tensor<D>]) -> Request<'r> {
        Request::new(inputs, &self.wanted)
    }

    pub(super) fn run(&self, request: Request<'_>) -> Result<Answer, Error> {
        let run = || self.subject.run(request, &mut self.tape.borrow_mut());
        self.guarded(run, || request.case())
    }

    /// `None` if the subject refuses the values of these inputs in forward, as it does a singular matrix: they lie outside of its
    /// domain, and the report says so. An error in backward alone stays one.
    pub(super) fn unless_refused<R>(
        &mut self,
        setting: &str,
        inputs: &[Tensor<f64>],
        result: Result<R, Error>,
    ) -> Result<Option<R>, Error> {
        let error = match result {
            Err(error @ Error::Operation { .. }) => error,
            result => return result.map(Some),
        };
        match self.run(self.forward(&seeded(inputs, None))) {
            Err(Error::Operation { reason, .. }) => {
                self.report.refused.push(format!("{} with {setting}: {reason}", self.describe()));
                Ok(None)
            }
            _ => Err(error),
        }
    }

    /// Calls `run` with another cotangent.
    pub(super) fn with_cotangent<R>(&mut self, cotangent: Tensor<f64>, run: impl FnOnce(&mut Self) -> R) -> R {
        let own = std::mem::replace(&mut self.cotangent, cotangent);
        let result = run(self);
        self.cotangent = own;
        result
    }

    /// Where the subject detaches values that its output depends on.
    pub(super) fn detached(&self) -> Vec<String> {
        let case = || ("with tangents".to_owned(), self.inputs.clone());
        self.guarded(|| Ok(detached(self.subject, &self.inputs)), case).unwrap_or_default()
    }

    /// The values of the gradients; zeros for an input that receives none.
    pub(super) fn gradients(&self) -> Result<Vec<Tensor<f64>>, Error> {
        self.gradients_at(&self.inputs)
    }

    /// As [`gradients`](Self::gradients), at other inputs.
    pub(super) fn gradients_at(&self, inputs: &[Tensor<f64>]) -> Result<Vec<Tensor<f64>>, Error> {
        Ok(dense(&self.answer(inputs, None)?, inputs, values))
    }

    /// The Hessian of ⟨u, f⟩ times `direction`, by reverse mode over dual numbers.
    pub(super) fn hessian_times(
        &self,
        inputs: &[Tensor<f64>],
        direction: &[Tensor<f64>],
    ) -> Result<Vec<Tensor<f64>>, Error> {
        Ok(dense(&self.answer(inputs, Some(direction))?, inputs, tangents))
    }

    /// The elements at which two tensors differ by more than `allowed(element)`, worst first. A NaN differs from everything
    /// but NaN.
    pub(super) fn differences(
        &mut self,
        of: &str,
        found: &Tensor<f64>,
        expected: &Tensor<f64>,
        allowed: impl Fn(usize) -> f64,
    ) -> Vec<Discrepancy> {
        self.report.comparisons += expected.data().len();
        let mut wrong: Vec<(usize, f64)> = Vec::new();
        for (element, (&a, &r)) in found.data().iter().zip(expected.data()).enumerate() {
            let agrees = a == r || (a - r).abs() <= allowed(element) || (a.is_nan() && r.is_nan());
            if !agrees {
                wrong.push((element, if a.is_nan() { f64::INFINITY } else { (a - r).abs() }));
            }
        }
        wrong.sort_by(|x, y| y.1.total_cmp(&x.1));
        let entry = |&(element, _): &(usize, f64)| Discrepancy {
            of: of.to_owned(),
            index: expected.shape().unravel_index(element).to_vec(),
            analytic: found.data()[element],
            reference: expected.data()[element],
            allowed: allowed(element),
        };
        wrong.iter().map(entry).collect()
    }

    /// Records a finding if an input's gradient differs from the reference. `pattern` diagnoses the mistake first; if it does
    /// not, the values do.
    pub(super) fn compare(
        &mut self,
        probe: Probe,
        setting: &str,
        input: usize,
        (found, expected): (&Tensor<f64>, &Tensor<f64>),
        allowed: impl Fn(usize) -> f64,
        pattern: impl FnOnce() -> Option<Diagnosis>,
    ) {
        let entries = self.differences(&self.name(input), found, expected, allowed);
        if !entries.is_empty() {
            let known = pattern().or_else(|| diagnose(found.data(), expected.data(), expected.shape()));
            self.note(probe, setting, known, entries);
        }
    }

    /// The name of an input.
    pub(super) fn name(&self, input: usize) -> String {
        self.names.get(input).cloned().unwrap_or_else(|| format!("input {input}"))
    }

    /// The subject and its inputs' shapes, for a report.
    pub(super) fn describe(&self) -> String {
        format!("{} at {}", self.subject.name(), shapes(&self.inputs))
    }

    pub(super) fn note(
        &mut self,
        probe: Probe,
        setting: &str,
        diagnosis: Option<Diagnosis>,
        mut entries: Vec<Discrepancy>,
    ) {
        entries.truncate(SHOWN);
        let case = shapes(&self.inputs);
        let inputs = self.inputs.iter().map(code).collect::<Vec<_>>().join(", ");
        let snippet = format!("Check::new().seed({}).{}", self.report.seed, self.subject.call(&inputs));
        let case_of_panic = || ("with tangents".to_owned(), self.inputs.clone());
        let suspects = match self.subject.recorded() {
            Some(recorded) if self.subject.operation().is_none() => {
                self.guarded(|| Ok(suspects(self.subject, recorded, &self.inputs)), case_of_panic).unwrap_or_default()
            }
            _ => Vec::new(), // a single operation, or none of ours
        };
        let setting = setting.to_owned();
        let certain = self.subject.has_tangents() || !probe.needs_reference();
        let consequences = Vec::new();
        self.report.findings.push(Finding {
            probe,
            setting,
            diagnosis,
            certain,
            suspects,
            entries,
            consequences,
            case,
            snippet,
        });
    }
}

/// A part of the gradients; zeros for an input that receives none.
fn dense(answer: &Answer, inputs: &[Tensor<f64>], part: fn(&Tensor<D>) -> Tensor<f64>) -> Vec<Tensor<f64>> {
    let one = |(gradient, x): (&Result<Tensor<D>, Error>, &Tensor<f64>)| match gradient {
        Ok(gradient) => part(gradient),
        Err(_) => Tensor::full(x.shape(), 0.0),
    };
    answer.gradients.iter().zip(inputs).map(one).collect()
}

impl Examiner<'_> {
    /// Calls `run`; a panic is stored for [`Examiner::note_panics`].
    pub(super) fn guarded<R>(
        &self,
        run: impl FnOnce() -> Result<R, Error>,
        case: impl FnOnce() -> (String, Vec<Tensor<f64>>),
    ) -> Result<R, Error> {
        caught(run, case, |panic| self.panics.borrow_mut().push(panic))
    }

    /// Reports the panics since the last call, and returns whether there were any.
    pub(super) fn note_panics(&mut self, probe: Probe) -> bool {
        let panics = self.panics.take();
        let any = !panics.is_empty();
        panics.into_iter().for_each(|panic| panic.note(probe, self.subject, self.report));
        any
    }
}
