//! Scale and shift of each channel: the re-parametrisation after a normalisation.

use autodiff::{ParamId, Real, Scope, Shape, Var};

use crate::initialisers::Initial;
use crate::refusal::refuse;

/// A scale, at first 1, and a shift, at first 0, for each channel or feature: parameters `weight` and `bias`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub(super) weight: ParamId,
    pub(super) bias: ParamId,
}

impl Affine {
    pub(super) fn new<T: Real>(scope: &mut Scope<'_, T>, shape: impl Into<Shape>, scale: f64) -> Self {
        let shape = shape.into();
        let mut constant = |name, value| {
            scope.parameter(name, shape.clone(), |values, random| {
                Initial::Constant(value).fill(&shape, values, random);
            })
        };
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

/// Refuses a value whose axis 1 has not `channels` places.
#[track_caller]
pub(super) fn check_channels<'t, T: Real>(what: &'static str, channels: usize, x: Var<'t, T>) -> Option<Var<'t, T>> {
    match x.shape() {
        Ok(shape) if shape.get(1) != Some(&channels) => {
            Some(refuse(what, format!("it was made for {channels} channels: axis 1 must have as many"), x))
        }
        _ => None,
    }
}

/// As [`check_channels`], and refuses channels that do not divide into `groups`.
#[track_caller]
pub(super) fn check_groups<'t, T: Real>(
    what: &'static str,
    channels: usize,
    groups: usize,
    x: Var<'t, T>,
) -> Option<Var<'t, T>> {
    let refused = check_channels(what, channels, x);
    if refused.is_some() || (groups > 0 && channels.is_multiple_of(groups)) {
        return refused;
    }
    Some(refuse(what, format!("{channels} channels do not divide into {groups} groups"), x))
}
