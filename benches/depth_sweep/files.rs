//! The results as files: written aside and moved into place together, so that there are all or none.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use autodiff::Error;
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
                word: summary.word.to_string(),
            },
        ))?;
    }
    table.into_inner().map_err(|error| error.into_error().into())
}

/// Checks that files can be made in the folder, and leaves it as it was: where there is none, there is none after.
pub(crate) fn check(folder: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|part| !part.exists()).collect();
    let checked = fs::create_dir_all(folder).and_then(|()| aside(folder).map(drop));
    for made in missing {
        // What someone else has put something into meanwhile stays.
        let _ = fs::remove_dir(made);
    }
    checked
}

/// Writes files of `(name, content)`: all of them or, with an error that names the one that failed, none. Each is complete on
/// disk before the first takes its place, so that whatever goes wrong, none is half-written and nothing is left beside them.
pub(crate) fn write(folder: &Path, files: [(&str, &[u8]); 3]) -> Result<(), Error> {
    let failed = |name: &str, error: io::Error| Error::File { path: folder.join(name), reason: error.to_string() };
    fs::create_dir_all(folder).map_err(|error| failed("", error))?;
    let mut complete = Vec::with_capacity(files.len());
    for (name, content) in files {
        complete.push((name, written(folder, content).map_err(|error| failed(name, error))?));
    }
    let mut replaced: Vec<(PathBuf, Option<NamedTempFile>)> = Vec::with_capacity(files.len());
    for (name, file) in complete {
        let path = folder.join(name);
        let result = earlier(folder, &path).and_then(|before| {
            file.persist(&path)?;
            replaced.push((path, before));
            Ok(())
        });
        if let Err(error) = result {
            replaced.into_iter().for_each(|(path, before)| restore(&path, before));
            return Err(failed(name, error));
        }
    }
    Ok(())
}

/// A copy of what is there under this path, to be put back.
fn earlier(folder: &Path, path: &Path) -> io::Result<Option<NamedTempFile>> {
    match fs::read(path) {
        Ok(content) => written(folder, &content).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts back what was there before. An error here has no one to go to beside the one that led here.
fn restore(path: &Path, before: Option<NamedTempFile>) {
    let _ = match before {
        Some(file) => file.persist(path).map(drop).map_err(|error| error.error),
        None => fs::remove_file(path),
    };
}

/// A file with this content, on disk, under a name of its own in the folder; dropped, it is gone.
fn written(folder: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = aside(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
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

    fn names(folder: &Path) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    #[test]
    fn where_a_file_cannot_take_its_place_all_are_as_they_were() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("c"))?;
        fs::write(folder.path().join("b"), "before")?;
        let content: &[u8] = b"text";
        let result = write(folder.path(), [("a", content), ("b", content), ("c", content)]);
        let message = result.err().map_or_else(String::new, |error| error.to_string());
        assert!(message.starts_with(&format!("{}: ", folder.path().join("c").display())), "{message}");
        assert_eq!(names(folder.path())?, ["b", "c"]);
        assert_eq!(fs::read_to_string(folder.path().join("b"))?, "before");
        Ok(())
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
