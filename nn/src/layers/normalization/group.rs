//! Normalizations over groups of channels of each sample.

use autodiff::{ParamId, Real, Scope, Shape, Var};

use smallvec::SmallVec;

use super::affine::{Affine, affine_along_channels, check_vectors};
use super::variance::{check_count, check_finite_variance};
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{divides, not_negative};

/// Group normalization (Wu and He 2018): `y = weight · (x − mean) / √(variance + ε) + bias`, with mean and variance over a
/// group of neighboring channels and all axes after them.
///
/// # Shapes
/// Input and output `[samples, channels, ..]`.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
///
/// # Errors
/// Recorded on the tape: another number of channels; channels that do not divide into the groups; groups of one value, whose
/// variance is always 0; values whose variance is infinite in the scalar; an ε that is negative or not finite.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm {
    groups: usize,
    affine: Affine,
    epsilon: f64,
}

impl GroupNorm {
    /// A layer for this number of channels, which must be a multiple of `groups`.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, channels: usize, groups: usize) -> Self {
        GroupNorm { groups, affine: Affine::new(&mut scope, [channels], 1.0), epsilon: 1e-5 }
    }

    /// With this ε, at least 0, added to variances.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        GroupNorm { epsilon, ..self }
    }

    /// The weights, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The biases, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }
}

impl<T: Real> Module<T> for GroupNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        group_norm(x, self.groups, Some(self.affine.record(x)), self.epsilon)
    }
}

/// Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016): [`GroupNorm`] with each channel a group of its own.
///
/// # Shapes
/// Input and output `[samples, channels, ..]`.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
#[derive(Clone, Copy, Debug)]
pub struct InstanceNorm {
    affine: Affine,
    epsilon: f64,
}

impl InstanceNorm {
    /// A layer for this number of channels.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, channels: usize) -> Self {
        InstanceNorm { affine: Affine::new(&mut scope, [channels], 1.0), epsilon: 1e-5 }
    }

    /// With this ε, at least 0, added to variances.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        InstanceNorm { epsilon, ..self }
    }

    /// The weights, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The biases, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }
}

impl<T: Real> Module<T> for InstanceNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        instance_norm(x, Some(self.affine.record(x)), self.epsilon)
    }
}

/// Group normalization: the function of a [`GroupNorm`] layer.
///
/// # Shapes
/// `x` and the result are `[samples, channels, ..]`; the weight and the bias of `affine`, `[channels]`.
#[track_caller]
#[must_use]
pub fn group_norm<'t, T: Real>(
    x: Var<'t, T>,
    groups: usize,
    affine: Option<[Var<'t, T>; 2]>,
    epsilon: f64,
) -> Var<'t, T> {
    normalize("group_norm", x, groups, affine, epsilon)
}

/// Instance normalization: the function of an [`InstanceNorm`] layer.
///
/// # Shapes
/// `x` and the result are `[samples, channels, ..]`; the weight and the bias of `affine`, `[channels]`.
#[track_caller]
#[must_use]
pub fn instance_norm<'t, T: Real>(x: Var<'t, T>, affine: Option<[Var<'t, T>; 2]>, epsilon: f64) -> Var<'t, T> {
    let channels = x.shape().ok().and_then(|shape| shape.get(1).copied());
    normalize("instance_norm", x, channels.unwrap_or(1), affine, epsilon)
}

/// Normalizes, for the function that errors name.
#[track_caller]
fn normalize<'t, T: Real>(
    name: &'static str,
    x: Var<'t, T>,
    groups: usize,
    affine: Option<[Var<'t, T>; 2]>,
    epsilon: f64,
) -> Var<'t, T> {
    let Ok(shape) = x.shape() else { return x };
    let channels = shape.get(1).copied();
    let checked = not_negative::<T>("epsilon", epsilon)
        .and_then(|()| check_vectors(affine.as_ref().map_or(&[], |affine| affine), &shape))
        .and_then(|()| channels.ok_or_else(|| "the input must be [samples, channels, ..]".to_owned()))
        .and_then(|channels| divides("channels", channels, groups).map(|()| channels))
        .and_then(|channels| {
            // [samples, groups, channels of a group, ..]
            let split = shape.with(1, channels / groups).insert(1, groups);
            check_count("group", split[2..].iter().product()).map(|()| split)
        });
    let split = match checked {
        Ok(split) => split,
        Err(reason) => return invalid_input(name, reason, x),
    };
    let axes: SmallVec<[usize; 4]> = (2..split.rank()).collect();
    let channel: Shape = (1..split.rank()).map(|axis| if axis < 3 { split[axis] } else { 1 }).collect();
    let mut along = affine_along_channels(affine, x);
    for value in along.iter_mut().flatten() {
        *value = value.reshape(channel.clone());
    }
    let normal = x.reshape(split).normalize(along, &axes[..], epsilon);
    check_finite_variance(name, normal.variance, affine.map_or(x, |[weight, _]| weight));
    normal.value.reshape(shape)
}
