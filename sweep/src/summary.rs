//! Summaries: means over the seeds of a configuration, verdicts, agreement with theory.

use crate::configuration::Configuration;
use crate::error::Error;
use crate::measure::{geometric_mean, mean, std_of};
use crate::phase::depth_scales;
use crate::reason::reason;
use crate::results::{
    Agreement, CurvePoint, LayerMeasures, PhaseSummary, Profile, RunRecord, Score, Scores, Summary, Verdict,
};

/// Summarizes the runs of one configuration; `None` if there are none.
pub(crate) fn summarize(
    configuration: &Configuration,
    label: String,
    runs: &[RunRecord],
) -> Result<Option<Summary>, Error> {
    let Some(first) = runs.first() else { return Ok(None) };
    let init = phase(runs.iter().map(|run| (&run.init, run.before)));
    let trained: Vec<_> = runs.iter().filter_map(|run| Some((run.trained.as_ref()?, Some(run.after?)))).collect();
    let diverged = runs.iter().filter(|run| run.diverged()).count();
    let agreement = agreement(runs);
    let accuracies: Vec<f64> = runs.iter().filter_map(|run| Some(run.after?.test.accuracy)).collect();
    Ok(Some(Summary {
        group: configuration.group.clone(),
        values: configuration.columns()?,
        label,
        depth: first.init.layers.len(),
        seeds: runs.len(),
        diverged,
        verdict: if diverged > 0 { Verdict::Diverged } else { Verdict::from_shrink(init.shrink) },
        init,
        trained: (!trained.is_empty()).then(|| phase(trained.into_iter())),
        accuracy_std: std_of(&accuracies),
        curve: curve(runs),
        non_finite: runs.iter().find_map(|run| run.non_finite.clone()),
        spectra: first.spectra.clone(),
        no_theory: agreement.is_none().then(|| reason(configuration, runs)).transpose()?,
        agreement,
        depth_scales: depth_scales(configuration)?,
    }))
}

fn phase<'r>(seeds: impl Iterator<Item = (&'r Profile, Option<Scores>)> + Clone) -> PhaseSummary {
    let profiles: Vec<&Profile> = seeds.clone().map(|(profile, _)| profile).collect();
    let shrink = geometric_mean(profiles.iter().map(|profile| profile.shrink()));
    let layers = profiles.first().map_or(0, |profile| profile.layers.len());
    let scores: Vec<Scores> = seeds.filter_map(|(_, scores)| scores).collect();
    PhaseSummary {
        shrink,
        factor: (layers > 1).then(|| shrink.powf(1.0 / (layers - 1) as f64)),
        scores: (!scores.is_empty()).then(|| mean_scores(&scores)),
        layers: (0..layers).map(|index| layer(&profiles, index)).collect(),
    }
}

fn mean_scores(scores: &[Scores]) -> Scores {
    let score = |of: fn(&Scores) -> Score| Score {
        loss: mean(scores.iter().map(|scores| of(scores).loss)),
        accuracy: mean(scores.iter().map(|scores| of(scores).accuracy)),
    };
    Scores { train: score(|scores| scores.train), test: score(|scores| scores.test) }
}

/// One layer over the seeds.
fn layer(profiles: &[&Profile], index: usize) -> LayerMeasures {
    let layers = || profiles.iter().map(|profile| &profile.layers[index]);
    let mean_of = |of: fn(&LayerMeasures) -> f64| mean(layers().map(of));
    let values = |of: fn(&LayerMeasures) -> Option<f64>| {
        let values: Vec<f64> = layers().filter_map(of).collect();
        (!values.is_empty()).then_some(values)
    };
    let known = |of| values(of).map(|values| mean(values.into_iter()));
    let known_norm = |of| values(of).map(|values| geometric_mean(values.into_iter()));
    LayerMeasures {
        delta_norm: geometric_mean(layers().map(|layer| layer.delta_norm)),
        predicted_ratio: known_norm(|layer| layer.predicted_ratio),
        predicted_delta_norm: known_norm(|layer| layer.predicted_delta_norm),
        weight_grad_norm: geometric_mean(layers().map(|layer| layer.weight_grad_norm)),
        activation_mean: mean_of(|layer| layer.activation_mean),
        activation_std: mean_of(|layer| layer.activation_std),
        q: mean_of(|layer| layer.q),
        predicted_q: known(|layer| layer.predicted_q),
        correlation: known(|layer| layer.correlation),
        predicted_correlation: known(|layer| layer.predicted_correlation),
        dead: known(|layer| layer.dead),
        saturated: known(|layer| layer.saturated),
        effective_rank: known(|layer| layer.effective_rank),
        update_ratio: known(|layer| layer.update_ratio),
        gradient_snr: known(|layer| layer.gradient_snr),
        change: known(|layer| layer.change),
    }
}

/// Measurement against theory at initialization.
fn agreement(runs: &[RunRecord]) -> Option<Agreement> {
    let bands: Vec<f64> = runs.iter().filter_map(|run| run.band).collect();
    let mut logs: Vec<(f64, f64)> = Vec::new();
    for run in runs {
        let layers = run.init.layers.iter().enumerate();
        logs.extend(
            layers.filter_map(|(index, layer)| Some((run.init.ratio(index)?.ln(), layer.predicted_ratio?.ln()))),
        );
    }
    if logs.is_empty() || bands.is_empty() {
        return None;
    }
    let (count, seeds) = (logs.len() as f64, runs.len() as f64);
    let (measured, predicted) =
        logs.iter().fold((0.0, 0.0), |(m, p), (measured, predicted)| (m + measured, p + predicted));
    Some(Agreement {
        measured: (measured / count).exp(),
        predicted: (predicted / count).exp(),
        layers: logs.len() / runs.len(),
        deviation: 2.0 * (measured - predicted) / seeds,
        band: mean(bands.into_iter()),
    })
}

/// The mean curve of the runs that did not diverge and have as many points as the first of them.
fn curve(runs: &[RunRecord]) -> Vec<CurvePoint> {
    let curves: Vec<&Vec<CurvePoint>> = runs.iter().filter(|run| !run.diverged()).map(|run| &run.curve).collect();
    let points = curves.iter().map(|curve| curve.len()).min().unwrap_or(0);
    let point = |index: usize| {
        let accuracies: Vec<f64> = curves.iter().filter_map(|curve| curve[index].accuracy).collect();
        CurvePoint {
            step: curves[0][index].step,
            loss: mean(curves.iter().map(|curve| curve[index].loss)),
            accuracy: (!accuracies.is_empty()).then(|| mean(accuracies.into_iter())),
        }
    };
    (0..points).map(point).collect()
}
