//! Black boxes: a function of slices with a gradient, vector-Jacobian product, Jacobian-vector product or Jacobian.

use std::marker::PhantomData;

use super::{Answer, D, Request, Subject};
use crate::array::{Shape, Tensor};
use crate::check::report::Probe;
use crate::check::storage::Storage;
use crate::error::Error;
use crate::scalar::Real;
use crate::tape::Tape;

/// The derivative of a black box, in one of the forms that people have.
pub trait ForeignGradient<T: Real> {
    /// The gradient of ⟨cotangent, f⟩ at `x`.
    fn pull(&self, x: &[T], cotangent: &[T]) -> Vec<T>;
}

/// The gradient of a function with one value: `x ↦ ∇f(x)`.
#[derive(Clone, Copy, Debug)]
pub struct Gradient<G>(pub G);

/// A vector-Jacobian product: `(x, u) ↦ Jᵀ u`.
#[derive(Clone, Copy, Debug)]
pub struct Vjp<G>(pub G);

/// A Jacobian-vector product: `(x, v) ↦ J v`.
#[derive(Clone, Copy, Debug)]
pub struct Jvp<G>(pub G);

/// The Jacobian, a row for each value, row by row: `x ↦ J`.
#[derive(Clone, Copy, Debug)]
pub struct Jacobian<G>(pub G);

impl<T: Real, G: Fn(&[T]) -> Vec<T>> ForeignGradient<T> for Gradient<G> {
    fn pull(&self, x: &[T], cotangent: &[T]) -> Vec<T> {
        let factor = cotangent.first().copied().unwrap_or(T::ZERO);
        (self.0)(x).into_iter().map(|slope| slope * factor).collect()
    }
}

impl<T: Real, G: Fn(&[T], &[T]) -> Vec<T>> ForeignGradient<T> for Vjp<G> {
    fn pull(&self, x: &[T], cotangent: &[T]) -> Vec<T> {
        (self.0)(x, cotangent)
    }
}

impl<T: Real, G: Fn(&[T], &[T]) -> Vec<T>> ForeignGradient<T> for Jvp<G> {
    fn pull(&self, x: &[T], cotangent: &[T]) -> Vec<T> {
        let mut unit = vec![T::ZERO; x.len()];
        let along = |input: usize| {
            unit[input] = T::ONE;
            let column = (self.0)(x, &unit);
            unit[input] = T::ZERO;
            column.iter().zip(cotangent).map(|(&slope, &u)| slope * u).sum()
        };
        (0..x.len()).map(along).collect()
    }
}

impl<T: Real, G: Fn(&[T]) -> Vec<T>> ForeignGradient<T> for Jacobian<G> {
    fn pull(&self, x: &[T], cotangent: &[T]) -> Vec<T> {
        let mut sums = vec![T::ZERO; x.len()];
        for (row, &u) in (self.0)(x).chunks(x.len().max(1)).zip(cotangent) {
            sums.iter_mut().zip(row).for_each(|(sum, &slope)| *sum += slope * u);
        }
        sums
    }
}

/// A function of one slice, in which the inputs follow each other.
pub(in crate::check) struct BlackBox<T, F, G> {
    pub(in crate::check) function: F,
    pub(in crate::check) gradient: G,
    pub(in crate::check) scalar: PhantomData<T>,
}

impl<T: Real, F, G> BlackBox<T, F, G> {
    fn error(reason: String) -> Error {
        Error::Engine { name: "black box".into(), reason }
    }
}

impl<T: Real, F: Fn(&[T]) -> Vec<T>, G: ForeignGradient<T>> Subject for BlackBox<T, F, G> {
    fn name(&self) -> String {
        "black box".into()
    }
    fn call(&self, inputs: &str) -> String {
        format!("foreign(f, gradient, [{inputs}])")
    }
    fn run(&self, request: Request<'_>, _: &mut Tape<D>) -> Result<Answer, Error> {
        let values = request.inputs.iter().flat_map(|x| x.data());
        let x: Vec<T> = values.map(|x| T::from_f64(x.value)).collect();
        let numbers = |values: Vec<T>| values.into_iter().map(|y| D::from_f64(y.to_f64())).collect::<Vec<D>>();
        let output = numbers((self.function)(&x));
        let mut gradients = Vec::new();
        if let Some(cotangent) = request.pulled() {
            let cotangent: Vec<T> = cotangent.data().iter().map(|&u| T::from_f64(u)).collect();
            let gradient = numbers(self.gradient.pull(&x, &cotangent));
            if gradient.len() != x.len() {
                let (found, right) = (gradient.len(), x.len());
                return Err(Self::error(format!("the gradient has {found} numbers for {right} numbers of input")));
            }
            let mut start = 0;
            for input in request.inputs {
                let end = start + input.data().len();
                gradients.push(Tensor::new(input.shape(), gradient[start..end].to_vec()));
                start = end;
            }
        }
        Ok(Answer { output: Tensor::new(Shape::new(&[output.len()]), output)?, gradients })
    }
    fn epsilon(&self) -> f64 {
        if T::LARGEST_EXACT_INTEGER < 1e9 { f32::EPSILON.into() } else { f64::EPSILON }
    }
    fn storages(&self) -> &[Storage] {
        &[Storage::Dense]
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        match probe {
            Probe::Accumulation | Probe::Subsets | Probe::Received => Some("a black box has no tape"),
            Probe::Layouts => Some("a slice has one layout"),
            Probe::Extents | Probe::Enlarged => Some("the sizes of a black box are its own"),
            Probe::Slopes | Probe::Extremes => {
                Some("for single operations: a composition bounds what its parts are given")
            }
            Probe::Replay => Some("a black box is not recorded"),
            Probe::SinglePrecision | Probe::DoublePrecision => Some("runs in its own scalar"),
            Probe::SecondOrder => Some("needs dual numbers"),
            _ => None,
        }
    }
}
