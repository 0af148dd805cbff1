//! The operation in the scalars that people use, against dual numbers.

use crate::array::Tensor;
use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Probe, add};
use crate::check::storage::Storage;
use crate::check::subject::{Request, run_on_values};
use crate::check::tensors::{largest_entry, random_tensor, values};
use crate::error::Error;
use crate::op::Op;
use crate::scalar::Real;
use crate::tape::Tape;

/// The output, then the gradients of the dense inputs; `None` for an input without one.
type Parts = Vec<Option<Tensor<f64>>>;

/// A part of the results, by name, beside what is expected.
struct Compared {
    of: String,
    part: usize,
    found: Tensor<f64>,
    expected: Tensor<f64>,
}

/// How inputs are stored. A broadcast is another computation, with sums.
const STORAGES: [Storage; 3] = [Storage::Dense, Storage::Transposed, Storage::Narrowed];

/// The largest number that counts as representable in `f32`.
const LARGEST: f64 = 1e37;

impl Examiner<'_> {
    /// `f64` itself gives what the values of dual numbers are.
    pub(super) fn double_precision(&mut self) -> Result<(), Error> {
        let Some(operation) = self.subject.operation() else { return Ok(()) };
        let inputs = self.inputs.clone();
        let expected = self.parts(&inputs)?;
        for storage in STORAGES {
            let case = || (format!("{storage:?} inputs in f64").to_lowercase(), inputs.clone());
            let found = self.guarded(|| self.in_scalar(&|| operation.double(), &inputs, storage), case)?;
            for Compared { of, found, expected, .. } in self.compared(found, &expected) {
                let largest = largest_entry(std::slice::from_ref(&expected));
                let allowed = |k: usize| 1e-7 * expected.data()[k].abs() + 1e-8 * largest;
                let wrong = self.differences(&of, &found, &expected, allowed);
                if !wrong.is_empty() {
                    let setting = format!("{storage:?} inputs").to_lowercase();
                    let strided = (storage != Storage::Dense).then_some(Diagnosis::DependsOnLayout);
                    let known = Diagnosis::beyond_block(&wrong, expected.shape()).or(strided);
                    self.note(Probe::DoublePrecision, &setting, known, wrong);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// `f32` agrees with `f64` as far as the rounding of inputs to `f32` allows; for inputs of size 100, it must not overflow.
    pub(super) fn single_precision(&mut self) -> Result<(), Error> {
        let Some(operation) = self.subject.operation() else { return Ok(()) };
        let wanted = self.inputs.iter().zip(&self.wanted).filter(|(_, wanted)| **wanted);
        let largest = wanted.flat_map(|(x, _)| x.data()).fold(0.0_f64, |largest, x| largest.max(x.abs()));
        let large = 100.0 / largest.max(1e-3);
        for (factor, storage) in STORAGES.map(|storage| (1.0, storage)).into_iter().chain([(large, Storage::Dense)]) {
            let inputs = self.rounded(factor);
            let Ok(expected) = self.parts(&inputs) else { continue };
            let moderate = factor == 1.0;
            let case = || ("in f32".to_owned(), inputs.clone());
            let found = self.guarded(|| self.in_scalar(&|| operation.single(), &inputs, storage), case)?;
            let setting =
                if moderate { format!("{storage:?} inputs").to_lowercase() } else { "inputs of size 100".into() };
            for compared in self.compared(found, &expected) {
                self.compare_single(&setting, moderate, &inputs, &compared)?;
            }
        }
        Ok(())
    }

    /// The inputs that have gradients times `factor`, within their bounds and rounded to `f32`, so that both scalars start from
    /// the same numbers.
    fn rounded(&self, factor: f64) -> Vec<Tensor<f64>> {
        let one = |(input, x): (usize, &Tensor<f64>)| {
            let factor = if self.wanted[input] { factor } else { 1.0 };
            x.map(|x| {
                let single = f64::from((factor * x) as f32);
                let inside = self.domain.nearest(input, single);
                if inside == single { single } else { inward(inside, single) }
            })
        };
        self.inputs.iter().enumerate().map(one).collect()
    }

    /// The parts of the answer in dual numbers.
    fn parts(&self, inputs: &[Tensor<f64>]) -> Result<Parts, Error> {
        let answer = self.answer(inputs, None)?;
        let gradients = answer.gradients.iter().map(|gradient| gradient.as_ref().ok().map(values));
        Ok([Some(values(&answer.output))].into_iter().chain(gradients).collect())
    }

    /// The parts of the answer in this scalar.
    fn in_scalar<T: Real>(&self, op: Make<'_, T>, inputs: &[Tensor<f64>], storage: Storage) -> Result<Parts, Error> {
        let given: Vec<Tensor<T>> = inputs.iter().map(Tensor::cast).collect();
        let request = Request { cotangent: Some(&self.cotangent), storage, ..Request::new(&given, &self.wanted) };
        let answer = run_on_values(|t, inputs| t.apply(op(), inputs), request, &mut Tape::new())?;
        let dense = |(gradient, x): (Result<Tensor<T>, Error>, &Tensor<f64>)| {
            gradient.ok().map(|gradient| storage.extract(&gradient.cast(), x.shape()))
        };
        let gradients = answer.gradients.into_iter().zip(inputs).map(dense);
        Ok([Some(answer.output.cast())].into_iter().chain(gradients).collect())
    }

    /// What was found beside what is expected, by name.
    fn compared(&self, found: Parts, expected: &Parts) -> Vec<Compared> {
        let name = |part: usize| if part == 0 { "output".to_owned() } else { self.name(part - 1) };
        let both = found.into_iter().zip(expected.iter().cloned()).enumerate();
        both.filter_map(|(part, (found, expected))| {
            Some(Compared { of: name(part), part, found: found?, expected: expected? })
        })
        .collect()
    }

    fn compare_single(
        &mut self,
        setting: &str,
        moderate: bool,
        inputs: &[Tensor<f64>],
        compared: &Compared,
    ) -> Result<(), Error> {
        let Compared { of, part, found, expected } = compared;
        let fits = |x: f64| x.is_finite() && x.abs() < LARGEST;
        let largest = expected.data().iter().filter(|x| fits(**x)).fold(0.0_f64, |largest, x| largest.max(x.abs()));
        // For large inputs only overflow is checked: rounding the input can change an exponential by any factor.
        let relative = self.settings.single_tolerance;
        let kept = |k: usize| if fits(expected.data()[k]) { found.data()[k] } else { expected.data()[k] };
        let masked = Tensor::from_fn(expected.shape(), kept);
        let tolerance = if moderate { relative * largest + 0.1 * relative } else { f64::MAX };
        let close = |k: usize| (masked.data()[k] - expected.data()[k]).abs() <= tolerance;
        if (0..masked.data().len()).all(close) {
            self.report.comparisons += masked.data().len();
            return Ok(());
        }
        let moved = if moderate { self.moved_by_rounding(inputs, *part)? } else { 0.0 };
        let mut wrong = self.differences(of, &masked, expected, |_| tolerance + 64.0 * moved);
        let overflow = wrong.iter().any(|entry| !entry.analytic.is_finite());
        if !wrong.is_empty() && !overflow {
            // The rounding errors of `f64`, in proportion.
            let zero = || Tensor::scalar(0.0);
            let part = |inputs: &[Tensor<f64>]| Ok(self.parts(inputs)?.swap_remove(*part).unwrap_or_else(zero));
            let noise = self.roughness(inputs, part)? * f64::from(f32::EPSILON) / f64::EPSILON;
            if 4.0 * noise >= (wrong[0].analytic - wrong[0].reference).abs() {
                wrong.clear();
                let line = format!("in f32, {of} has rounding errors of {noise:.1e}: terms cancel");
                add(&mut self.report.warnings, line);
            }
        }
        if !wrong.is_empty() {
            self.note(Probe::SinglePrecision, setting, overflow.then_some(Diagnosis::OverflowInSingle), wrong);
        }
        Ok(())
    }

    /// How much this part changes when the inputs that have gradients are moved by the precision of `f32`, which is no fault of
    /// the operation.
    fn moved_by_rounding(&mut self, inputs: &[Tensor<f64>], part: usize) -> Result<f64, Error> {
        let Some(Some(here)) = self.parts(inputs)?.into_iter().nth(part) else { return Ok(0.0) };
        let mut most: f64 = 0.0;
        for _ in 0..2 {
            let Examiner { random, wanted, domain, .. } = &mut *self;
            let near = inputs.iter().enumerate().map(|(input, x)| {
                let noise = random_tensor(x.shape(), random);
                let step = if wanted[input] { f64::from(f32::EPSILON) } else { 0.0 };
                Tensor::from_fn(x.shape(), |k| domain.nearest(input, x.data()[k] * (1.0 + step * noise.data()[k])))
            });
            let near: Vec<Tensor<f64>> = near.collect();
            if let Ok(there) = self.parts(&near)
                && let Some(Some(there)) = there.into_iter().nth(part)
            {
                most = most.max(distance(&there, &here));
            }
        }
        Ok(if most.is_finite() { most } else { f64::MAX / 64.0 })
    }
}

/// Makes the operation in one scalar.
type Make<'a, T> = &'a dyn Fn() -> Box<dyn Op<T>>;

/// The number of `f32` next to this bound, on the side away from `outside`.
fn inward(bound: f64, outside: f64) -> f64 {
    let single = bound as f32;
    let inside = if outside < bound { f64::from(single) >= bound } else { f64::from(single) <= bound };
    let next = if outside < bound { single.next_up() } else { single.next_down() };
    f64::from(if inside { single } else { next })
}

/// The largest difference of two elements.
fn distance(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).fold(0.0, |most: f64, (x, y)| most.max((x - y).abs()))
}
