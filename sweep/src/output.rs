//! The files of a sweep: tables, pictures, the report.

use std::path::Path;
use std::{fs, io};

use nn::io::Sink;

use crate::axis::{AxisEntry, axes};
use crate::configuration::Configuration;
use crate::error::Error;
use crate::journal::Journal;
use crate::label::labels;
use crate::phase::phase_diagram;
use crate::report::{self, PICTURES};
use crate::results::Results;
use crate::settings::Settings;
use crate::summary::summarize;
use crate::tables::{self, GradientTable};

type WriteFile<'a> = Box<dyn FnOnce(&mut dyn Sink) -> io::Result<()> + 'a>;

/// Writes all files of the sweep, as far as it got: all of them or none.
pub(crate) fn write(
    settings: &Settings,
    configurations: &[Configuration],
    journal: &mut Journal,
) -> Result<Results, Error> {
    let names: Vec<&'static str> = axes().iter().map(|axis| axis.name).collect();
    let mut summaries = Vec::new();
    for (configuration, label) in configurations.iter().zip(labels(settings, configurations)) {
        summaries.extend(summarize(configuration, label, &journal.read(configuration.index, settings.seeds)?)?);
    }
    let results = Results {
        title: settings.title.clone(),
        description: settings.description.clone(),
        settings: settings.to_toml()?,
        runs: configurations.len() * settings.seeds,
        finished: journal.len(),
        axes: varied(configurations),
        summaries,
        phase: phase_diagram(configurations)?,
    };
    let summary = tables::summary(&names, &results.summaries)?;
    let html = report::html(&[&results])?;
    let pictures = report::pictures(&results)?;
    let json = serde_json::to_vec(&results).map_err(|error| Error::file(settings.out.join("results.json"), error))?;
    let gradients = |file: &mut dyn Sink| write_gradients(file, &names, settings, configurations, journal);
    let bytes = |content: Vec<u8>| -> WriteFile<'_> { Box::new(move |file| file.write_all(&content)) };
    let mut files: Vec<(&str, WriteFile<'_>)> = vec![
        ("gradients.csv", Box::new(gradients)),
        ("summary.csv", bytes(summary)),
        ("results.json", bytes(json)),
        ("report.html", bytes(html.into_bytes())),
    ];
    files.extend(pictures.into_iter().map(|(name, svg)| (name, bytes(svg.into_bytes()))));
    let stale: Vec<&str> = PICTURES.iter().filter(|name| !files.iter().any(|(new, _)| new == *name)).copied().collect();
    nn::io::replace_all(files.into_iter().map(|(name, write)| (settings.out.join(name), write)))?;
    for name in stale {
        // Of a sweep that was here before.
        let _ = fs::remove_file(settings.out.join(name));
    }
    Ok(results)
}

/// Writes a report with a page for each of these sweeps.
///
/// # Errors
/// A file that cannot be written.
pub fn write_report(path: &Path, pages: &[&Results]) -> Result<(), Error> {
    let html = report::html(pages)?;
    Ok(nn::io::replace(path, |file| file.write_all(html.as_bytes()))?)
}

/// Writes the rows of one configuration after the other, so that memory holds the runs of one.
fn write_gradients(
    file: &mut dyn Sink,
    names: &[&'static str],
    settings: &Settings,
    configurations: &[Configuration],
    journal: &mut Journal,
) -> io::Result<()> {
    let mut table = GradientTable::new(file, names).map_err(io::Error::other)?;
    for configuration in configurations {
        let values = configuration.columns().map_err(io::Error::other)?;
        for run in journal.read(configuration.index, settings.seeds).map_err(io::Error::other)? {
            table.add(&values, &run).map_err(io::Error::other)?;
        }
    }
    table.finish()
}

/// The axes that take more than one value, with their values.
fn varied(configurations: &[Configuration]) -> Vec<(&'static str, Vec<String>)> {
    let of_axis = |(position, axis): (usize, &&'static AxisEntry)| {
        let mut values: Vec<String> = Vec::new();
        for configuration in configurations {
            if !values.contains(&configuration.values[position]) {
                values.push(configuration.values[position].clone());
            }
        }
        (values.len() > 1).then_some((axis.name, values))
    };
    axes().iter().enumerate().filter_map(of_axis).collect()
}
