//! Second derivatives: the derivative of the pullback.

use crate::array::Tensor;
use crate::check::columns::ROOM;
use crate::check::examiner::Examiner;
use crate::check::reference::{self, Estimate};
use crate::check::report::{Diagnosis, Discrepancy, Probe};
use crate::check::subject::{D, Request, run_on_values};
use crate::check::tensors::{dot, largest_entry, moved, random_tensor, tangents};
use crate::error::Error;
use crate::op::AnyScalar;
use crate::scalar::Dual;
use crate::tape::Tape;

/// A number of the Hessian beside its reference.
struct Compared {
    kind: &'static str,
    found: f64,
    expected: f64,
    allowed: f64,
}

impl Compared {
    /// Whether both are numbers, the reference is accurate, and they differ.
    fn differs(&self, size: f64) -> bool {
        let decides = self.allowed <= 1e-4 * size && self.expected.is_finite() && self.found.is_finite();
        decides && (self.found - self.expected).abs() > self.allowed
    }
}

/// A number of second order: two levels of dual numbers.
type Second = Dual<D>;

impl Examiner<'_> {
    /// The Hessian of ⟨u, f⟩, by reverse mode over dual numbers, is symmetric. It equals that of forward mode over forward mode,
    /// or, of a function or model, finite differences of the gradient.
    pub(super) fn second_order(&mut self) -> Result<(), Error> {
        if let Some(operation) = self.subject.operation() {
            self.moving_cotangent(operation)?;
        }
        let (v, w) = (self.direction(), self.direction());
        let times = |inputs: &[Tensor<f64>], left: &[Tensor<f64>], right: &[Tensor<f64>]| {
            Ok(Self::slope_of(&self.hessian_times(inputs, right)?, left).0)
        };
        let (one, other) = (times(&self.inputs, &w, &v)?, times(&self.inputs, &v, &w)?);
        let size = 1.0 + Self::slope_of(&self.hessian_times(&self.inputs, &v)?, &w).1;
        let symmetric =
            Compared { kind: "⟨w, Hv⟩ against ⟨v, Hw⟩", found: one, expected: other, allowed: 1e-9 * size };
        if symmetric.differs(size) {
            let noise = self.noise(&self.inputs, |inputs| Ok(times(inputs, &w, &v)? - times(inputs, &v, &w)?))?;
            self.conclude(symmetric, noise);
            return Ok(());
        }
        if self.subject.operation().is_none() {
            return self.against_differences(&v, &w, size);
        }
        let expected = self.forward_over_forward(&self.inputs, &v, &w)?;
        let kind = "against forward mode over forward mode";
        let exact = Compared { kind, found: one, expected, allowed: 1e-8 * size };
        if exact.differs(size) {
            let difference =
                |inputs: &[Tensor<f64>]| Ok(times(inputs, &w, &v)? - self.forward_over_forward(inputs, &v, &w)?);
            let noise = self.noise(&self.inputs, difference)?;
            if noise.is_none() && self.is_branch(&v, |inputs| Ok(difference(inputs)?.abs() <= 1e-6 * size))? {
                let line =
                    format!("second derivatives, {kind}: they differ here, where the code branches, and not beside it");
                self.undecided(line);
            } else {
                self.conclude(exact, noise);
            }
        }
        self.report.comparisons += 2;
        Ok(())
    }

    /// Whether what fails here holds to both sides.
    fn is_branch(
        &self,
        v: &[Tensor<f64>],
        holds: impl Fn(&[Tensor<f64>]) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        const ASIDE: f64 = 1e-6;
        for step in [ASIDE, -ASIDE] {
            let aside = moved(&self.inputs, v, step);
            if !self.domain.contains(&aside) || !holds(&aside)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The pullback's derivative by the cotangent: where that moves by w, the gradient moves by the gradient for w.
    fn moving_cotangent(&mut self, operation: &dyn AnyScalar) -> Result<(), Error> {
        let motion = random_tensor(self.cotangent.shape(), &mut self.random);
        let expected = self.with_cotangent(motion.clone(), |here| here.gradients())?;
        let lifted: Vec<Tensor<D>> = self.inputs.iter().map(Tensor::cast).collect();
        let (u, ones) = (&self.cotangent, Tensor::full(self.cotangent.shape(), 1.0));
        let moving = Tensor::from_fn(u.shape(), |k| Dual::new(u.data()[k], motion.data()[k]));
        let request = Request { cotangent: Some(&ones), ..self.forward(&lifted) };
        // A cotangent of ones becomes the one that moves on its way to the operation.
        let weighted =
            || run_on_values(|t, x| t.apply(operation.dual(), x) * t.input(&moving), request, &mut Tape::new());
        let found = self.guarded(weighted, || ("with a cotangent that moves".to_owned(), self.inputs.clone()))?;
        for (input, found) in found.gradients.iter().enumerate() {
            let (true, Ok(found)) = (self.wanted[input], found.as_ref().map(tangents)) else { continue };
            let expected = &expected[input];
            let largest = largest_entry(std::slice::from_ref(expected));
            let constant = || Some(Diagnosis::SecondOrder);
            let setting = "with a cotangent that moves";
            self.compare(Probe::SecondOrder, setting, input, (&found, expected), |_| 1e-9 * largest, constant);
        }
        Ok(())
    }

    /// Against finite differences of the gradient.
    fn against_differences(&mut self, v: &[Tensor<f64>], w: &[Tensor<f64>], size: f64) -> Result<(), Error> {
        self.report.comparisons += 2;
        if let Some(line) = self.detached().first() {
            let line = format!("second derivatives: differences of gradients include the path through {line}");
            self.undecided(line);
            return Ok(());
        }
        let v = self.domain.with_room(&self.inputs, v, ROOM);
        let (found, _) = Self::slope_of(&self.hessian_times(&self.inputs, &v)?, w);
        let step = self.domain.step(&self.inputs, &v, self.precision().central);
        let slope = |step: f64| Ok(Self::slope_of(&self.gradients_at(&moved(&self.inputs, &v, step))?, w).0);
        let compared = |Estimate { value: expected, error }: Estimate| {
            let kind = "against differences of gradients";
            Compared { kind, found, expected, allowed: 10.0 * error + 1e-7 * size }
        };
        if compared(reference::derivative(slope, step)?).differs(size) {
            let again = compared(reference::robust_derivative(slope, step)?);
            if again.differs(size) {
                self.conclude(again, None);
            }
        }
        Ok(())
    }

    /// Records a wrong Hessian, or that rounding makes the difference.
    fn conclude(&mut self, Compared { kind, found, expected, allowed }: Compared, noise: Option<f64>) {
        if let Some(noise) = noise {
            let line =
                format!("second derivatives, {kind}: {found:.6e} and {expected:.6e} differ by rounding ± {noise:.1e}");
            self.undecided(line);
            return;
        }
        let (of, index) = ("Hessian".to_owned(), Vec::new());
        let entry = Discrepancy { of, index, analytic: found, reference: expected, allowed };
        self.note(Probe::SecondOrder, kind, Some(Diagnosis::SecondOrder), vec![entry]);
    }

    /// `∂²⟨u, f⟩ / ∂v ∂w` by dual numbers of dual numbers, without the pullback.
    fn forward_over_forward(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>], w: &[Tensor<f64>]) -> Result<f64, Error> {
        let Some(operation) = self.subject.operation() else { return Ok(f64::NAN) };
        let lift = |((x, v), w): ((&Tensor<f64>, &Tensor<f64>), &Tensor<f64>)| {
            let element = |k: usize| Second::new(Dual::new(x.data()[k], v.data()[k]), Dual::new(w.data()[k], 0.0));
            Tensor::from_fn(x.shape(), element)
        };
        let lifted: Vec<Tensor<Second>> = inputs.iter().zip(v).zip(w).map(lift).collect();
        let none = vec![false; inputs.len()];
        let request = Request::new(&lifted, &none);
        let case = || ("in nested dual numbers".to_owned(), inputs.to_vec());
        let run = || run_on_values(|t, inputs| t.apply(operation.second(), inputs), request, &mut Tape::new());
        let output = self.guarded(run, case)?.output;
        let second = Tensor::from_fn(output.shape(), |k| output.data()[k].tangent.tangent);
        Ok(dot(&self.cotangent, &second))
    }
}
