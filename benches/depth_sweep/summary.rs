//! What the seeds of one configuration come to: means, and one word.

use std::fmt;

use crate::measure::{Profile, geometric_mean, mean};
use crate::network::Configuration;
use crate::run::{Outcome, Score};

/// How far the gradient may shrink or grow from the top layer to the bottom and still be called healthy. A step that
/// suits the top layer then moves the bottom layer by a twentieth, or twentyfold.
pub(crate) const THRESHOLD: f64 = 20.0;

/// How the gradient fares, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Vanishing,
    Healthy,
    Exploding,
    Diverged,
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Word::Vanishing => "vanishing",
            Word::Healthy => "healthy",
            Word::Exploding => "exploding",
            Word::Diverged => "diverged",
        })
    }
}

impl Word {
    /// The word for a gradient of which `shrink` is left at the bottom; an overflow anywhere counts as exploding.
    fn of(shrink: f64) -> Self {
        if shrink < 1.0 / THRESHOLD {
            Word::Vanishing
        } else if shrink <= THRESHOLD {
            Word::Healthy
        } else {
            Word::Exploding
        }
    }
}

/// One phase of one configuration, over its seeds.
#[derive(Clone, Debug)]
pub(crate) struct Phase {
    /// Geometric mean of ‖δ_1‖ / ‖δ_L‖.
    pub(crate) shrink: f64,
    /// The factor that, applied at every layer, gives the shrink; nothing for a single layer.
    pub(crate) factor: Option<f64>,
    /// Mean loss and accuracy on held-out data.
    pub(crate) score: Score,
}

/// One configuration, over its seeds.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) configuration: Configuration,
    pub(crate) init: Phase,
    /// Over the seeds that did not diverge, if there are any.
    pub(crate) trained: Option<Phase>,
    /// Number of seeds whose training diverged.
    pub(crate) diverged: usize,
    pub(crate) word: Word,
    /// At initialization, the geometric mean of ‖δ_l‖ for every layer.
    pub(crate) delta_norms: Vec<f64>,
}

impl Summary {
    /// The summary of one configuration's outcomes, one for each seed; nothing where there are none.
    pub(crate) fn of(outcomes: &[Outcome]) -> Option<Self> {
        let first = outcomes.first()?;
        let init = phase(outcomes.iter().map(|outcome| (&outcome.init, outcome.before)));
        let trained: Vec<_> = outcomes.iter().filter_map(|o| Some((o.trained.as_ref()?, o.after?))).collect();
        let diverged = outcomes.iter().filter(|outcome| outcome.diverged()).count();
        let layers = 0..first.init.layers.len();
        let across = |place: usize| geometric_mean(outcomes.iter().map(|o| o.init.layers[place].delta_norm));
        Some(Summary {
            configuration: first.configuration.clone(),
            word: if diverged > 0 { Word::Diverged } else { Word::of(init.shrink) },
            init,
            trained: (!trained.is_empty()).then(|| phase(trained.into_iter())),
            diverged,
            delta_norms: layers.map(across).collect(),
        })
    }
}

fn phase<'o>(seeds: impl Iterator<Item = (&'o Profile, Score)> + Clone) -> Phase {
    let shrink = geometric_mean(seeds.clone().map(|(profile, _)| profile.shrink()));
    let steps_down = seeds.clone().map(|(profile, _)| profile.layers.len() - 1).next().unwrap_or(0);
    Phase {
        shrink,
        factor: (steps_down > 0).then(|| shrink.powf(1.0 / steps_down as f64)),
        score: Score {
            loss: mean(seeds.clone().map(|(_, score)| score.loss)),
            accuracy: mean(seeds.map(|(_, score)| score.accuracy)),
        },
    }
}
