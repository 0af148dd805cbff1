//! Derivatives against finite differences: at smooth points, kinks and ties, and for second derivatives.

use super::derivative::LARGE;
use super::diagnosis::{self, Diagnosis};
use super::examiner::Examiner;
use super::reference;
use super::report::{Discrepancy, Probe};
use super::tensors::{dot, moved, scale, tangents, values};
use crate::array::Tensor;
use crate::error::Error;

/// The accuracy of finite differences in the subject's precision.
struct Precision {
    /// The step of one-sided differences that balances rounding and curvature.
    step: f64,
    /// The relative error of a one-sided difference with that step.
    slack: f64,
}

/// Up to this many input elements, every pair is tied.
const FEW: usize = 6;

impl Examiner<'_> {
    fn precision(&self) -> Precision {
        match self.subject.epsilon() {
            double if double <= f64::EPSILON => Precision { step: 1e-6, slack: 1e-3 },
            _ => Precision { step: 0.01, slack: 0.02 },
        }
    }

    /// The relative rounding error of an extrapolated central difference.
    fn rounding(&self) -> f64 {
        1e-9 * (self.subject.epsilon() / f64::EPSILON).powf(2.0 / 3.0)
    }

    /// Reverse mode against finite differences along random directions.
    pub(super) fn finite_differences(&mut self) -> Result<(), Error> {
        let gradients = self.gradients()?;
        let Precision { step, slack } = self.precision();
        let directions = if self.size() > LARGE / 64 { 1 } else { 2 };
        for _ in 0..self.settings.directions.min(directions) {
            let v = self.direction();
            let found: f64 = gradients.iter().zip(&v).map(|(g, v)| dot(g, v)).sum();
            let size: f64 = gradients.iter().zip(&v).map(|(g, v)| scale(g, v)).sum::<f64>() + 1.0;
            let (left, right) = reference::one_sided(|step| self.along(&self.inputs, &v, step), step)?;
            let slack = slack * size;
            let between = found >= left.min(right) - slack && found <= left.max(right) + slack;
            let kink = (left - right).abs() > slack;
            self.report.comparisons += 1;
            if kink && between {
                let case = self.describe();
                self.report.kinks.push(format!("{case}: slopes {left:.6} and {right:.6}, gradient {found:.6}"));
                continue;
            }
            let estimate = reference::derivative(|step| self.along(&self.inputs, &v, step), (2e4 * step).min(0.2))?;
            let allowed = 10.0 * estimate.error + self.rounding() * size;
            let exact = allowed < slack;
            if exact && (found - estimate.value).abs() <= allowed {
                continue;
            }
            if between || !estimate.value.is_finite() {
                let case = self.describe();
                self.report.undecided.push(format!("{case}: {:.6e} ± {:.1e}", estimate.value, estimate.error));
                continue;
            }
            let (of, index, reference) = ("all inputs".to_owned(), Vec::new(), estimate.value);
            let entry = Discrepancy { of, index, analytic: found, reference, allowed };
            let known = diagnosis::diagnose(&[found], &[reference], &[1]);
            self.note(Probe::FiniteDifferences, "along a random direction", known, vec![entry]);
            return Ok(());
        }
        Ok(())
    }

    /// Ties all input elements and, if there are few, every pair. The gradient along a direction must lie between the left
    /// and right derivatives.
    pub(super) fn ties(&mut self) -> Result<(), Error> {
        if self.report.findings.iter().any(|finding| finding.probe == Probe::Derivative) {
            return Ok(()); // a gradient that is wrong everywhere is also wrong at ties
        }
        let entries: Vec<(usize, usize)> = (0..self.inputs.len())
            .filter(|&input| self.wanted[input])
            .flat_map(|input| (0..self.inputs[input].data().len()).map(move |element| (input, element)))
            .collect();
        let Some(&first) = entries.first() else { return Ok(()) };
        let of_input = |input: usize| entries.iter().copied().filter(|entry| entry.0 == input).collect::<Vec<_>>();
        let groups: Vec<_> = (0..self.inputs.len()).map(of_input).filter(|group| !group.is_empty()).collect();
        if self.tie_is_wrong("all values equal", first, &entries, &groups)? || entries.len() > FEW {
            return Ok(());
        }
        for (k, &one) in entries.iter().enumerate() {
            for &other in &entries[k + 1..] {
                let setting = format!("{one:?} and {other:?} equal");
                if self.tie_is_wrong(&setting, one, &[one, other], &[vec![one], vec![other]])? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Sets the elements `tied` to the value of `like`, and compares the gradient with one-sided derivatives along all of them
    /// together and along each group. Records a finding and returns whether there is one.
    fn tie_is_wrong(
        &mut self,
        setting: &str,
        like: (usize, usize),
        tied: &[(usize, usize)],
        groups: &[Vec<(usize, usize)>],
    ) -> Result<bool, Error> {
        let mut inputs = self.inputs.clone();
        let value = inputs[like.0].data()[like.1];
        tied.iter().for_each(|&(input, element)| inputs[input].data_mut()[element] = value);
        let answer = self.answer(&inputs, None)?;
        let zeros = |x: &Tensor<f64>| Tensor::full(x.shape(), 0.0);
        let gradients: Vec<_> =
            answer.gradients.iter().zip(&inputs).map(|(g, x)| g.as_ref().map_or_else(|_| zeros(x), values)).collect();
        let Precision { step, slack } = self.precision();
        for group in std::iter::once(tied).chain(groups.iter().map(Vec::as_slice)) {
            let mut v: Vec<Tensor<f64>> = inputs.iter().map(zeros).collect();
            group.iter().for_each(|&(input, element)| v[input].data_mut()[element] = 1.0);
            let found: f64 = gradients.iter().zip(&v).map(|(g, v)| dot(g, v)).sum();
            let size: f64 = gradients.iter().zip(&v).map(|(g, v)| scale(g, v)).sum::<f64>() + 1.0;
            let (left, right) = reference::one_sided(|step| self.along(&inputs, &v, step), step)?;
            let slack = slack * (size + left.abs() + right.abs());
            self.report.comparisons += 1;
            if !(left.is_finite() && right.is_finite()) {
                continue;
            }
            if found < left.min(right) - slack || found > left.max(right) + slack || found.is_nan() {
                let (of, reference) = ("tied elements".to_owned(), (left + right) / 2.0);
                let entry = Discrepancy { of, index: Vec::new(), analytic: found, reference, allowed: slack };
                self.note(Probe::Ties, setting, Some(Diagnosis::TieNotShared), vec![entry]);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The Hessian of ⟨u, f⟩ is symmetric, and equals finite differences of the gradient.
    pub(super) fn second_order(&mut self) -> Result<(), Error> {
        if !self.subject.has_tangents() {
            return Ok(());
        }
        let (v, w) = (self.direction(), self.direction());
        let times = |direction: &[Tensor<f64>]| -> Result<Vec<Tensor<f64>>, Error> {
            let answer = self.answer(&self.inputs, Some(direction))?;
            let zeros = |x: &Tensor<f64>| Tensor::full(x.shape(), 0.0);
            let gradients = answer.gradients.iter().zip(&self.inputs);
            Ok(gradients.map(|(g, x)| g.as_ref().map_or_else(|_| zeros(x), tangents)).collect())
        };
        let (hv, hw) = (times(&v)?, times(&w)?);
        let form = |x: &[Tensor<f64>], y: &[Tensor<f64>], of: fn(&Tensor<f64>, &Tensor<f64>) -> f64| {
            x.iter().zip(y).map(|(x, y)| of(x, y)).sum::<f64>()
        };
        let (left, right) = (form(&w, &hv, dot), form(&v, &hw, dot));
        let size = 1.0 + form(&w, &hv, scale).max(form(&v, &hw, scale));
        let quotient = reference::derivative(
            |step| {
                let answer = self.answer(&moved(&self.inputs, &v, step), None)?;
                let gradients = answer.gradients.iter().zip(&w);
                Ok(gradients.map(|(g, w)| g.as_ref().map_or(0.0, |g| dot(&values(g), w))).sum())
            },
            0.02,
        )?;
        let differences = [(right, 1e-9 * size), (quotient.value, 10.0 * quotient.error + 1e-7 * size)];
        for (kind, (reference, allowed)) in
            ["⟨w, Hv⟩ against ⟨v, Hw⟩", "against differences of gradients"].iter().zip(differences)
        {
            self.report.comparisons += 1;
            let exact = allowed <= 1e-4 * size && reference.is_finite() && left.is_finite();
            if exact && (left - reference).abs() > allowed {
                let of = "Hessian".to_owned();
                let entry = Discrepancy { of, index: Vec::new(), analytic: left, reference, allowed };
                self.note(Probe::SecondOrder, kind, Some(Diagnosis::SecondOrder), vec![entry]);
                return Ok(());
            }
        }
        Ok(())
    }
}
