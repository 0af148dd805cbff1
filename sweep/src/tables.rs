//! `gradients.csv` and `summary.csv`.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::Error;
use crate::results::{LayerMeasures, RunRecord, Score, Spectra, Summary};

/// The columns that came first and stay first: this number of axes before the measures, the others after them.
const FIRST_AXES: usize = 12;

/// The first measures of `gradients.csv`, and the others, which follow the rest of the axes.
#[derive(Serialize)]
struct First {
    seed: u64,
    phase: &'static str,
    layer: usize,
    ratio: Option<f64>,
    predicted_ratio: Option<f64>,
    delta_norm: f64,
    weight_grad_norm: f64,
    activation_mean: f64,
    activation_std: f64,
}

const FIRST: [&str; 9] = [
    "seed",
    "phase",
    "layer",
    "ratio",
    "predicted_ratio",
    "delta_norm",
    "weight_grad_norm",
    "activation_mean",
    "activation_std",
];

const FURTHER: [&str; 10] = [
    "q",
    "predicted_q",
    "correlation",
    "predicted_correlation",
    "dead",
    "saturated",
    "effective_rank",
    "update_ratio",
    "gradient_snr",
    "change",
];

fn further(layer: &LayerMeasures) -> [Option<f64>; 10] {
    [
        Some(layer.q),
        layer.predicted_q,
        layer.correlation,
        layer.predicted_correlation,
        layer.dead,
        layer.saturated,
        layer.effective_rank,
        layer.update_ratio,
        layer.gradient_snr,
        layer.change,
    ]
}

/// Writes `gradients.csv`: one row for each run, phase and layer.
pub(crate) struct GradientTable<W: Write> {
    table: csv::Writer<W>,
}

impl<W: Write> GradientTable<W> {
    /// A table with the columns of these axes.
    pub(crate) fn new(target: W, axes: &[&'static str]) -> Result<Self, Error> {
        let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(target);
        let (first, rest) = axes.split_at(FIRST_AXES.min(axes.len()));
        table.write_record([first, &FIRST, rest, &FURTHER].concat())?;
        Ok(GradientTable { table })
    }

    /// Adds the rows of a run whose axes have these values.
    pub(crate) fn add(&mut self, values: &[(&'static str, String)], run: &RunRecord) -> Result<(), Error> {
        let values: Vec<&str> = values.iter().map(|(_, value)| value.as_str()).collect();
        let (first, rest) = values.split_at(FIRST_AXES.min(values.len()));
        let phases = [("init", Some(&run.init)), ("trained", run.trained.as_ref())];
        for (phase, profile) in phases.into_iter().filter_map(|(phase, profile)| Some((phase, profile?))) {
            for (index, layer) in profile.layers.iter().enumerate() {
                let measured = First {
                    seed: run.seed,
                    phase,
                    layer: index + 1,
                    ratio: profile.ratio(index),
                    predicted_ratio: layer.predicted_ratio,
                    delta_norm: layer.delta_norm,
                    weight_grad_norm: layer.weight_grad_norm,
                    activation_mean: layer.activation_mean,
                    activation_std: layer.activation_std,
                };
                self.table.serialize((first, measured, rest, further(layer)))?;
            }
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.table.flush()
    }
}

/// The axes that `summary.csv` shows among the columns that came first.
const SHOWN: [&str; 3] = ["init", "learning_rate", "steps"];

/// `summary.csv`: one row for each configuration, over its seeds.
pub(crate) fn summary(axes: &[&'static str], summaries: &[Summary]) -> Result<Vec<u8>, Error> {
    let mut table = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    let (first, rest) = axes.split_at(FIRST_AXES.min(axes.len()));
    let rest: Vec<&str> = rest.iter().filter(|name| !SHOWN.contains(name)).copied().collect();
    table.write_record([first, &SUMMARIZED, &rest, &THEORY].concat())?;
    for summary in summaries {
        let value = |name: &&str| summary.values.iter().find(|(axis, _)| axis == name).map(|(_, value)| value.as_str());
        let first: Vec<_> = first.iter().map(value).collect();
        let rest: Vec<_> = rest.iter().map(value).collect();
        let [init, rate, steps] = ["init", "learning_rate", "steps"].map(|name| value(&name));
        let trained = summary.trained.as_ref();
        let before = summary.init.scores.map(|scores| scores.test);
        let after = trained.and_then(|phase| phase.scores).map(|scores| scores.test);
        let loss = |score: Option<Score>| score.map(|score| score.loss);
        let accuracy = |score: Option<Score>| score.map(|score| score.accuracy);
        let verdict = summary.verdict.to_string();
        let train = trained.and_then(|phase| phase.scores).map(|scores| scores.train.accuracy);
        let (agreement, scales) = (summary.agreement, summary.depth_scales);
        let jacobian = summary.spectra.as_ref().and_then(Spectra::jacobian_moments);
        table.serialize((
            (first, init, summary.seeds, steps, rate),
            (summary.init.shrink, summary.init.factor),
            (trained.map(|phase| phase.shrink), trained.and_then(|phase| phase.factor)),
            (loss(before), loss(after), accuracy(before), accuracy(after)),
            (summary.diverged, verdict, rest, summary.accuracy_std, train),
            (
                agreement.map(|agreement| agreement.measured),
                agreement.map(|agreement| agreement.predicted),
                agreement.map(|agreement| agreement.deviation),
                agreement.map(|agreement| agreement.band),
                agreement.map(|agreement| agreement.agrees()),
                summary.no_theory,
            ),
            (
                scales.map(|scales| scales.q),
                scales.map(|scales| scales.chi),
                scales.map(|scales| scales.correlation),
                scales.map(|scales| scales.correlation_depth),
                scales.map(|scales| scales.gradient_depth),
            ),
            (
                jacobian.map(|(log_mean, _)| log_mean),
                scales.and_then(|scales| scales.jacobian_log_mean),
                jacobian.map(|(_, variance)| variance),
                scales.and_then(|scales| scales.jacobian_relative_variance),
            ),
        ))?;
    }
    table.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

const SUMMARIZED: [&str; 14] = [
    "init",
    "seeds",
    "steps",
    "learning_rate",
    "shrink_init",
    "factor_init",
    "shrink_trained",
    "factor_trained",
    "loss_before",
    "loss_after",
    "accuracy_before",
    "accuracy_after",
    "diverged_seeds",
    "verdict",
];

const THEORY: [&str; 17] = [
    "accuracy_std",
    "train_accuracy",
    "measured_factor",
    "predicted_factor",
    "deviation",
    "band",
    "within_band",
    "no_theory",
    "q_star",
    "chi",
    "correlation_star",
    "correlation_depth",
    "gradient_depth",
    "jacobian_log_mean",
    "predicted_jacobian_log_mean",
    "jacobian_relative_variance",
    "predicted_jacobian_relative_variance",
];
