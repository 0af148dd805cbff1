//! The settings of a check, and the loop over cases and probes.

use std::marker::PhantomData;
use std::ops::RangeBounds;

use super::domain::Domain;
use super::examiner::{Examiner, Settings};
use super::report::{Probe, Report, fold};
use super::subject::{
    BlackBox, Engine, EngineSubject, ForeignGradient, FunctionSubject, ModelSubject, OpSubject, SingleSubject, Subject,
};
use super::{CaseInputs, Cases};
use crate::array::Tensor;
use crate::error::Error;
use crate::op::AnyScalar;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Recording, Var};

/// A gradient check with settings.
#[derive(Clone, Debug)]
pub struct Check {
    seed: u64,
    settings: Settings,
    orders: usize,
    domain: Domain,
    skipped: Vec<(Probe, String)>,
}

impl Default for Check {
    fn default() -> Self {
        Check::new()
    }
}

impl Check {
    /// The default settings: seed 0; inputs of up to 256 elements are checked element by element, larger ones along 4 random
    /// directions; relative tolerance 1e-10 against dual numbers; all probes, up to second order.
    pub fn new() -> Self {
        Check {
            seed: 0,
            settings: Settings {
                one_by_one: 256,
                directions: 4,
                repeats: 100,
                parts: 100,
                tolerance: 1e-10,
                single_tolerance: 1e-4,
            },
            orders: 2,
            domain: Domain::default(),
            skipped: Vec::new(),
        }
    }

    /// The seed of random cotangents and directions.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Inputs of up to this many elements are checked element by element, larger ones along random directions.
    #[must_use]
    pub fn one_by_one(mut self, entries: usize) -> Self {
        self.settings.one_by_one = entries;
        self
    }

    /// The number of random directions along which a large input is checked.
    #[must_use]
    pub fn directions(mut self, directions: usize) -> Self {
        self.settings.directions = directions;
        self
    }

    /// The number of runs that must give the same bits, for inputs of up to 4096 elements; 2 for larger ones.
    #[must_use]
    pub fn repeats(mut self, repeats: usize) -> Self {
        self.settings.repeats = repeats;
        self
    }

    /// The tolerance against dual numbers, relative to the sum of absolute terms. The other probes derive theirs from the
    /// estimated error of their references.
    #[must_use]
    pub fn tolerance(mut self, relative: f64) -> Self {
        self.settings.tolerance = relative;
        self
    }

    /// The tolerance of `f32` against `f64`, relative to the largest element; 1e-4 by default. What rounding the inputs to `f32`
    /// changes is allowed besides.
    #[must_use]
    pub fn single_tolerance(mut self, relative: f64) -> Self {
        self.settings.single_tolerance = relative;
        self
    }

    /// Bounds the values of an input: no probe leaves them.
    ///
    /// ```
    /// use autodiff::check::Check;
    /// use autodiff::ops::Sqrt;
    ///
    /// Check::new().within(0, 0.0..).op(&Sqrt {}, [[0.3, 1.2].into()])?.assert();
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[must_use]
    pub fn within(mut self, input: usize, bounds: impl RangeBounds<f64>) -> Self {
        self.domain.bound(input, &bounds);
        self
    }

    /// The highest order of derivatives to check: 1 (gradients), or 2 (also Hessians).
    #[must_use]
    pub fn orders(mut self, orders: usize) -> Self {
        self.orders = orders;
        if orders < 2 { self.skip(Probe::SecondOrder, "first order asked for") } else { self }
    }

    /// Skips a probe; the report lists it with the reason `why`.
    #[must_use]
    pub fn skip(mut self, probe: Probe, why: &str) -> Self {
        self.skipped.push((probe, why.to_owned()));
        self
    }

    /// Checks an operation that is generic over the scalar.
    ///
    /// # Errors
    /// As [`op`](crate::check::op).
    pub fn op(&self, op: &dyn AnyScalar, cases: impl Into<Cases>) -> Result<Report, Error> {
        self.examine(&OpSubject(op), &cases.into().0, &[])
    }

    /// Checks an operation implemented for `f32` only.
    ///
    /// # Errors
    /// As [`single`](crate::check::single).
    pub fn single<O: Op<f32> + Clone>(&self, op: &O, cases: impl Into<Cases>) -> Result<Report, Error> {
        self.examine(&SingleSubject(op.clone()), &cases.into().0, &[])
    }

    /// Checks an operation of another framework.
    ///
    /// # Errors
    /// As [`engine`](crate::check::engine()).
    pub fn engine(&self, engine: &dyn Engine, cases: impl Into<Cases>) -> Result<Report, Error> {
        self.examine(&EngineSubject(engine), &cases.into().0, &[])
    }

