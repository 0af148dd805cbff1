//! Means over the seeds of a configuration, and the verdict.

use crate::measure::{geometric_mean, mean};
use crate::types::{GradientProfile, Outcome, Phase, Score, Summary, Verdict};

impl Summary {
    /// Summarizes the outcomes of one configuration, one for each seed; `None` if there are none.
    pub(crate) fn from_outcomes(outcomes: &[Outcome]) -> Option<Self> {
        let first = outcomes.first()?;
        let init = phase(outcomes.iter().map(|outcome| (&outcome.init, outcome.before)));
        let trained: Vec<_> = outcomes.iter().filter_map(|o| Some((o.trained.as_ref()?, o.after?))).collect();
        let diverged = outcomes.iter().filter(|outcome| outcome.diverged()).count();
        let layers = 0..first.init.layers.len();
        let across = |index: usize| geometric_mean(outcomes.iter().map(|o| o.init.layers[index].delta_norm));
        Some(Summary {
            configuration: first.configuration.clone(),
            verdict: if diverged > 0 { Verdict::Diverged } else { Verdict::from_shrink(init.shrink) },
            init,
            trained: (!trained.is_empty()).then(|| phase(trained.into_iter())),
            diverged,
            delta_norms: layers.map(across).collect(),
        })
    }
}

fn phase<'o>(seeds: impl Iterator<Item = (&'o GradientProfile, Score)> + Clone) -> Phase {
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
