//! Penalties on the size of parameters.

use autodiff::op::dispatch;
use autodiff::{Error, ParamId, Real, Recording, Tensor, Var};

use super::{GradientTransform, SelectedGradients};
use crate::settings;

/// The ridge penalty `λ/2 Σ w²`, with gradient `λ w`. λ is PyTorch's `weight_decay`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L2(pub f64);

/// The lasso penalty `λ Σ |w|`, with sub-gradient `λ sign w`, which is 0 at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L1(pub f64);

/// The elastic net (Zou and Hastie 2005): the sum of [`L1`] and [`L2`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ElasticNet {
    /// The coefficient of `Σ |w|`.
    pub l1: f64,
    /// The coefficient of `½ Σ w²`.
    pub l2: f64,
}

/// A penalty on parameters, `l1 Σ |w| + l2/2 Σ w²`: made from [`L1`], [`L2`] or [`ElasticNet`].
///
/// There are three ways to use one, with the same minimum:
/// - [`Optimizer::regularize`](crate::Optimizer::regularize) adds its gradient in each step, and needs no tape;
/// - [`Optimizer::proximal`](crate::Optimizer::proximal) takes a proximal step instead, which makes entries exactly 0;
/// - [`Penalty::term`] is its value on the tape, as part of a loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
}

impl From<L2> for Penalty {
    fn from(L2(l2): L2) -> Self {
        Penalty { l1: 0.0, l2 }
    }
}

impl From<L1> for Penalty {
    fn from(L1(l1): L1) -> Self {
        Penalty { l1, l2: 0.0 }
    }
}

impl From<ElasticNet> for Penalty {
    fn from(ElasticNet { l1, l2 }: ElasticNet) -> Self {
        Penalty { l1, l2 }
    }
}

impl Penalty {
    /// The value of the penalty on these parameters, a scalar on the tape, to be added to a loss.
    ///
    /// # Errors
    /// A coefficient that is negative, infinite or NaN, and a parameter of other [`Params`](autodiff::Params), are errors on the
    /// tape.
    #[track_caller]
    pub fn term<'r, T: Real>(self, recording: &'r Recording<'r, T>, parameters: &[ParamId]) -> Var<'r, T> {
        if let Err(error) = self.check_coefficients::<T>() {
            return recording.reject("penalty", error.to_string(), []);
        }
        let zero = recording.constant(&Tensor::scalar(T::ZERO));
        parameters.iter().fold(zero, |sum, &id| {
            let w = recording.param(id);
            let sum = if self.l1 == 0.0 { sum } else { sum + w.abs().sum(..) * self.l1 };
            if self.l2 == 0.0 { sum } else { sum + w.square().sum(..) * (0.5 * self.l2) }
        })
    }

    pub(crate) fn check_coefficients<T: Real>(self) -> Result<(), Error> {
        settings::not_negative_in::<T>("l1", self.l1)?;
        settings::not_negative_in::<T>("l2", self.l2)
    }
}

impl<T: Real> GradientTransform<T> for Penalty {
    fn name(&self) -> &'static str {
        "regularize"
    }

    fn check(&self) -> Result<(), Error> {
        self.check_coefficients::<T>()
    }

    /// Adds the sub-gradient of the penalty.
    fn apply(&self, _: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
        let (l1, l2) = (T::from_f64(self.l1), T::from_f64(self.l2));
        let sign = move |w: T| match () {
            () if w > T::ZERO => l1,
            () if w < T::ZERO => -l1,
            () => T::ZERO,
        };
        for parameter in gradients.iter_mut() {
            let entries = parameter.gradient.iter_mut().zip(parameter.values);
            dispatch(move || entries.for_each(move |(g, &w)| *g += l2 * w + sign(w)));
        }
        Ok(())
    }
}
