//! Normalizations that look at each sample alone.

use autodiff::{Axes, ParamId, Real, Scope, Shape, Var, keepdim};

use smallvec::SmallVec;

use super::affine::{Affine, check_channels, check_count};
use super::overflow::refuse_infinite;
use crate::initializers::Initial;
use crate::module::Module;
use crate::invalid::invalid_input;
use crate::settings::{Check, divides, not_negative};

/// Layer normalization (Ba, Kiros and Hinton 2016): over the last axes, whose extents are given,
/// `y = scale · (x − mean) / √(variance + ε) + shift`, with a scale and a shift for each of their places.
///
/// Parameters: `weight` (1 at first) and `bias` (0), of the given extents. Default: ε = 10⁻⁵.
///
/// # Errors
/// Kept on the tape: other last extents; extents of one value, whose variance is 0 whatever it is; values whose variance is
/// infinite in the scalar; an ε that is no number from 0 up.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    shape: Shape,
    affine: Affine,
    epsilon: f64,
}

impl LayerNorm {
    /// Over last axes of these extents.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        LayerNorm { affine: Affine::new(&mut scope, shape.clone(), 1.0), shape, epsilon: 1e-5 }
    }

    /// What is added to variances, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        LayerNorm { epsilon, ..self }
    }

    /// The scales, of the given extents.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The shifts, of the given extents.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }
}

/// The last axes of a value, which must have the extents `shape`.
fn last_axes(shape: &Shape, found: &Shape) -> Result<Axes, String> {
    let first = found.rank().checked_sub(shape.rank()).filter(|&first| found[first..] == shape[..]);
    let axes = first.map(|first| Axes::from(&(first..found.rank()).collect::<SmallVec<[usize; 4]>>()[..]));
    axes.ok_or_else(|| format!("the last extents must be {shape}"))
}

impl<T: Real> Module<T> for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(found) = x.shape() else { return x };
        let checked = not_negative::<T>("epsilon", self.epsilon)
            .and_then(|()| {
                check_count("sample", self.shape.iter().fold(1, |size, &extent| extent.saturating_mul(size)))
            })
            .and_then(|()| last_axes(&self.shape, &found));
        match checked {
            Ok(axes) => {
                let normal = x.normalize(Some(self.affine.vars(x)), axes, self.epsilon);
                refuse_infinite("layer_norm", normal.variance, x.recording().param(self.affine.weight));
                normal.value
            }
            Err(reason) => invalid_input("layer_norm", reason, x),
        }
    }
}

/// Root-mean-square normalization (Zhang and Sennrich 2019): over the last axis, `y = scale · x / √(mean(x²) + ε)`.
///
/// Parameter: `weight`, `[features]`, 1 at first. Default: ε = 10⁻⁵.
///
/// # Errors
/// Kept on the tape: another last extent; values whose mean square is infinite in the scalar; an ε that is no number from 0 up.
#[derive(Clone, Copy, Debug)]
pub struct RmsNorm {
    features: usize,
    weight: ParamId,
    epsilon: f64,
}

impl RmsNorm {
    /// Over a last axis of this extent.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, features: usize) -> Self {
        let weight = Initial::Constant(1.0).register(&mut scope, "weight", &[features], &[features]);
        RmsNorm { features, weight, epsilon: 1e-5 }
    }

    /// What is added to mean squares, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsNorm { epsilon, ..self }
    }

    /// The scales, `[features]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }
}

impl<T: Real> Module<T> for RmsNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let Ok(found) = x.shape() else { return x };
        let checked =
            not_negative::<T>("epsilon", self.epsilon).and_then(|()| last_axes(&[self.features].into(), &found));
        match checked {
            Ok(last) => {
                let square = x.square().mean(keepdim(last));
                refuse_infinite("rms_norm", square, x.recording().param(self.weight));
                x / (square + self.epsilon).sqrt() * x.recording().param(self.weight)
            }
            Err(reason) => invalid_input("rms_norm", reason, x),
        }
    }
}

/// Group normalization (Wu and He 2018): channels, places of axis 1, in groups of neighbors;
/// `y = scale · (x − mean) / √(variance + ε) + shift`, mean and variance over a group's channels and all axes behind.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
///
/// # Errors
/// Kept on the tape: another number of channels; channels that do not divide into the groups; groups of one value, whose
/// variance is 0 whatever it is; values whose variance is infinite in the scalar; an ε that is no number from 0 up.
#[derive(Clone, Copy, Debug)]
pub struct GroupNorm {
    groups: usize,
    channels: usize,
    affine: Affine,
    epsilon: f64,
}

impl GroupNorm {
    /// For so many channels in so many groups; the first number must be a multiple of the second.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, channels: usize, groups: usize) -> Self {
        GroupNorm { groups, channels, affine: Affine::new(&mut scope, [channels], 1.0), epsilon: 1e-5 }
    }

    /// What is added to variances, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        GroupNorm { epsilon, ..self }
    }

    /// The scales, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The shifts, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }
}

impl<T: Real> Module<T> for GroupNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.normalized("group_norm", x)
    }
}

impl GroupNorm {
    fn check<T: Real>(&self, x: Var<'_, T>) -> Check {
        not_negative::<T>("epsilon", self.epsilon)?;
        divides("channels", self.channels, self.groups)?;
        check_channels(self.channels, x)
    }

    /// Normalizes for the module that errors name.
    #[track_caller]
    fn normalized<'t, T: Real>(&self, name: &'static str, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = self.check(x) {
            return invalid_input(name, reason, x);
        }
        let Ok(shape) = x.shape() else { return x };
        // [samples, groups, rest of the channel axis, ..]
        let split = shape.with(1, self.channels / self.groups).insert(1, self.groups);
        if let Err(reason) = check_count("group", split[2..].iter().product()) {
            return invalid_input(name, reason, x);
        }
        let behind: SmallVec<[usize; 4]> = (2..split.rank()).collect();
        let channel: Shape = (1..split.rank()).map(|axis| if axis < 3 { split[axis] } else { 1 }).collect();
        let [weight, bias] = self.affine.along_channels(x);
        let affine = [weight.reshape(channel.clone()), bias.reshape(channel)];
        let normal = x.reshape(split).normalize(Some(affine), &behind[..], self.epsilon);
        refuse_infinite(name, normal.variance, x.recording().param(self.affine.weight));
        normal.value.reshape(shape)
    }
}

/// Instance normalization (Ulyanov, Vedaldi and Lempitsky 2016): [`GroupNorm`] with each channel a group of its own.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
#[derive(Clone, Copy, Debug)]
pub struct InstanceNorm(GroupNorm);

impl InstanceNorm {
    /// For so many channels.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize) -> Self {
        InstanceNorm(GroupNorm::new(scope, channels, channels))
    }

    /// What is added to variances, instead of 10⁻⁵: a number from 0 up.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        InstanceNorm(self.0.epsilon(epsilon))
    }

    /// The scales, `[channels]`.
    pub fn weight(&self) -> ParamId {
        self.0.affine.weight
    }

    /// The shifts, `[channels]`.
    pub fn bias(&self) -> ParamId {
        self.0.affine.bias
    }
}

impl<T: Real> Module<T> for InstanceNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.0.normalized("instance_norm", x)
    }
}
