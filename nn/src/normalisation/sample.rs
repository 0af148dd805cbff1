//! Normalisations that look at each sample alone.

use autodiff::{Axes, ParamId, Real, Scope, Shape, Var, keep};

use smallvec::SmallVec;

use super::affine::{Affine, check_groups};
use crate::initialisers::Initial;
use crate::module::Module;
use crate::refusal::refuse;

/// Layer normalisation (Ba, Kiros and Hinton 2016): over the last axes, whose extents are given,
/// `y = scale · (x − mean) / √(variance + ε) + shift`, with a scale and a shift for each of their places.
///
/// Parameters: `weight` (1 at first) and `bias` (0), of the given extents. Default: ε = 10⁻⁵.
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

    /// What is added to variances, instead of 10⁻⁵.
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

/// The last axes of `x`, which must have the extents `shape`.
fn last_axes<T: Real>(shape: &Shape, x: Var<'_, T>) -> Option<Axes> {
    let found = x.shape().ok()?;
    let first = found.rank().checked_sub(shape.rank())?;
    (found[first..] == shape[..]).then(|| Axes::from(&(first..found.rank()).collect::<SmallVec<[usize; 4]>>()[..]))
}

impl<T: Real> Module<T> for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        match last_axes(&self.shape, x) {
            Some(axes) => x.normalise(Some(self.affine.vars(x)), axes, self.epsilon).value,
            None => refuse("layer_norm", format!("the last extents must be {}", self.shape), x),
        }
    }
}

/// Root-mean-square normalisation (Zhang and Sennrich 2019): over the last axis, `y = scale · x / √(mean(x²) + ε)`.
///
/// Parameter: `weight`, `[features]`, 1 at first. Default: ε = 10⁻⁵.
#[derive(Clone, Copy, Debug)]
pub struct RmsNorm {
    features: usize,
    weight: ParamId,
    epsilon: f64,
}

impl RmsNorm {
    /// Over a last axis of this extent.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, features: usize) -> Self {
        let one = |values: &mut [f64], random: &mut _| Initial::Constant(1.0).fill(&[features], values, random);
        RmsNorm { features, weight: scope.parameter("weight", [features], one), epsilon: 1e-5 }
    }

    /// What is added to mean squares, instead of 10⁻⁵.
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
        match last_axes(&[self.features].into(), x) {
            Some(last) => {
                let size = (x.square().mean(keep(last)) + self.epsilon).sqrt();
                x / size * x.recording().param(self.weight)
            }
            None => refuse("rms_norm", format!("the last axis must have extent {}", self.features), x),
        }
    }
}

/// Group normalisation (Wu and He 2018): channels, places of axis 1, in groups of neighbours;
/// `y = scale · (x − mean) / √(variance + ε) + shift`, mean and variance over a group's channels and all axes behind.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
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

    /// What is added to variances, instead of 10⁻⁵.
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
        if let Some(refused) = check_groups("group_norm", self.channels, self.groups, x) {
            return refused;
        }
        let Ok(shape) = x.shape() else { return x };
        // [samples, groups, rest of the channel axis, ..]
        let split = shape.with(1, self.channels / self.groups).insert(1, self.groups);
        let behind: SmallVec<[usize; 4]> = (2..split.rank()).collect();
        let channel: Shape = (1..split.rank()).map(|axis| if axis < 3 { split[axis] } else { 1 }).collect();
        let [weight, bias] = self.affine.along_channels(x);
        let affine = [weight.reshape(channel.clone()), bias.reshape(channel)];
        x.reshape(split).normalise(Some(affine), &behind[..], self.epsilon).value.reshape(shape)
    }
}

/// Instance normalisation (Ulyanov, Vedaldi and Lempitsky 2016): [`GroupNorm`] with each channel a group of its own.
///
/// Parameters: `weight` (1 at first) and `bias` (0), `[channels]`. Default: ε = 10⁻⁵.
#[derive(Clone, Copy, Debug)]
pub struct InstanceNorm(GroupNorm);

impl InstanceNorm {
    /// For so many channels.
    pub fn new<T: Real>(scope: Scope<'_, T>, channels: usize) -> Self {
        InstanceNorm(GroupNorm::new(scope, channels, channels))
    }

    /// What is added to variances, instead of 10⁻⁵.
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
        self.0.forward(x)
    }
}
