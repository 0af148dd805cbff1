//! The results as files: written aside and moved into place, so that none is ever half-written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::measure::Layer;
use crate::network::Configuration;
use crate::options::Options;
use crate::run::Outcome;
use crate::summary::Summary;

/// The columns that say what was measured; both tables begin with them.
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
struct Summarised<'a> {
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
    word: String,
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
            for (place, &layer) in profile.layers.iter().enumerate() {
                let Layer { delta_norm, weight_grad_norm, activation_mean, activation_std } = layer;
                table.serialize((
                    Settings::new(options, &outcome.configuration),
                    Measured {
                        seed: outcome.seed,
                        phase,
                        layer: place + 1,
                        ratio: profile.ratio(place),
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
            Summarised {
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
                word: summary.word.to_string(),
            },
        ))?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// Makes the folder where there is none, and checks that files can be made in it.
pub(crate) fn prepare(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    aside(folder).map(drop)
}

/// Writes files of `(name, content)`. All are complete on disk before the first takes its place, so that whatever goes
/// wrong, no file is half-written and none is left behind beside them.
pub(crate) fn write(folder: &Path, files: [(&str, &[u8]); 3]) -> io::Result<[PathBuf; 3]> {
    let mut complete = Vec::with_capacity(files.len());
    for (name, content) in files {
        let mut file = aside(folder)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        complete.push((name, file));
    }
    for (name, file) in complete {
        file.persist(folder.join(name))?;
    }
    Ok(files.map(|(name, _)| folder.join(name)))
}

fn aside(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".depth-sweep-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As of any file that a program writes, less the user's mask; a temporary file would be for its owner only.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_behind_where_a_file_cannot_take_its_place() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("b"))?;
        let content: &[u8] = b"text";
        assert!(write(folder.path(), [("b", content), ("a", content), ("c", content)]).is_err());
        let left: Vec<_> = fs::read_dir(folder.path())?.collect::<Result<_, _>>()?;
        assert_eq!(left.iter().map(fs::DirEntry::file_name).collect::<Vec<_>>(), ["b"]);
        Ok(())
    }
}
