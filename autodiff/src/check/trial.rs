//! What a slope that disagrees with its reference is: a mistake, a choice at a kink, or nothing that can be decided.

use super::columns::ROOM;
use super::examiner::Examiner;
use super::reference::{self, Estimate};
use super::report::{Discrepancy, Probe, add, diagnose};
use super::tensors::{dot, largest_entry, scale};
use crate::array::Tensor;
use crate::error::Error;

/// The judgement on a slope that disagrees with its reference.
pub(super) enum Judgement {
    Wrong,
    /// Right after all: it agrees with differences of finer steps, or cancellation leaves no more.
    Right,
    /// Between the slopes to both sides of a kink.
    Kink(String),
    /// The reference is not accurate enough.
    Undecided(String),
}

/// A slope ⟨gradient, v⟩ of ⟨cotangent, output⟩ at some inputs.
#[derive(Clone, Copy)]
pub(super) struct Slope<'a> {
    pub(super) inputs: &'a [Tensor<f64>],
    pub(super) v: &'a [Tensor<f64>],
    pub(super) found: f64,
    /// The size of its terms, to which rounding errors are relative.
    pub(super) size: f64,
}

/// Where a slope lies to those to both sides.
enum Sides {
    /// They do not differ.
    Equal,
    /// Between them, which are these.
    Between(String),
    Outside,
}

/// What cancellation leaves of a gradient, relative to the largest element of all.
const CANCELED: f64 = 1e-9;

/// Of wrong elements, at most this many are judged.
pub(super) const JUDGED: usize = 16;

impl Examiner<'_> {
    /// Judges a slope that disagrees with its reference.
    pub(super) fn judge(&self, slope: Slope<'_>) -> Result<Judgement, Error> {
        let Slope { inputs, v, found, .. } = slope;
        if !found.is_finite() {
            return Ok(Judgement::Wrong);
        }
        if self.domain.with_room(inputs, v, ROOM) == v {
            let sides = self.sides(slope)?;
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
            return self.judge_by_differences(slope);
        }
        let reference = |inputs: &[Tensor<f64>]| Ok(self.column(inputs, v)?.pulled(&self.cotangent).value);
        let apart = (found - reference(inputs)?).abs();
        let noise = self.roughness(inputs, |inputs| Ok(Tensor::scalar(reference(inputs)?)))?;
        // Terms may cancel in the gradient too: a sum that is zero but for the rounding errors of its large terms.
        let largest = largest_entry(&self.gradients_at(inputs)?);
        let own = |inputs: &[Tensor<f64>]| Ok(Tensor::scalar(Self::slope_of(&self.gradients_at(inputs)?, v).0));
        if apart <= CANCELED * largest && self.roughness(inputs, own)? >= apart / 4.0 {
            return Ok(Judgement::Right);
        }
        Ok(match noise >= apart / 4.0 {
            true => Judgement::Undecided(format!(
                "{found:.6e} differs by {apart:.1e} from dual numbers, in which terms cancel: their rounding errors are {noise:.1e}"
            )),
            false => Judgement::Wrong,
        })
    }

    /// The slope by dual numbers, if there are and it agrees.
    pub(super) fn exact(&self, Slope { inputs, v, found, size }: Slope<'_>) -> Result<Option<f64>, Error> {
        if !self.subject.has_tangents() {
            return Ok(None);
        }
        let column = self.column(inputs, v)?;
        let exact = column.pulled(&self.cotangent).value;
        let agrees = (found - exact).abs() <= 1e-7 * scale(&self.cotangent, &column.value).max(size);
        Ok(agrees.then_some(exact))
    }

    /// Whether a slope lies between those to both sides of a kink, which the report then says.
    pub(super) fn is_kink(&mut self, slope: Slope<'_>) -> Result<bool, Error> {
        let sides = self.sides(slope)?;
        if let Sides::Between(slopes) = &sides {
            self.report.kinks.push(format!("{}: {slopes}", self.describe()));
        }
        Ok(matches!(sides, Sides::Between(_)))
    }

    /// Where `found` lies to the slopes to both sides.
    fn sides(&self, Slope { inputs, v, found, size }: Slope<'_>) -> Result<Sides, Error> {
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
    fn judge_by_differences(&self, slope: Slope<'_>) -> Result<Judgement, Error> {
        let Slope { inputs, v, found, size } = slope;
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
        if self.is_confirmed(Slope { v: &v, ..slope }, (found - value).abs())? {
            return undecided("smaller steps agree, so that the function bends faster than these");
        }
        Ok(Judgement::Wrong)
    }

    /// Whether plain differences at two successive small steps are far nearer to the slope than `apart`.
    pub(super) fn is_confirmed(&self, slope: Slope<'_>, apart: f64) -> Result<bool, Error> {
        let Slope { inputs, v, found, .. } = slope;
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

    /// Of the wrong elements of an input's gradient, worst first, those that are mistakes; what the others are is noted.
    pub(super) fn upheld(
        &mut self,
        input: usize,
        found: &Tensor<f64>,
        wrong: Vec<Discrepancy>,
    ) -> Result<Vec<Discrepancy>, Error> {
        let mut upheld = Vec::new();
        let mut wrong = wrong.into_iter();
        for entry in wrong.by_ref().take(JUDGED) {
            let element = found.shape().flat_index(&entry.index);
            let v = self.unit(input, element..element + 1);
            let size = entry.analytic.abs().max(entry.reference.abs());
            let inputs = self.inputs.clone();
            let judgement = self.judge(Slope { inputs: &inputs, v: &v, found: entry.analytic, size })?;
            let at = format!("{}{:?}", entry.of, entry.index);
            if self.is_mistake(judgement, &at) {
                upheld.push(entry);
            }
        }
        if !upheld.is_empty() {
            upheld.extend(wrong);
        }
        Ok(upheld)
    }

    /// Whether a slope is a mistake; if there is no telling, the report says why.
    pub(super) fn is_mistake(&mut self, judgement: Judgement, at: &str) -> bool {
        match judgement {
            Judgement::Wrong => return true,
            Judgement::Right => {}
            Judgement::Kink(slopes) => self.report.kinks.push(format!("{at}: {slopes}")),
            Judgement::Undecided(why) => self.undecided(format!("{at}: {why}")),
        }
        false
    }

    /// Records a slope that is a mistake, beside the one by finite differences.
    pub(super) fn note_slope(&mut self, probe: Probe, setting: &str, slope: Slope<'_>) -> Result<(), Error> {
        let Slope { inputs, v, found, size } = slope;
        let Estimate { value: reference, error } = self.slope(inputs, v)?;
        let allowed = 10.0 * error + self.precision().rounding * size;
        let known = diagnose(&[found], &[reference], &[1]);
        let (of, index) = ("all inputs".to_owned(), Vec::new());
        self.note(probe, setting, known, vec![Discrepancy { of, index, analytic: found, reference, allowed }]);
        Ok(())
    }

    /// Adds a line on what could not be decided.
    pub(super) fn undecided(&mut self, line: String) {
        add(&mut self.report.undecided, line);
    }

    /// The slope along `v` that gradients give, and the size of its terms.
    pub(super) fn slope_of(gradients: &[Tensor<f64>], v: &[Tensor<f64>]) -> (f64, f64) {
        let found = gradients.iter().zip(v).map(|(g, v)| dot(g, v)).sum();
        (found, gradients.iter().zip(v).map(|(g, v)| scale(g, v)).sum())
    }
}
