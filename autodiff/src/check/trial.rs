//! What a slope that disagrees with its reference is: a mistake, a choice at a kink, or nothing that can be decided.

use super::examiner::{Examiner, ROOM};
use super::reference::{self, Estimate};
use super::report::Discrepancy;
use super::tensors::{dot, largest_entry, scale};
use crate::array::Tensor;
use crate::error::Error;

/// The judgement on a slope that disagrees with its reference.
pub(super) enum Judgement {
    Wrong,
    /// Right after all: it agrees with differences of finer steps.
    Right,
    /// Between the slopes to both sides of a kink.
    Kink(String),
    /// The reference is not accurate enough.
    Undecided(String),
}

/// Where a slope lies to those to both sides.
enum Sides {
    /// They do not differ.
    Equal,
    /// Between them, which are these.
    Between(String),
    Outside,
}

/// Of wrong elements, at most this many are judged.
pub(super) const JUDGED: usize = 16;

/// Where rounding errors are sampled, unevenly, as those of numbers in even steps can be even too.
const NODES: [f64; 5] = [-2.3, -0.9, 0.0, 1.1, 2.6];

impl Examiner<'_> {
    /// Judges the slope ⟨gradient, v⟩ = `found`, of terms of this size, that disagrees with its reference.
    pub(super) fn judge(
        &self,
        inputs: &[Tensor<f64>],
        v: &[Tensor<f64>],
        found: f64,
        size: f64,
    ) -> Result<Judgement, Error> {
        if !found.is_finite() {
            return Ok(Judgement::Wrong);
        }
        if self.domain.with_room(inputs, v, ROOM) == v {
            let sides = self.sides(inputs, v, found, size)?;
            let several = v.iter().flat_map(Tensor::data).filter(|&&v| v != 0.0).count() > 1;
            match sides {
                Sides::Between(slopes) => return Ok(Judgement::Kink(slopes)),
                // Each element may be between its own slopes, and their sum outside.
                Sides::Outside if several && !self.subject.has_tangents() => {
                    let line = format!("{found:.6e} along several elements at kinks; each is judged alone");
                    return Ok(Judgement::Undecided(line));
                }
                Sides::Outside | Sides::Equal => {}
            }
        }
        if !self.subject.has_tangents() {
            return self.judge_by_differences(inputs, v, found, size);
        }
        let reference = |inputs: &[Tensor<f64>]| Ok(self.column(inputs, v)?.pulled(&self.cotangent).value);
        let apart = (found - reference(inputs)?).abs();
        let noise = self.roughness(inputs, |inputs| Ok(Tensor::scalar(reference(inputs)?)))?;
        Ok(match noise >= apart / 4.0 {
            true => Judgement::Undecided(format!(
                "{found:.6e} differs by {apart:.1e} from dual numbers, in which terms cancel: their rounding errors are {noise:.1e}"
            )),
            false => Judgement::Wrong,
        })
    }

    /// The slopes to both sides, if they differ and `found` lies between them.
    pub(super) fn kink(
        &self,
        inputs: &[Tensor<f64>],
        v: &[Tensor<f64>],
        found: f64,
        size: f64,
    ) -> Result<Option<String>, Error> {
        match self.sides(inputs, v, found, size)? {
            Sides::Between(slopes) => Ok(Some(slopes)),
            Sides::Equal | Sides::Outside => Ok(None),
        }
    }

    /// Where `found` lies to the slopes to both sides.
    fn sides(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>], found: f64, size: f64) -> Result<Sides, Error> {
        let step = self.domain.step(inputs, v, self.precision().side);
        let [left, right] = reference::one_sided(|step| self.along(inputs, v, step), step)?;
        let apart = (left.value - right.value).abs();
        let size = size + left.value.abs() + right.value.abs();
        let errors = 10.0 * (left.error + right.error);
        // The rounding error of a difference with the smallest of the steps.
        let differ = apart > 1e5 * self.subject.epsilon() * size && errors < apart / 4.0;
        let slack = errors + (1e3 * self.precision().rounding * size).min(apart / 4.0);
        let (low, high) = (left.value.min(right.value), left.value.max(right.value));
        let between = found >= low - slack && found <= high + slack;
        Ok(match (differ, between) {
            (false, _) => Sides::Equal,
            (true, false) => Sides::Outside,
            (true, true) => {
                Sides::Between(format!("slopes {:.6} and {:.6}, gradient {found:.6}", left.value, right.value))
            }
        })
    }

    /// Without dual numbers: against differences on several scales.
    fn judge_by_differences(
        &self,
        inputs: &[Tensor<f64>],
        v: &[Tensor<f64>],
        found: f64,
        size: f64,
    ) -> Result<Judgement, Error> {
        let v = self.domain.with_room(inputs, v, ROOM);
        let Estimate { value, error } = self.slope(inputs, &v)?;
        let allowed = 10.0 * error + self.precision().rounding * (size + value.abs());
        let undecided = |why: &str| {
            Ok(Judgement::Undecided(format!("{found:.6e}, differences give {value:.6e} ± {error:.1e}: {why}")))
        };
        if (found - value).abs() <= allowed {
            return Ok(Judgement::Right);
        }
        let decides = allowed < self.precision().slack * (size + value.abs());
        if !decides {
            return undecided("the function bends faster than the steps, or rounding hides it");
        }
        if self.is_confirmed(inputs, &v, found, (found - value).abs())? {
            return undecided("smaller steps agree, so that the function bends faster than these");
        }
        Ok(Judgement::Wrong)
    }

    /// Whether plain differences at two successive small steps are far nearer to `found` than `apart`.
    pub(super) fn is_confirmed(
        &self,
        inputs: &[Tensor<f64>],
        v: &[Tensor<f64>],
        found: f64,
        apart: f64,
    ) -> Result<bool, Error> {
        const STEPS: i32 = 36;
        let here = self.along(inputs, v, 0.0)?;
        let first = self.domain.step(inputs, v, self.precision().central);
        let mut before = false;
        for power in 0..STEPS {
            let step = first * 0.5_f64.powi(power);
            let there = self.along(inputs, v, step)?;
            let rounding = 4.0 * self.subject.epsilon() * (here.abs() + there.abs()) / step;
            let agrees = ((there - here) / step - found).abs() + rounding < 0.01 * apart;
            if agrees && before {
                return Ok(true);
            }
            before = agrees;
        }
        Ok(false)
    }

    /// The derivative of ⟨cotangent, output⟩ along `v`, by finite differences on several scales.
    pub(super) fn slope(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>]) -> Result<Estimate, Error> {
        let step = self.domain.step(inputs, v, self.precision().central);
        reference::robust_derivative(|step| self.along(inputs, v, step), step)
    }

    /// How much rounding makes of a difference of two computations; `None` if it is not rounding that makes the difference.
    pub(super) fn noise(
        &self,
        inputs: &[Tensor<f64>],
        difference: impl Fn(&[Tensor<f64>]) -> Result<f64, Error>,
    ) -> Result<Option<f64>, Error> {
        let here = difference(inputs)?;
        let noise = self.roughness(inputs, |inputs| Ok(Tensor::scalar(difference(inputs)?)))?;
        Ok((noise >= here.abs() / 4.0).then_some(noise))
    }

    /// The rounding errors of a computation, the largest of all elements: what its fourth divided differences are at inputs that
    /// are multiplied by nearly equal factors. Those of a smooth function vanish.
    pub(super) fn roughness(
        &self,
        inputs: &[Tensor<f64>],
        compute: impl Fn(&[Tensor<f64>]) -> Result<Tensor<f64>, Error>,
    ) -> Result<f64, Error> {
        let weights = NODES.map(|node| 1.0 / NODES.iter().filter(|&&n| n != node).map(|n| node - n).product::<f64>());
        let size = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
        let mut most: f64 = 0.0;
        for spacing in [4.0 * self.subject.epsilon(), 1e-9, 3e-6, 1e-5] {
            let mut sum: Option<Tensor<f64>> = None;
            for (node, weight) in NODES.into_iter().zip(weights) {
                let factor = 1.0 + node * spacing;
                let near = inputs.iter().enumerate().map(|(input, x)| {
                    if self.wanted[input] { x.map(|x| self.domain.nearest(input, x * factor)) } else { x.clone() }
                });
                let Ok(there) = compute(&near.collect::<Vec<_>>()) else { return Ok(most) };
                let add = |k: usize| sum.as_ref().map_or(0.0, |sum| sum.data()[k]) + weight * there.data()[k];
                sum = Some(Tensor::from_fn(there.shape(), add));
            }
            most = most.max(largest_entry(sum.as_slice()) / size);
        }
        Ok(most)
    }

    /// Of the wrong elements of an input's gradient, worst first, those that are mistakes; what the others are is noted.
    pub(super) fn upheld(
        &mut self,
        input: usize,
        found: &Tensor<f64>,
        wrong: Vec<Discrepancy>,
    ) -> Result<Vec<Discrepancy>, Error> {
        let (mut upheld, mut excused) = (Vec::new(), Vec::new());
        let mut wrong = wrong.into_iter();
        for entry in wrong.by_ref().take(JUDGED) {
            let element = entry.index.iter().zip(found.shape().iter()).fold(0, |flat, (i, extent)| flat * extent + i);
            let v = self.unit(input, element..element + 1);
            let size = entry.analytic.abs().max(entry.reference.abs());
            let inputs = self.inputs.clone();
            match self.judge(&inputs, &v, entry.analytic, size)? {
                Judgement::Wrong => upheld.push(entry),
                Judgement::Right => {}
                Judgement::Kink(slopes) => excused.push((true, format!("{}{:?}: {slopes}", entry.of, entry.index))),
                Judgement::Undecided(why) => excused.push((false, format!("{}{:?}: {why}", entry.of, entry.index))),
            }
        }
        if !upheld.is_empty() {
            upheld.extend(wrong);
        }
        for (is_kink, line) in excused {
            self.excuse(is_kink, line);
        }
        Ok(upheld)
    }

    /// Adds a line on what is not accused.
    pub(super) fn excuse(&mut self, is_kink: bool, line: String) {
        let lines = if is_kink { &mut self.report.kinks } else { &mut self.report.undecided };
        if !lines.contains(&line) {
            lines.push(line);
        }
    }

    /// The slope along `v` that gradients give, and the size of its terms.
    pub(super) fn slope_of(gradients: &[Tensor<f64>], v: &[Tensor<f64>]) -> (f64, f64) {
        let found = gradients.iter().zip(v).map(|(g, v)| dot(g, v)).sum();
        (found, gradients.iter().zip(v).map(|(g, v)| scale(g, v)).sum())
    }
}
