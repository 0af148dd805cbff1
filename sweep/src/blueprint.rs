//! What a network is and how it is trained: the parts that axes change.

use std::fmt;
use std::sync::Arc;

use autodiff::{Real, Scope, Var};
use nn::{Activation, Initial, Module};
use optim::{Penalty, Schedule, Sgd};

use crate::data::Data;
use crate::error::Error;
use crate::layer::{Layer, PlainLayer};
use crate::stepper::{Stepper, complete};
use crate::theory;

/// A module that is made with the network.
pub(crate) type Made<T> = Box<dyn Module<T>>;
/// A module without parameters.
pub(crate) type Function<T> = Arc<dyn Module<T> + Send + Sync>;
/// Makes the linear part of a layer.
pub(crate) type MakeAffine<T> = Arc<dyn Fn(Scope<'_, T>, Site, Initial, Initial) -> Made<T> + Send + Sync>;
/// Makes the normalization of a number of units or channels.
pub(crate) type MakeNorm<T> = Arc<dyn Fn(Scope<'_, T>, &Blueprint<T>) -> Made<T> + Send + Sync>;
/// Makes a layer.
pub(crate) type MakeLayer<T> = Arc<dyn Fn(Scope<'_, T>, &Blueprint<T>, Site) -> Box<dyn Layer<T>> + Send + Sync>;
/// Loads the data of a seed.
pub(crate) type LoadData<T> = Arc<dyn Fn(&Blueprint<T>, u64) -> Result<Data<T>, Error> + Send + Sync>;
/// Makes the optimizer of a training.
pub(crate) type MakeOptimizer<T> = fn(&Blueprint<T>) -> Box<dyn Stepper<T>>;
/// Sets what depends on the values of other axes.
pub(crate) type Adjustment<T> = Box<dyn Fn(&mut Blueprint<T>) + Send + Sync>;
/// Says what is wrong when all axes have been applied.
pub(crate) type Check<T> = fn(&Blueprint<T>) -> Result<(), String>;
/// The mean loss of logits and labels.
pub(crate) type LossFunction<T> = for<'t> fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>;

/// Where in the network a layer is, and its size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    /// Units or channels of its input.
    pub(crate) inputs: usize,
    /// Units or channels of its output.
    pub(crate) outputs: usize,
}

/// The scalar that a network computes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dtype {
    F32,
    F64,
}

/// Where the measured gradient comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// The loss of each sample, through the head.
    Loss,
    /// A standard normal cotangent for each sample and unit of the top layer's z, as theory supposes.
    Random,
}

impl Dtype {
    /// Whether numbers of this variance can be drawn: no normal number is a hundred deviations from its mean.
    pub(crate) fn check_variance(self, option: &str, variance: f64) -> Result<(), String> {
        let (largest, name) = if self == Dtype::F32 { (f64::from(f32::MAX), "f32") } else { (f64::MAX, "f64") };
        let fits = variance.sqrt() <= largest / 100.0;
        if fits { Ok(()) } else { Err(format!("--{option} {variance:e}: too large for {name}")) }
    }
}

/// Initial weights and biases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Weights {
    /// The initializer that was chosen; `None` takes what suits the activation.
    pub(crate) chosen: Option<Initial>,
    /// What suits the activation.
    pub(crate) suitable: Initial,
    /// σw², instead of an initializer.
    pub(crate) variance: Option<f64>,
    /// Multiplies the weights of all of these.
    pub(crate) gain: f64,
    /// σb².
    pub(crate) bias_variance: f64,
}

impl Weights {
    /// The initializer of the weights, without the gain.
    pub(crate) fn initial(&self) -> Initial {
        match self.variance {
            Some(variance) => Initial::ScaledNormal { variance },
            None => self.chosen.unwrap_or(self.suitable),
        }
    }

    /// The initializer of the weights.
    pub(crate) fn weight(&self) -> Initial {
        self.scaled(1.0)
    }

    /// The initializer of weights that are `factor` times as large.
    pub(crate) fn scaled(&self, factor: f64) -> Initial {
        scaled(self.initial(), factor * self.gain)
    }

    /// The initializer of the biases.
    pub(crate) fn bias(&self) -> Initial {
        Initial::Normal { variance: self.bias_variance }
    }

    /// σw²: fan-in times the variance of a weight of a square layer.
    pub(crate) fn weight_variance(&self) -> f64 {
        // In square layers it does not depend on the width; width 1 avoids rounding.
        self.weight().variance(&[1, 1])
    }

    /// Whether the weights of square layers preserve norms, up to a factor: of convolutions only those of one position.
    pub(crate) fn orthogonal(&self, images: bool) -> bool {
        match self.initial() {
            Initial::Orthogonal { .. } => !images,
            Initial::DeltaOrthogonal { .. } => true,
            _ => false,
        }
    }
}

