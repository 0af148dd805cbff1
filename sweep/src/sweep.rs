//! Runs all networks of a sweep, in parallel, and writes what they gave.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::axis::{Scalar, axes};
use crate::blueprint::{Dtype, MakeLayer};
use crate::configuration::{Configuration, work};
use crate::error::Error;
use crate::journal::Journal;
use crate::memory::{self, networks_at_a_time};
use crate::output;
use crate::results::{Results, RunRecord};
use crate::run::run;
use crate::settings::Settings;
use crate::stop::Stop;

/// Runs what is left of the sweep and returns the results, also if it was asked to stop before the end; then not all runs are
/// finished. Networks share no mutable data, so results do not depend on the number of threads.
pub(crate) fn sweep(settings: &Settings, layer: Option<&MakeLayer<f32>>) -> Result<Results, Error> {
    let configurations = checked(settings, layer)?;
    let threads = threads(settings, &configurations)?;
    let journal = Mutex::new(Journal::open(settings, layer.is_some())?);
    let result = threads.install(|| run_all(settings, &configurations, layer, &journal));
    let mut journal = journal.into_inner().unwrap_or_else(PoisonError::into_inner);
    match result {
        Ok(()) | Err(Error::Stopped) if journal.len() > 0 => output::write(settings, &configurations, &mut journal),
        Err(error) => {
            journal.remove_if_empty(&settings.out);
            Err(error)
        }
        Ok(()) => Err(Error::Setting("--seeds 0: there is nothing to run".into())),
    }
}

/// The configurations of the sweep, if they can be run and their results written.
pub(crate) fn checked(settings: &Settings, layer: Option<&MakeLayer<f32>>) -> Result<Vec<Configuration>, Error> {
    check_folder(&settings.out)?;
    let configurations = settings.own_configurations(layer.is_some())?;
    check(settings, &configurations, layer)?;
    // One network must fit before threads are started and data are loaded, which need memory themselves.
    memory::check(&configurations)?;
    check_data(&configurations, layer)?;
    Ok(configurations)
}

/// As many threads as were asked for, or one for each core, as far as memory allows.
fn threads(settings: &Settings, configurations: &[Configuration]) -> Result<ThreadPool, Error> {
    let all = ThreadPoolBuilder::new().num_threads(settings.jobs.unwrap_or(0)).build()?;
    match networks_at_a_time(configurations, all.current_num_threads())? {
        fitting if fitting < all.current_num_threads() => Ok(ThreadPoolBuilder::new().num_threads(fitting).build()?),
        _ => Ok(all),
    }
}

/// Checks values that go ill together.
fn check(settings: &Settings, configurations: &[Configuration], layer: Option<&MakeLayer<f32>>) -> Result<(), Error> {
    if settings.seeds == 0 || settings.seeds > 1000 {
        return Err(Error::Setting(format!("--seeds {}: must be a whole number from 1 to 1000", settings.seeds)));
    }
    if layer.is_some()
        && let Some(axis) = axes().iter().find(|axis| axis.of_layer && settings.sets(axis.name))
    {
        return Err(Error::Setting(format!("--{}: has no effect on a layer of your own", axis.name.replace('_', "-"))));
    }
    for configuration in configurations {
        let blueprint = configuration.with_layer(layer)?;
        if layer.is_some() && blueprint.dtype == Dtype::F64 {
            return Err(Error::Setting("--dtype f64: a layer of your own is swept in f32".into()));
        }
    }
    Ok(())
}

/// Loads all data once.
fn check_data(configurations: &[Configuration], layer: Option<&MakeLayer<f32>>) -> Result<(), Error> {
    let mut loaded = HashSet::new();
    for configuration in configurations {
        let blueprint = configuration.with_layer(layer)?;
        // What the data depend on.
        let names = ["data", "width", "batch", "layer", "samples", "patience", "label_noise"];
        if loaded.insert(names.map(|name| configuration.value(name))) {
            (blueprint.data)(&blueprint, 0).map_err(|error| match error {
                Error::Setting(_) => error,
                error => Error::Setting(format!("--data {}: {error}", configuration.value("data"))),
            })?;
        }
    }
    Ok(())
}

/// The runs that the journal does not have.
pub(crate) fn left<'c>(
    settings: &Settings,
    configurations: &'c [Configuration],
    journal: &Journal,
) -> Vec<(&'c Configuration, u64)> {
    let seeds = settings.seeds as u64;
    let all = configurations.iter().flat_map(|configuration| (0..seeds).map(move |seed| (configuration, seed)));
    all.filter(|(configuration, seed)| !journal.contains(configuration.index, *seed)).collect()
}

/// Runs what the journal does not have.
fn run_all(
    settings: &Settings,
    configurations: &[Configuration],
    layer: Option<&MakeLayer<f32>>,
    journal: &Mutex<Journal>,
) -> Result<(), Error> {
    let left = left(settings, configurations, &journal.lock().unwrap_or_else(PoisonError::into_inner));
    let mut units = Vec::with_capacity(left.len());
    for (configuration, _) in &left {
        units.push(work(&configuration.with_layer(layer)?));
    }
    let progress = ProgressBar::new(units.iter().sum()).with_style(style());
    // A mistake ends the other runs, too, but not as a stop that was asked for.
    let failed = Stop::default();
    let result = left.into_par_iter().zip(units).with_max_len(1).try_for_each(|((configuration, seed), units)| {
        settings.stop.check()?;
        failed.check()?;
        let record = one(configuration, seed, settings, layer).inspect_err(|error| {
            if !matches!(error, Error::Stopped) {
                failed.stop();
            }
        })?;
        journal.lock().unwrap_or_else(PoisonError::into_inner).append(&[record])?;
        progress.inc(units);
        Ok(())
    });
    progress.finish_and_clear();
    result
}

/// One run in the scalar of its configuration.
pub(crate) fn one(
    configuration: &Configuration,
    seed: u64,
    settings: &Settings,
    layer: Option<&MakeLayer<f32>>,
) -> Result<RunRecord, Error> {
    fn of<T: Scalar>(
        configuration: &Configuration,
        seed: u64,
        settings: &Settings,
        layer: Option<&MakeLayer<T>>,
    ) -> Result<RunRecord, Error> {
        let blueprint = configuration.with_layer(layer)?;
        run(&blueprint, configuration, seed, &settings.spectra, &settings.stop)
    }
    let result = if configuration.value("dtype") == "f64" {
        of::<f64>(configuration, seed, settings, None)
    } else {
        of::<f32>(configuration, seed, settings, layer)
    };
    result.map_err(|error| match error {
        Error::Stopped => Error::Stopped,
        error => Error::Configuration { configuration: configuration.described(), source: Box::new(error) },
    })
}

/// Checks that files can be created in the folder, and leaves it unchanged: a folder created for the check is removed.
fn check_folder(folder: &Path) -> Result<(), Error> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|part| !part.exists()).collect();
    let checked = fs::create_dir_all(folder).and_then(|()| tempfile::tempfile_in(folder).map(drop));
    for created in missing {
        // Kept if another process has written to it meanwhile.
        let _ = fs::remove_dir(created);
    }
    checked
        .map_err(|error| Error::Setting(format!("--out {}: no files can be written there: {error}", folder.display())))
}

/// Shown only on a terminal; progress counts work, because deep networks take longer.
fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %, {elapsed} gone, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