    /// Checks a black box.
    ///
    /// # Errors
    /// As [`foreign`](crate::check::foreign).
    pub fn foreign<T: Real, F, G, const N: usize>(
        &self,
        function: F,
        gradient: G,
        inputs: [(&str, Tensor<f64>); N],
    ) -> Result<Report, Error>
    where
        F: Fn(&[T]) -> Vec<T>,
        G: ForeignGradient<T>,
    {
        let names = inputs.each_ref().map(|(name, _)| (*name).to_owned());
        let inputs = inputs.map(|(_, x)| x).into();
        self.examine(&BlackBox { function, gradient, scalar: PhantomData }, &[inputs], &names)
    }

    /// Checks a function of `N` inputs.
    ///
    /// # Errors
    /// As [`function`](crate::check::function).
    pub fn function<F, const N: usize>(&self, function: F, inputs: [Tensor<f64>; N]) -> Result<Report, Error>
    where
        F: for<'t> Fn([Var<'t, Dual<f64>>; N]) -> Var<'t, Dual<f64>>,
    {
        self.examine(&FunctionSubject::<F, N>(function), &[inputs.into()], &[])
    }

    /// Checks a model's gradients with respect to all its parameters.
    ///
    /// # Errors
    /// As [`model`](crate::check::model).
    pub fn model<T: Real, F>(&self, params: &Params<T>, loss: F) -> Result<Report, Error>
    where
        F: for<'t> Fn(&'t Recording<'t, Dual<f64>>) -> Var<'t, Dual<f64>>,
    {
        let params: Params<Dual<f64>> = params.cast();
        let (mut inputs, mut names) = (Vec::new(), Vec::new());
        for (name, shape, values) in params.iter() {
            inputs.push(Tensor::from_fn(shape, |k| values[k].value));
            names.push(name.to_owned());
        }
        self.examine(&ModelSubject { params, loss }, &[inputs], &names)
    }

    /// Rejects settings under which everything would pass or nothing would be checked.
    fn check_settings(&self, cases: usize) -> Result<(), Error> {
        let setting = |name, value: String, requirement| Err(Error::Setting { name, value, requirement });
        let tolerated = |tolerance: f64| tolerance.is_finite() && tolerance >= 0.0;
        let Settings { directions, repeats, tolerance, single_tolerance, .. } = self.settings;
        match self {
            _ if cases == 0 => setting("number of cases", "0".into(), "at least 1"),
            _ if !tolerated(tolerance) => setting("tolerance", tolerance.to_string(), "finite and not negative"),
            _ if !tolerated(single_tolerance) => {
                setting("single_tolerance", single_tolerance.to_string(), "finite and not negative")
            }
            _ if directions == 0 => setting("directions", "0".into(), "at least 1"),
            _ if repeats == 0 => setting("repeats", "0".into(), "at least 1"),
            Check { orders: 0, .. } => setting("orders", "0".into(), "1, or 2 for the Hessian as well"),
            _ => Ok(()),
        }
    }

    fn examine(&self, subject: &dyn Subject, cases: &[CaseInputs], names: &[String]) -> Result<Report, Error> {
        self.check_settings(cases.len())?;
        let mut report = Report {
            subject: subject.name(),
            seed: self.seed,
            cases: cases.len(),
            comparisons: 0,
            findings: Vec::new(),
            kinks: Vec::new(),
            undecided: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            refused: Vec::new(),
            taylor: Vec::new(),
            skipped: self.skipped.clone(),
            inapplicable: Vec::new(),
        };
        for inputs in cases {
            self.domain.check(inputs)?;
        }
        let (applicable, inapplicable): (Vec<Probe>, Vec<Probe>) =
            Probe::ALL.into_iter().partition(|&probe| subject.lacks(probe).is_none());
        let reason = |probe: Probe| subject.lacks(probe).map(|why| (probe, why.to_owned()));
        report.inapplicable = inapplicable.into_iter().filter_map(reason).collect();
        for inputs in cases {
            let first = report.findings.len();
            let unnamed: Vec<String> = (0..inputs.len()).map(|input| format!("input {input}")).collect();
            let names = if names.is_empty() { &unnamed } else { names };
            let examiner = Examiner::new(subject, names, inputs, self.settings, &self.domain, &mut report)?;
            let Some(mut examiner) = examiner else { continue };
            for &probe in &applicable {
                if self.skipped.iter().all(|(skipped, _)| *skipped != probe) {
                    match examiner.probe(probe) {
                        _ if examiner.note_panics(probe) => {}
                        // An engine need not take what a probe changes.
                        Err(Error::Engine { reason, .. }) if probe != Probe::Derivative => {
                            examiner.undecided(format!("{probe:?}: {reason}"))
                        }
                        result => result?,
                    }
                }
            }
            fold(&mut report.findings, first);
        }
        Ok(report)
    }
}
