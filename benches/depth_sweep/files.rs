//! Writes the results to files.

use std::fs;
use std::io;
use std::path::Path;

use autodiff::Error;
use serde::Serialize;

use crate::options::Options;
use crate::types::{Configuration, Layer, Outcome, Summary};

/// The first columns of both tables: the settings.
#[derive(Serialize)]
struct Settings {
    activation: String,
    norm: &'static str,
    residual: &'static str,
    dropout: u8,
    weight_variance: f64,
    bias_variance: f64,
    depth: usize,
    width: usize,
    batch: usize,
    dtype: String,
    data: String,
    probe: String,
}

/// The further columns of `gradients.csv`.
#[derive(Serialize)]
struct Measured {
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

/// The further columns of `summary.csv`.
#[derive(Serialize)]
struct Summarized<'a> {
    init: &'a str,
    seeds: usize,
    steps: usize,
    learning_rate: f64,
    shrink_init: f64,
    factor_init: Option<f64>,
    shrink_trained: Option<f64>,
    factor_trained: Option<f64>,
    loss_before: f64,
    loss_after: Option<f64>,
    accuracy_before: f64,
    accuracy_after: Option<f64>,
    diverged_seeds: usize,
    verdict: String,
}

impl Settings {
    fn new(options: &Options, Configuration { activation, weights, depth }: &Configuration) -> Self {
        Settings {
            activation: activation.to_string(),
            norm: "none",
            residual: "none",
            dropout: 0,
            weight_variance: weights.weight_variance,
            bias_variance: weights.bias_variance,
            depth: *depth,
            width: options.width,
            batch: options.batch,
            dtype: options.dtype.to_string(),
            data: options.data.to_string(),
            probe: options.probe.to_string(),
        }
    }
}

/// `gradients.csv`: one row for each network, phase and layer.
pub(crate) fn gradients(options: &Options, outcomes: &[Outcome]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for outcome in outcomes {
        let phases = [("init", Some(&outcome.init)), ("trained", outcome.trained.as_ref())];
        for (phase, profile) in phases.into_iter().filter_map(|(phase, profile)| Some((phase, profile?))) {
            for (index, &layer) in profile.layers.iter().enumerate() {
                let Layer { delta_norm, weight_grad_norm, activation_mean, activation_std } = layer;
                table.serialize((
                    Settings::new(options, &outcome.configuration),
                    Measured {
                        seed: outcome.seed,
                        phase,
                        layer: index + 1,
                        ratio: profile.ratio(index),
                        predicted_ratio: None,
                        delta_norm,
                        weight_grad_norm,
                        activation_mean,
                        activation_std,
                    },
                ))?;
            }
        }
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// `summary.csv`: one row for each configuration, over its seeds.
pub(crate) fn summary(options: &Options, summaries: &[Summary]) -> Result<Vec<u8>, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for summary in summaries {
        let (init, trained) = (&summary.init, summary.trained.as_ref());
        table.serialize((
            Settings::new(options, &summary.configuration),
            Summarized {
                init: &summary.configuration.weights.name,
                seeds: options.seeds,
                steps: options.steps,
                learning_rate: options.lr,
                shrink_init: init.shrink,
                factor_init: init.factor,
                shrink_trained: trained.map(|phase| phase.shrink),
                factor_trained: trained.and_then(|phase| phase.factor),
                loss_before: init.score.loss,
                loss_after: trained.map(|phase| phase.score.loss),
                accuracy_before: init.score.accuracy,
                accuracy_after: trained.map(|phase| phase.score.accuracy),
                diverged_seeds: summary.diverged,
                verdict: summary.verdict.to_string(),
            },
        ))?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// Checks that files can be created in the folder, and leaves it unchanged: a folder created for the check is removed.
pub(crate) fn check(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|part| !part.exists()).collect();
    let checked = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop));
    for created in missing {
        // Kept if another process has written to it meanwhile.
        let _ = fs::remove_dir(created);
    }
    checked
}

/// Writes files of `(name, content)` to the folder: all of them, or none and an error that names the one that failed.
pub(crate) fn write(folder: &Path, files: [(&str, &[u8]); 3]) -> Result<(), Error> {
    let failed = |error: io::Error| Error::File { path: folder.to_owned(), reason: error.to_string() };
    fs::create_dir_all(folder).map_err(failed)?;
    nn::io::replace_all(&files.map(|(name, content)| (folder.join(name), content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    #[test]
    fn a_check_makes_no_folder() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        check(&folder.path().join("made/by/no/one"))?;
        check(folder.path())?;
        assert!(names(folder.path())?.is_empty());
        fs::write(folder.path().join("file"), "text")?;
        assert!(check(&folder.path().join("file/inside")).is_err());
        assert_eq!(names(folder.path())?, ["file"]);
        Ok(())
    }
}
