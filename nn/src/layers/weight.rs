//! The weight of a dense layer or a convolution: plain, weight-normalized, with dropped entries.

use autodiff::{Mode, ParamId, Real, Recording, Scope, Var, keepdim};

use smallvec::SmallVec;

use super::dropout::dropout;
use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::settings::share_below_one;

/// The weight of a layer, `[units, ..]`.
///
/// Parameters: `weight`; with weight normalization also `magnitude`, `[units]`.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    weight: ParamId,
    magnitude: Option<ParamId>,
    /// The probability that an entry is zeroed in training.
    drop_rate: f64,
}

impl Weight {
    pub(crate) fn new<T: Real>(scope: &mut Scope<'_, T>, shape: &[usize], initial: Initial) -> Self {
        Weight { weight: initial.register(scope, "weight", shape, shape), magnitude: None, drop_rate: 0.0 }
    }

    /// Weight normalization (Salimans and Kingma 2016): the weight of each unit is `magnitude · v / ‖v‖`, where `v` is the
    /// parameter `weight`. The magnitude starts as the norm of `v`, so the layer is unchanged at first. A unit whose weights
    /// are all zero has no direction: an error of the [`Params`](autodiff::Params) and of every tape that uses them.
    #[must_use]
    pub fn normalized<T: Real>(self, mut scope: Scope<'_, T>) -> Self {
        let value = match scope.params().value(self.weight) {
            Ok(value) => value,
            Err(error) => {
                scope.fail("magnitude", format!("the weight to normalize: {error}"));
                return self;
            }
        };
        let units = value.shape().first().copied().unwrap_or(1);
        let each = value.data().len() / units.max(1);
        let norm = |unit: &[T]| unit.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
        let norms: Vec<f64> = value.data().chunks(each.max(1)).map(norm).collect();
        if let Some(unit) = norms.iter().position(|&norm| norm == 0.0) {
            scope.fail(
                "magnitude",
                format!("the weights of unit {unit} are all 0: they have no direction to normalize"),
            );
        }
        let magnitude = scope.parameter("magnitude", [units], |values, _| {
            values.iter_mut().zip(&norms).for_each(|(value, norm)| *value = *norm);
        });
        Weight { magnitude: Some(magnitude), ..self }
    }

    /// DropConnect (Wan 2013): in training each entry is zeroed with probability `rate`, at least 0 and below 1, once a
    /// recording; the others are divided by `1 − rate`.
    #[must_use]
    pub fn dropped(self, rate: f64) -> Self {
        Weight { drop_rate: rate, ..self }
    }

    /// The parameter `weight`.
    pub fn id(&self) -> ParamId {
        self.weight
    }

    /// The parameter `magnitude`, with weight normalization.
    pub fn magnitude(&self) -> Option<ParamId> {
        self.magnitude
    }

    /// The weight on a recording.
    #[track_caller]
    pub(crate) fn record<'t, T: Real>(&self, recording: &'t Recording<'t, T>) -> Var<'t, T> {
        let mut weight = recording.param(self.weight);
        if let Err(reason) = share_below_one("rate", self.drop_rate) {
            return invalid_input("drop_connect", reason, weight);
        }
        let Ok(shape) = weight.shape() else { return weight };
        if let Some(magnitude) = self.magnitude {
            let others: SmallVec<[usize; 4]> = (1..shape.rank()).collect();
            let norm = weight.norm(keepdim(&others[..]), 2.0);
            let mut magnitude = recording.param(magnitude);
            for _ in &others {
                magnitude = magnitude.unsqueeze(1);
            }
            weight = weight * (magnitude / norm);
        }
        if self.drop_rate != 0.0 && recording.mode() == Mode::Train {
            weight = dropout(weight, self.drop_rate);
        }
        weight
    }
}
