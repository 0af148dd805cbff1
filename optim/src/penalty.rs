//! Penalties on the size of parameters.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op};
use autodiff::{Error, ParamId, Real, Recording, Shape, Tensor, Var};

use crate::settings;

/// `λ/2 Σ w²`, whose gradient is `λ w`: ridge regression's penalty. (PyTorch's `weight_decay` is this λ.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L2(pub f64);

/// `λ Σ |w|`, whose sub-gradient is `λ sign w`, 0 at 0: the lasso's penalty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct L1(pub f64);

/// The sum of the two (Zou and Hastie 2005).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ElasticNet {
    /// Of `Σ |w|`.
    pub l1: f64,
    /// Of `½ Σ w²`.
    pub l2: f64,
}

/// `l1 Σ |w| + l2/2 Σ w²`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Penalty {
    l1: f64,
    l2: f64,
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
    /// The penalty as a term of a loss on the tape, over these parameters. A λ that is negative, infinite or NaN is a mistake on
    /// the tape.
    #[track_caller]
    pub fn term<'r, T: Real>(self, recording: &'r Recording<'r, T>, parameters: &[ParamId]) -> Var<'r, T> {
        if let Err(error) = self.check::<T>() {
            return recording.apply(Refusal(error.to_string()), []);
        }
        let zero = recording.constant(&Tensor::scalar(T::ZERO));
        parameters.iter().fold(zero, |sum, &id| {
            let w = recording.param(id);
            let sum = if self.l1 == 0.0 { sum } else { sum + w.abs().sum(..) * self.l1 };
            if self.l2 == 0.0 { sum } else { sum + w.square().sum(..) * (0.5 * self.l2) }
        })
    }

    pub(crate) fn check<T: Real>(self) -> Result<(), Error> {
        settings::not_negative_in::<T>("l1", self.l1)?;
        settings::not_negative_in::<T>("l2", self.l2)
    }

    /// Adds the sub-gradient.
    pub(crate) fn add_gradient<T: Real>(self, values: &[T], gradient: &mut [T]) {
        let (l1, l2) = (T::from_f64(self.l1), T::from_f64(self.l2));
        for (g, &w) in gradient.iter_mut().zip(values) {
            let sign = if w > T::ZERO {
                l1
            } else if w < T::ZERO {
                -l1
            } else {
                T::ZERO
            };
            *g += l2 * w + sign;
        }
    }

    /// The proximal step of size `rate`: the `w'` that minimizes `½(w' − w)²/rate + penalty(w')`. It sets small entries to exactly
    /// 0 where there is an L1 part.
    pub(crate) fn shrink<T: Real>(self, rate: f64, values: &mut [T]) {
        let (threshold, scale) = (T::from_f64(rate * self.l1), T::from_f64(1.0 + rate * self.l2));
        for w in values {
            let size = w.abs();
            let kept = if size > threshold { size - threshold } else { T::ZERO } / scale;
            *w = if *w < T::ZERO { -kept } else { kept };
        }
    }
}

/// A penalty that is none, as a mistake on the tape.
#[derive(Clone, Debug)]
struct Refusal(String);

impl<T: Real> Op<T> for Refusal {
    fn name(&self) -> &'static str {
        "penalty"
    }
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        Err(Mismatch::new(self.0.clone()))
    }
    fn forward(&self, _: Inputs<'_, T>, _: &mut [T], _: &mut [T]) {}
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}
