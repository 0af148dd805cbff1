//! The operation in the scalars that people use, against dual numbers.

use super::diagnosis::Diagnosis;
use super::examiner::Examiner;
use super::report::Probe;
use super::storage::Storage;
use super::tensors::{random_tensor, values};
use crate::array::Tensor;
use crate::error::Error;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Mode, Tape, Var};

/// The output in another scalar, and the gradients of the dense inputs; `None` for an input without one.
type Plain = (Tensor<f64>, Vec<Option<Tensor<f64>>>);

/// How inputs are stored. A broadcast is another computation, with sums.
const STORAGES: [Storage; 3] = [Storage::Dense, Storage::Transposed, Storage::Narrowed];

impl Examiner<'_> {
    /// `f64` itself gives what the values of dual numbers are.
    pub(super) fn double_precision(&mut self) -> Result<(), Error> {
        if self.subject.double().is_none() {
            return Ok(());
        }
        let inputs = self.inputs.clone();
        let expected = self.parts(&inputs)?;
        let largest = |x: &Tensor<f64>| x.data().iter().filter(|x| x.is_finite()).fold(0.0_f64, |l, x| l.max(x.abs()));
        for storage in STORAGES {
            let Some(op) = self.subject.double() else { return Ok(()) };
            let case = || (format!("{storage:?} inputs in f64").to_lowercase(), inputs.clone());
            let found = self.guarded(|| self.in_scalar(op, &inputs, storage), case)?;
            for (of, found, expected) in self.pairs(found, &expected) {
                let largest = largest(&expected);
                let allowed = |k: usize| 1e-7 * expected.data()[k].abs() + 1e-8 * largest;
                let wrong = self.differences(&of, &found, &expected, allowed);
                if !wrong.is_empty() {
                    let setting = format!("{storage:?} inputs").to_lowercase();
                    let strided = (storage != Storage::Dense).then_some(Diagnosis::DependsOnLayout);
                    self.note(Probe::DoublePrecision, &setting, strided, wrong);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// `f32` agrees with `f64` as far as the rounding of inputs to `f32` allows; for inputs of size 100, it must not overflow.
    pub(super) fn single_precision(&mut self) -> Result<(), Error> {
        let wanted = self.inputs.iter().zip(&self.wanted).filter(|(_, wanted)| **wanted);
        let largest = wanted.flat_map(|(x, _)| x.data()).fold(0.0_f64, |largest, x| largest.max(x.abs()));
        let large = 100.0 / largest.max(1e-3);
        for (factor, storage) in STORAGES.map(|storage| (1.0, storage)).into_iter().chain([(large, Storage::Dense)]) {
            let Some(op) = self.subject.single() else { return Ok(()) };
            // Rounded to f32, so that both start from the same numbers.
            let rounded = |x: f64| f64::from(x as f32);
            let scaled = |(x, &wanted): (&Tensor<f64>, &bool)| x.map(|x| rounded(if wanted { factor * x } else { x }));
            let inputs: Vec<Tensor<f64>> = self.inputs.iter().zip(&self.wanted).map(scaled).collect();
            let Ok(expected) = self.parts(&inputs) else { continue };
            let near = self.nearby(&inputs)?;
            let case = || ("in f32".to_owned(), inputs.clone());
            let found = self.guarded(|| self.in_scalar(op, &inputs, storage), case)?;
            let setting =
                if factor == 1.0 { format!("{storage:?} inputs").to_lowercase() } else { "inputs of size 100".into() };
            let pairs = self.pairs(found, &expected);
            for (part, (of, found, expected)) in pairs.into_iter().enumerate() {
                let moved: Vec<f64> =
                    near.iter().map(|near| near.get(part).map_or(0.0, |near| distance(near, &expected))).collect();
                self.compare_single(
                    &setting,
                    factor == 1.0,
                    &of,
                    (&found, &expected),
                    moved.into_iter().fold(0.0, f64::max),
                );
            }
        }
        Ok(())
    }

    /// The parts of the answer in dual numbers where inputs that have gradients are moved by the precision of `f32`: how much the
    /// result may differ for no fault of the operation.
    fn nearby(&mut self, inputs: &[Tensor<f64>]) -> Result<Vec<Vec<Tensor<f64>>>, Error> {
        let mut all = Vec::new();
        for _ in 0..2 {
            let Examiner { random, wanted, .. } = &mut *self;
            let moved = inputs.iter().zip(&*wanted).map(|(x, &wanted)| {
                let noise = random_tensor(x.shape(), random);
                let step = if wanted { f64::from(f32::EPSILON) } else { 0.0 };
                Tensor::from_fn(x.shape(), |k| x.data()[k] * (1.0 + step * noise.data()[k]))
            });
            let moved: Vec<Tensor<f64>> = moved.collect();
            if let Ok(parts) = self.parts(&moved) {
                all.push(parts.into_iter().flatten().collect());
            }
        }
        Ok(all)
    }

    /// The output in dual numbers, then the gradient of each input.
    fn parts(&self, inputs: &[Tensor<f64>]) -> Result<Vec<Option<Tensor<f64>>>, Error> {
        let answer = self.answer(inputs, None)?;
        let gradients = answer.gradients.iter().map(|gradient| gradient.as_ref().ok().map(values));
        Ok([Some(values(&answer.output))].into_iter().chain(gradients).collect())
    }

    /// What was found beside what is expected, by name.
    fn pairs(&self, found: Plain, expected: &[Option<Tensor<f64>>]) -> Vec<(String, Tensor<f64>, Tensor<f64>)> {
        let (output, gradients) = found;
        let names = ["output".to_owned()].into_iter().chain(self.names.iter().cloned());
        let found = [Some(output)].into_iter().chain(gradients);
        names
            .zip(found)
            .zip(expected)
            .filter_map(|((of, found), expected)| Some((of, found?, expected.clone()?)))
            .collect()
    }

    /// Output and gradients in this scalar.
    fn in_scalar<T: Real>(&self, op: Box<dyn Op<T>>, inputs: &[Tensor<f64>], storage: Storage) -> Result<Plain, Error> {
        let params = Params::<T>::default();
        let mut tape = Tape::new();
        tape.poison_buffers(true);
        let t = tape.start(&params, Mode::Train);
        let stored: Vec<Tensor<T>> = inputs.iter().map(|x| storage.store(&x.cast())).collect();
        let leaf = |(x, &wanted): (&Tensor<T>, &bool)| if wanted { t.variable(x) } else { t.input(x) };
        let leaves: Vec<Var<'_, T>> = stored.iter().zip(&self.wanted).map(leaf).collect();
        let views: Vec<Var<'_, T>> =
            leaves.iter().zip(inputs).map(|(&leaf, x)| storage.view(leaf, x.shape())).collect();
        let output = t.apply(op, &views);
        let mut grads = params.gradients();
        if self.wanted.contains(&true) {
            output.backward_with(&self.cotangent.cast(), &mut grads)?;
        }
        let dense = |(&leaf, x): (&Var<'_, T>, &Tensor<f64>)| {
            grads.of(leaf).ok().map(|gradient| storage.extract(&gradient.cast(), x.shape()))
        };
        Ok((output.value()?.cast(), leaves.iter().zip(inputs).map(dense).collect()))
    }

    fn compare_single(
        &mut self,
        setting: &str,
        moderate: bool,
        of: &str,
        (single, double): (&Tensor<f64>, &Tensor<f64>),
        moved: f64,
    ) {
        let fits = |x: f64| x.is_finite() && x.abs() < 1e37;
        let largest = double.data().iter().filter(|x| fits(**x)).fold(0.0_f64, |largest, x| largest.max(x.abs()));
        // For large inputs only overflow is checked: rounding the input can change an exponential by any factor.
        let tolerance = if moderate && moved.is_finite() { 1e-4 * largest + 1e-5 + 64.0 * moved } else { f64::MAX };
        let kept = |k: usize| if fits(double.data()[k]) { single.data()[k] } else { double.data()[k] };
        let masked = Tensor::from_fn(double.shape(), kept);
        let wrong = self.differences(of, &masked, double, |_| tolerance);
        if !wrong.is_empty() {
            let overflow = wrong.iter().any(|entry| !entry.analytic.is_finite());
            self.note(Probe::SinglePrecision, setting, overflow.then_some(Diagnosis::OverflowInSingle), wrong);
        }
    }
}

/// The largest difference of two elements.
fn distance(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).fold(0.0, |most: f64, (x, y)| most.max((x - y).abs()))
}
