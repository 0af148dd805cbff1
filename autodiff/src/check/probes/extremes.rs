//! Values and gradients at 0, ±1000 and the largest numbers.

use crate::array::Tensor;
use crate::check::examiner::Examiner;
use crate::check::report::{Diagnosis, Discrepancy, Probe};
use crate::check::tensors::{no_nan, values};
use crate::error::Error;

/// What is NaN at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lost {
    Nothing,
    /// The output, where it is a number nearby.
    Output,
    /// A gradient, where the output is finite.
    Gradient,
    /// Nothing is NaN, and the slope is not that of dual numbers.
    Slope,
}

impl Examiner<'_> {
    /// The value is not NaN where it is not NaN nearby, and the gradient is not NaN where the value is finite. Only one input at
    /// a time is set to zero, because 0/0 and 0⁰ may be NaN.
    pub(super) fn extremes(&mut self) -> Result<(), Error> {
        // A cotangent of one sign, so that infinite derivatives summed over a broadcast do not cancel to NaN.
        let ones = Tensor::full(self.cotangent.shape(), 1.0);
        self.with_cotangent(ones, |here| {
            for input in (0..here.inputs.len()).filter(|&input| here.wanted[input]).collect::<Vec<_>>() {
                let lost = here.lost(0.0, Some(input));
                here.at_zero(input, lost);
            }
            for x in [1e3, -1e3] {
                let lost = here.lost(x, None);
                if lost != Lost::Nothing {
                    here.accuse(x, lost);
                    return Ok(());
                }
            }
            for x in [f64::MAX, f64::MIN] {
                here.at_the_largest(x);
            }
            Ok(())
        })
    }

    /// At zero a NaN value may be right: a quotient may have no value there. A NaN gradient of a finite value is not.
    fn at_zero(&mut self, input: usize, lost: Lost) {
        match lost {
            Lost::Nothing | Lost::Slope => {}
            Lost::Gradient => self.accuse(0.0, lost),
            Lost::Output => {
                let name = self.name(input);
                let line =
                    format!("NaN where {name} is 0, and a number at ±2; if 0 is not in its domain, say so by `within`");
                self.report.warnings.push(line);
            }
        }
    }

    /// Numbers near the largest overflow in what is computed on the way. Where it begins is a warning.
    fn at_the_largest(&mut self, x: f64) {
        let lost = self.lost_far_out(x);
        if lost == Lost::Nothing {
            return;
        }
        let (mut right, mut wrong) = (3, 308);
        while wrong - right > 1 {
            let middle = (right + wrong) / 2;
            let there = self.lost_far_out(10.0_f64.powi(middle).copysign(x));
            *(if there == Lost::Nothing { &mut right } else { &mut wrong }) = middle;
        }
        let what = match lost {
            Lost::Output => "NaN",
            Lost::Gradient => "a NaN gradient",
            Lost::Slope | Lost::Nothing => "a wrong gradient",
        };
        let sign = if x < 0.0 { "−" } else { "" };
        let line = format!("right at {sign}1e{right}; overflows to {what} beyond");
        self.report.warnings.push(line);
    }

    /// As [`lost`](Self::lost), and whether the slope is right.
    fn lost_far_out(&mut self, x: f64) -> Lost {
        let lost = self.lost(x, None);
        let filled = self.filled(x, None);
        let known = !self.report.findings.is_empty();
        if known || lost != Lost::Nothing || !self.domain.contains(&filled) || !self.subject.has_tangents() {
            return lost;
        }
        for input in (0..filled.len()).filter(|&input| self.wanted[input]) {
            let v = self.unit(input, 0..filled[input].data().len());
            let (Ok(gradients), Ok(column)) = (self.gradients_at(&filled), self.column(&filled, &v)) else { continue };
            let (found, _) = Self::slope_of(&gradients, &v);
            let right = column.pulled(&self.cotangent).value;
            let both = found.is_finite() && right.is_finite();
            if both && (found - right).abs() > 1e-6 * right.abs().max(found.abs()) {
                return Lost::Slope;
            }
        }
        Lost::Nothing
    }

    /// What is NaN if every element of this input, or of all that have a gradient, is `x`. A point outside the bounds says
    /// nothing.
    fn lost(&mut self, x: f64, input: Option<usize>) -> Lost {
        let filled = self.filled(x, input);
        if !self.domain.contains(&filled) {
            return Lost::Nothing;
        }
        let Ok(there) = self.answer(&filled, None) else { return Lost::Nothing };
        let output = values(&there.output);
        let near = if x == 0.0 { vec![2.0, -2.0] } else { vec![2.0 * x.signum()] };
        let is_number = |x: f64| {
            let filled = self.filled(x, input);
            let answer = self.domain.contains(&filled).then(|| self.answer(&filled, None));
            answer.is_none_or(|answer| answer.is_ok_and(|answer| no_nan(&values(&answer.output))))
        };
        let invented = !no_nan(&output) && near.into_iter().all(is_number);
        let finite = output.data().iter().all(|x| x.is_finite());
        let lost = finite && there.gradients.iter().flatten().any(|gradient| !no_nan(&values(gradient)));
        self.report.comparisons += 1 + there.gradients.iter().flatten().count();
        match (invented, lost) {
            (true, _) => Lost::Output,
            (_, true) => Lost::Gradient,
            _ => Lost::Nothing,
        }
    }

    fn accuse(&mut self, x: f64, lost: Lost) {
        let of = if lost == Lost::Output { "output" } else { "gradient" }.to_owned();
        let entry = Discrepancy { of, index: Vec::new(), analytic: f64::NAN, reference: 0.0, allowed: 0.0 };
        self.note(Probe::Extremes, &format!("all values {x:e}"), Some(Diagnosis::NotFinite), vec![entry]);
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
