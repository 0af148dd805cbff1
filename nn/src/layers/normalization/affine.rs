//! Weight and bias of each channel: the affine map after a normalization.

use autodiff::{ParamId, Real, Scope, Shape, Var};

use crate::initializers::Initial;
use crate::settings::Check;

/// A weight, at first 1, and a bias, at first 0, for each channel or feature: parameters `weight` and `bias`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) weight: ParamId,
    pub(super) bias: ParamId,
}

impl Affine {
    pub(super) fn new<T: Real>(scope: &mut Scope<'_, T>, shape: impl Into<Shape>, weight: f64) -> Self {
        let shape = shape.into();
        let mut constant = |name, value| Initial::Constant(value).register(scope, name, &shape, &shape);
        Affine { weight: constant("weight", weight), bias: constant("bias", 0.0) }
    }

    /// Weight and bias on the tape of `x`.
    #[track_caller]
    pub(super) fn record<'t, T: Real>(self, x: Var<'t, T>) -> [Var<'t, T>; 2] {
        [x.recording().param(self.weight), x.recording().param(self.bias)]
    }
}

/// `[channels]` as `[channels, 1, ..]`, which broadcasts along axis 1 of `x`.
#[track_caller]
pub(super) fn along_channels<'t, T: Real>(channels: Var<'t, T>, x: Var<'t, T>) -> Var<'t, T> {
    let mut along = channels;
    for _ in 2..x.shape().map_or(2, |shape| shape.rank()) {
        along = along.unsqueeze(1);
    }
    along
}

/// Weight and bias, `[channels]` each, along axis 1 of `x`.
#[track_caller]
#[allow(clippy::manual_map, reason = "a closure would hide the caller's line")]
pub(super) fn affine_along_channels<'t, T: Real>(
    affine: Option<[Var<'t, T>; 2]>,
    x: Var<'t, T>,
) -> Option<[Var<'t, T>; 2]> {
    match affine {
        Some([weight, bias]) => Some([along_channels(weight, x), along_channels(bias, x)]),
        None => None,
    }
}

/// An error unless axis 1 of a shape has `channels` indices.
pub(super) fn check_channels(channels: usize, shape: &Shape) -> Check {
    if shape.get(1) == Some(&channels) {
        return Ok(());
    }
    Err(format!("there are parameters for {channels} channels: axis 1 must have as many"))
}

/// An error unless each value is `[channels]`, with the channels of axis 1 of a shape. A value without a shape carries its
/// own error.
pub(super) fn check_vectors<T: Real>(values: &[Var<'_, T>], shape: &Shape) -> Check {
    for value in values {
        match value.shape().as_deref() {
            Ok(&[channels]) => check_channels(channels, shape)?,
            Ok(other) => return Err(format!("weight and bias must be [channels], found {}", Shape::new(other))),
            Err(_) => {}
        }
    }
    Ok(())
}