/// An initializer whose values are `gain` times as large.
fn scaled(initial: Initial, gain: f64) -> Initial {
    use nn::{Distribution, Fan};
    let scaling =
        |scale: f64, fan, distribution| Initial::VarianceScaling { scale: gain * gain * scale, fan, distribution };
    match initial {
        _ if gain == 1.0 => initial,
        Initial::XavierNormal => scaling(1.0, Fan::Average, Distribution::Normal),
        Initial::XavierUniform => scaling(1.0, Fan::Average, Distribution::Uniform),
        Initial::HeNormal => scaling(2.0, Fan::In, Distribution::Normal),
        Initial::HeUniform => scaling(2.0, Fan::In, Distribution::Uniform),
        Initial::LecunNormal => scaling(1.0, Fan::In, Distribution::Normal),
        Initial::LecunUniform => scaling(1.0, Fan::In, Distribution::Uniform),
        Initial::VarianceScaling { scale, fan, distribution } => scaling(scale, fan, distribution),
        Initial::Orthogonal { gain: own } => Initial::Orthogonal { gain: gain * own },
        Initial::DeltaOrthogonal { gain: own } => Initial::DeltaOrthogonal { gain: gain * own },
        Initial::ScaledNormal { variance } => Initial::ScaledNormal { variance: gain * gain * variance },
        other => other,
    }
}

/// What mean-field theory is told of the network; [`Blueprint`] has the rest.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) norm: theory::Norm,
    pub(crate) keep: f64,
    /// The factor of the branch of a residual layer.
    pub(crate) branch: Option<f64>,
    /// Why there is no theory of the network.
    pub(crate) unknown: Option<&'static str>,
}

/// A network and its training. Axes set the fields; [`crate::network::Network`] and [`crate::training`] read them.
pub(crate) struct Blueprint<T: Real> {
    pub(crate) depth: usize,
    pub(crate) width: usize,
    pub(crate) batch: usize,
    pub(crate) dtype: Dtype,
    pub(crate) probe: Probe,
    /// Whether a readout makes logits of the top layer's output.
    pub(crate) head: bool,
    pub(crate) weights: Weights,
    pub(crate) activation: Function<T>,
    /// `None` without a normalization.
    pub(crate) norm: Option<MakeNorm<T>>,
    /// Whether the normalization is after the activation instead of before it.
    pub(crate) norm_after: bool,
    /// What comes after activation and normalization.
    pub(crate) after: Vec<Function<T>>,
    /// The linear part of layers.
    pub(crate) affine: MakeAffine<T>,
    /// Whether layers map images `[samples, channels, height, width]` instead of `[samples, units]`.
    pub(crate) images: bool,
    pub(crate) layer: MakeLayer<T>,
    /// Whether layers add to their input, so that the output of the top layer needs a normalization and an activation.
    pub(crate) residual: bool,
    /// Whether the first layer, too, maps the width to itself.
    pub(crate) square: bool,
    /// Multiplies the logits.
    pub(crate) head_scale: f64,
    /// Multiplies the initial weights of the readout.
    pub(crate) head_gain: f64,
    pub(crate) data: LoadData<T>,
    /// Training samples of each seed; `None` takes all.
    pub(crate) samples: Option<usize>,
    /// Share of the training labels that are wrong.
    pub(crate) label_noise: f64,
    pub(crate) loss: LossFunction<T>,
    pub(crate) steps: usize,
    pub(crate) optimizer: MakeOptimizer<T>,
    /// Whether the optimizer scales its steps by the size of gradients.
    pub(crate) adaptive: bool,
    pub(crate) rate: f64,
    /// Factors of the rate by parameter name.
    pub(crate) rate_factors: Vec<(&'static str, f64)>,
    pub(crate) penalties: Vec<Penalty>,
    /// Of the rate, over this number of steps.
    pub(crate) schedule: fn(u64) -> Schedule,
    /// Ends the training when the loss on validation data has not fallen for this number of evaluations.
    pub(crate) patience: Option<usize>,
    /// Networks whose predictions are averaged.
    pub(crate) members: usize,
    pub(crate) known: Known,
    /// Adjusts the blueprint when all axes have been applied.
    pub(crate) adjustments: Vec<Adjustment<T>>,
    /// What axes demand of the values of others.
    pub(crate) checks: Vec<Check<T>>,
}

impl<T: Real> Blueprint<T> {
    /// A plain dense network without anything; axes make it what it is.
    pub(crate) fn new() -> Self {
        Blueprint {
            depth: 1,
            width: 1,
            batch: 1,
            dtype: Dtype::F32,
            probe: Probe::Loss,
            head: true,
            weights: Weights {
                chosen: None,
                suitable: Initial::XavierNormal,
                variance: None,
                gain: 1.0,
                bias_variance: 0.0,
            },
            activation: Arc::new(Activation::Identity),
            norm: None,
            norm_after: false,
            after: Vec::new(),
            affine: Arc::new(crate::layer::dense),
            images: false,
            layer: Arc::new(|scope, blueprint, site| Box::new(PlainLayer::new(scope, blueprint, site))),
            residual: false,
            square: false,
            head_scale: 1.0,
            head_gain: 1.0,
            data: Arc::new(|blueprint, seed| crate::data::digits(blueprint, seed)),
            samples: None,
            label_noise: 0.0,
            loss: nn::loss::cross_entropy,
            steps: 0,
            optimizer: |blueprint| complete(Sgd::new(blueprint.rate), blueprint),
            adaptive: false,
            rate: 0.0,
            rate_factors: Vec::new(),
            penalties: Vec::new(),
            schedule: |_| Schedule::Constant,
            patience: None,
            members: 1,
            known: Known { norm: theory::Norm::None, keep: 1.0, branch: None, unknown: None },
            adjustments: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// What must hold of the values of several axes together.
    ///
    /// # Errors
    /// Names the axes and what would be right.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.checks.iter().try_for_each(|check| check(self))
    }
}

impl<T: Real> fmt::Debug for Blueprint<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blueprint").field("depth", &self.depth).field("width", &self.width).finish_non_exhaustive()
    }
}
