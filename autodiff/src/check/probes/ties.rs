//! Gradients at equal elements, where maxima tie and functions have kinks.

use crate::array::Tensor;
use crate::check::columns::ROOM;
use crate::check::examiner::Examiner;
use crate::check::reference;
use crate::check::report::{Diagnosis, Discrepancy, Probe};
use crate::check::trial::Slope;
use crate::error::Error;

/// Up to this many input elements, every pair is tied.
const FEW: usize = 6;

/// An element: input and row-major index.
type Element = (usize, usize);

impl Examiner<'_> {
    /// Ties all input elements and, if there are few, every pair. The gradient along a direction must lie between the left
    /// and right derivatives.
    pub(super) fn ties(&mut self) -> Result<(), Error> {
        if self.report.findings.iter().any(|finding| finding.probe == Probe::Derivative) {
            return Ok(()); // a gradient that is wrong everywhere is also wrong at ties
        }
        let entries: Vec<Element> = (0..self.inputs.len())
            .filter(|&input| self.wanted[input])
            .flat_map(|input| (0..self.inputs[input].data().len()).map(move |element| (input, element)))
            .collect();
        let [first, _, ..] = entries[..] else { return Ok(()) };
        let of_input = |input: usize| entries.iter().copied().filter(|entry| entry.0 == input).collect::<Vec<_>>();
        let groups: Vec<_> = (0..self.inputs.len()).map(of_input).filter(|group| !group.is_empty()).collect();
        let refused = self.report.refused.len();
        if self.tie_is_wrong("all values equal", first, &entries, &groups)? || self.opposites_are_wrong()? {
            return Ok(());
        }
        // Where not all inputs can tie, each may.
        let alone = groups.len() > 1 && self.report.refused.len() > refused;
        for group in groups.iter().filter(|_| alone) {
            let setting = format!("all values of input {} equal", group[0].0);
            if self.tie_is_wrong(&setting, group[0], group, std::slice::from_ref(group))? {
                return Ok(());
            }
        }
        if entries.len() > FEW {
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

    /// The derivative where one input is minus another; returns whether there is a finding.
    fn opposites_are_wrong(&mut self) -> Result<bool, Error> {
        let before = self.report.findings.len();
        let is_model = self.subject.recorded().is_some_and(|recorded| recorded.params().is_some());
        let count = if is_model { 0 } else { self.inputs.len() };
        for (one, other) in (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other))) {
            let alike = self.inputs[one].shape() == self.inputs[other].shape();
            if !(alike && self.wanted[one] && self.wanted[other]) {
                continue;
            }
            let mut inputs = self.inputs.clone();
            inputs[other] = inputs[one].map(|x| -x);
            if self.domain.contains(&inputs) {
                let setting = format!("input {other} is minus input {one}");
                // Of a value that is no number, such as the root of a negative one, no derivative is right.
                self.elsewhere(Probe::Ties, &setting, &inputs, self.settings, |there| {
                    if there.output.data().iter().any(|y| y.is_nan()) { Ok(()) } else { there.derivative() }
                })?;
            }
        }
        Ok(self.report.findings.len() > before)
    }

    /// Sets the elements `tied` to the value of `like`, and compares the gradient with one-sided derivatives along all of them
    /// together and along each group. Records a finding and returns whether there is one.
    fn tie_is_wrong(
        &mut self,
        setting: &str,
        like: Element,
        tied: &[Element],
        groups: &[Vec<Element>],
    ) -> Result<bool, Error> {
        let mut inputs = self.inputs.clone();
        let value = inputs[like.0].data()[like.1];
        tied.iter().for_each(|&(input, element)| inputs[input].data_mut()[element] = value);
        if !self.domain.contains(&inputs) {
            return Ok(false);
        }
        let gradients = self.gradients_at(&inputs);
        let Some(gradients) = self.unless_refused(setting, &inputs, gradients)? else { return Ok(false) };
        for group in std::iter::once(tied).chain(groups.iter().map(Vec::as_slice)) {
            let mut v: Vec<Tensor<f64>> = inputs.iter().map(|x| Tensor::full(x.shape(), 0.0)).collect();
            group.iter().for_each(|&(input, element)| v[input].data_mut()[element] = 1.0);
            self.report.comparisons += 1;
            if let Some((analytic, reference, allowed)) = self.lies_outside(setting, &inputs, &gradients, &v)? {
                let entry =
                    Discrepancy { of: "tied elements".to_owned(), index: Vec::new(), analytic, reference, allowed };
                self.note(Probe::Ties, setting, Some(Diagnosis::TieNotShared), vec![entry]);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// If the gradient along `v` is not between the derivatives to both sides, beyond their errors, and dual numbers do not give
    /// it either: the gradient, the middle of both sides, and what was allowed.
    fn lies_outside(
        &mut self,
        setting: &str,
        inputs: &[Tensor<f64>],
        gradients: &[Tensor<f64>],
        v: &[Tensor<f64>],
    ) -> Result<Option<(f64, f64, f64)>, Error> {
        let (found, terms) = Self::slope_of(gradients, v);
        if self.domain.with_room(inputs, v, ROOM) != v {
            return Ok(None);
        }
        let step = self.domain.step(inputs, v, self.precision().side);
        let sides = reference::one_sided(|step| self.along(inputs, v, step), step);
        if let Err(Error::Operation { reason, .. }) = sides {
            self.report.refused.push(format!("{} beside {setting}: {reason}", self.describe()));
            return Ok(None);
        }
        let [left, right] = sides?;
        let size = 1.0 + terms + left.value.abs() + right.value.abs();
        let errors = 10.0 * (left.error + right.error);
        let slack = self.precision().slack * size + errors;
        let (low, high) = (left.value.min(right.value), left.value.max(right.value));
        let inside = found >= low - slack && found <= high + slack;
        let decides = errors < 0.1 * size; // not where a side is not finite
        if inside || !decides {
            return Ok(None);
        }
        if self.subject.has_tangents() {
            let exact = self.column(inputs, v)?.pulled(&self.cotangent).value;
            if (found - exact).abs() <= 1e-7 * size {
                return Ok(None); // a branch of a function that bends faster than the steps
            }
        } else {
            let apart = (found - left.value).abs().min((found - right.value).abs());
            if self.is_confirmed(Slope { inputs, v, found, size }, apart)? {
                return Ok(None);
            }
        }
        Ok(Some((found, (left.value + right.value) / 2.0, slack)))
    }
}
