//! Probes of a pullback's structure: accumulation, subsets, layouts.

use crate::array::Tensor;
use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Probe};
use crate::check::storage::Storage;
use crate::check::subject::{Consumer, Request};
use crate::check::tensors::{seeded, values};
use crate::error::Error;

/// Of up to this many inputs, each two are made one value.
const FEW: usize = 4;

impl Examiner<'_> {
    /// The gradient of another consumer of the same input is kept, whichever is recorded first.
    pub(super) fn accumulation(&mut self) -> Result<(), Error> {
        let own = self.gradients()?;
        let weights = self.direction();
        let inputs = seeded(&self.inputs, None);
        for first in [true, false] {
            let second = Some(Consumer { weights: &weights, first });
            let request = Request { cotangent: Some(&self.cotangent), second, ..self.forward(&inputs) };
            let answer = self.run(request)?;
            for (input, gradient) in answer.gradients.iter().enumerate() {
                let (true, Ok(found)) = (self.wanted[input], gradient) else { continue };
                let (found, own, weight) = (values(found), &own[input], &weights[input]);
                let expected = Tensor::from_fn(own.shape(), |k| own.data()[k] + weight.data()[k]);
                let epsilon = self.subject.epsilon();
                let tolerance = |k: usize| 1e4 * epsilon * (own.data()[k].abs() + weight.data()[k].abs());
                let lost =
                    |part: &Tensor<f64>| found.data().iter().zip(part.data()).all(|(f, p)| (f - p).abs() <= 1e-9);
                let pattern = || (lost(own) || lost(weight)).then_some(Diagnosis::Overwritten);
                let setting =
                    if first { "a second consumer recorded first" } else { "a second consumer recorded last" };
                self.compare(Probe::Accumulation, setting, input, (&found, &expected), tolerance, pattern);
            }
        }
        self.same_input_twice()
    }

    /// The gradient of `f(x, x)` is the sum of the two gradients of `f(x, y)` at y = x: for all inputs, and for each two of
    /// more.
    fn same_input_twice(&mut self) -> Result<(), Error> {
        let count = self.inputs.len();
        let alike = |group: &[usize]| {
            group.iter().all(|&k| self.wanted[k] && self.inputs[k].shape() == self.inputs[group[0]].shape())
        };
        let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| vec![one, other]));
        let all = (count > 2 && count <= FEW).then(|| (0..count).collect());
        let groups: Vec<Vec<usize>> = pairs.filter(|_| count <= FEW).chain(all).filter(|group| alike(group)).collect();
        for group in groups {
            self.same_input(&group)?;
        }
        Ok(())
    }

    /// The inputs of this group are one value.
    fn same_input(&mut self, group: &[usize]) -> Result<(), Error> {
        let first = group[0];
        let source = |k: usize| if group.contains(&k) { first } else { k };
        let sources: Vec<usize> = (0..self.inputs.len()).map(source).collect();
        let equal: Vec<Tensor<f64>> = sources.iter().map(|&source| self.inputs[source].clone()).collect();
        if !self.domain.contains(&equal) {
            return Ok(());
        }
        let apart = self.answer(&equal, None)?;
        let inputs = seeded(&equal, None);
        let request = Request { cotangent: Some(&self.cotangent), sources: &sources, ..self.forward(&inputs) };
        let together = self.run(request)?;
        let parts: Vec<Tensor<f64>> =
            group.iter().filter_map(|&k| apart.gradients[k].as_ref().ok()).map(values).collect();
        let Some(Ok(found)) = together.gradients.get(first).map(|g| g.as_ref().map(values)) else { return Ok(()) };
        let sum = |of: fn(f64) -> f64, k: usize| parts.iter().map(|part| of(part.data()[k])).sum::<f64>();
        let expected = Tensor::from_fn(found.shape(), |k| sum(|g| g, k));
        let tolerance = |k: usize| 1e4 * self.subject.epsilon() * sum(f64::abs, k);
        let allowed: Vec<f64> = (0..found.data().len()).map(tolerance).collect();
        let (setting, overwritten) = (format!("inputs {group:?} are one value"), || Some(Diagnosis::Overwritten));
        self.compare(Probe::Accumulation, &setting, first, (&found, &expected), |k| allowed[k], overwritten);
        Ok(())
    }

    /// An input's gradient does not depend on which other inputs need one.
    pub(super) fn subsets(&mut self) -> Result<(), Error> {
        let count = self.inputs.len();
        if !(2..=5).contains(&count) {
            return Ok(());
        }
        let all = self.gradients()?;
        let inputs = seeded(&self.inputs, None);
        for subset in 1..(1_u32 << count) - 1 {
            let wanted: Vec<bool> = (0..count).map(|i| self.wanted[i] && subset >> i & 1 == 1).collect();
            if !wanted.contains(&true) || wanted == self.wanted {
                continue;
            }
            let request = Request { cotangent: Some(&self.cotangent), wanted: &wanted, ..self.forward(&inputs) };
            let answer = self.run(request)?;
            for (input, gradient) in answer.gradients.iter().enumerate().filter(|(input, _)| wanted[*input]) {
                let shape = self.inputs[input].shape();
                let found = gradient.as_ref().map_or_else(|_| Tensor::full(shape, 0.0), values);
                let setting = format!("gradients needed by {wanted:?}");
                let pattern = || Some(Diagnosis::DependsOnSubset);
                self.compare(Probe::Subsets, &setting, input, (&found, &all[input]), |_| 0.0, pattern);
            }
        }
        Ok(())
    }

    /// Strided inputs give the same results as contiguous copies.
    pub(super) fn layouts(&mut self) -> Result<(), Error> {
        for storage in self.subject.storages().iter().copied().filter(|&storage| storage != Storage::Dense) {
            let inputs: Vec<_> = self.inputs.iter().map(|x| storage.repeated(x)).collect();
            let setting = format!("{storage:?} inputs").to_lowercase();
            // Rows that repeat make a matrix singular.
            let dense = self.answer(&inputs, None);
            let Some(dense) = self.unless_refused(&setting, &inputs, dense)? else { continue };
            let lifted = seeded(&inputs, None);
            let request = Request { cotangent: Some(&self.cotangent), storage, ..self.forward(&lifted) };
            let strided = self.run(request)?;
            let (found, expected) = (values(&strided.output), values(&dense.output));
            let relative = 1e4 * self.subject.epsilon();
            let largest = |x: &Tensor<f64>| x.data().iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
            let tolerance = relative * largest(&expected);
            let wrong = self.differences("output", &found, &expected, |_| tolerance);
            if !wrong.is_empty() {
                self.note(Probe::Layouts, &setting, Some(Diagnosis::DependsOnLayout), wrong);
                continue;
            }
            for input in (0..inputs.len()).filter(|&input| self.wanted[input]).collect::<Vec<_>>() {
                let (Ok(found), Ok(expected)) = (&strided.gradients[input], &dense.gradients[input]) else {
                    if dense.gradients[input].is_ok() {
                        self.note(Probe::Layouts, &setting, Some(Diagnosis::NoGradient), Vec::new());
                    }
                    continue;
                };
                let expected = values(expected);
                let tolerance = 100.0 * relative * largest(&expected);
                let expected = storage.collect(&expected);
                let rows = inputs[input].shape().first().copied().unwrap_or(1).max(1) as f64;
                let of_layout = || Some(Diagnosis::DependsOnLayout);
                let found = values(found);
                self.compare(Probe::Layouts, &setting, input, (&found, &expected), |_| tolerance * rows, of_layout);
            }
        }
        Ok(())
    }
}
