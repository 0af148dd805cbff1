//! Scale and shift of each channel: the re-parametrization after a normalization.

use autodiff::{ParamId, Real, Scope, Shape, Var};

use crate::initializers::Initial;
use crate::settings::Check;

/// A scale, at first 1, and a shift, at first 0, for each channel or feature: parameters `weight` and `bias`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) weight: ParamId,
    pub(super) bias: ParamId,
}

impl Affine {
    pub(super) fn new<T: Real>(scope: &mut Scope<'_, T>, shape: impl Into<Shape>, scale: f64) -> Self {
        let shape = shape.into();
        let mut constant = |name, value| Initial::Constant(value).register(scope, name, &shape, &shape);
        Affine { weight: constant("weight", scale), bias: constant("bias", 0.0) }
    }

    /// Scale and shift as they are.
    #[track_caller]
    pub(super) fn vars<'t, T: Real>(self, x: Var<'t, T>) -> [Var<'t, T>; 2] {
        [x.recording().param(self.weight), x.recording().param(self.bias)]
    }

    /// Scale and shift, of shape `[channels]`, laid along axis 1 of `x`.
    #[track_caller]
    pub(super) fn along_channels<'t, T: Real>(self, x: Var<'t, T>) -> [Var<'t, T>; 2] {
        let [weight, bias] = self.vars(x);
        [along_channels(weight, x), along_channels(bias, x)]
    }
}

/// `[channels]` as `[channels, 1, ..]`, which broadcasts along axis 1 of `x`.
#[track_caller]
pub(super) fn along_channels<'t, T: Real>(of_channel: Var<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
    let mut along = of_channel;
    for _ in 2..x.shape().map_or(2, |shape| shape.rank()) {
        along = along.unsqueeze(1);
    }
    along
}

/// Whether axis 1 of `x` has `channels` places. A value without a shape carries its own mistake.
pub(super) fn check_channels<T: Real>(channels: usize, x: Var<'_, T>) -> Check {
    match x.shape() {
        Ok(shape) if shape.get(1) != Some(&channels) => {
            Err(format!("it was made for {channels} channels: axis 1 must have as many"))
        }
        _ => Ok(()),
    }
}

/// Whether a statistic is taken over more than one value: of one, the deviation is 0 and the output the shift, whatever the
/// value is.
pub(super) fn check_count(of: &str, count: usize) -> Check {
    if count == 1 { Err(format!("expected more than 1 value per {of}, found 1: its variance is 0")) } else { Ok(()) }
}
