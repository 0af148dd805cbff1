//! The report: a page for each sweep; and plots as files.

use serde::Serialize;

use super::columns::{Column, Kind, columns, varying};
use super::curves::{Curves, MOST_CURVES};
use super::figures;
use super::plot::{DrawnFigure, Figure};
use super::templates::{ReportError, render};
use super::verdict::{Finding, findings};
use super::{embed, plot};
use crate::results::Results;

#[derive(Debug, Serialize)]
struct Report {
    title: String,
    pages: Vec<Page>,
    most_curves: usize,
    json: String,
    style: &'static str,
    plot_style: &'static str,
    scripts: [&'static str; 4],
}

#[derive(Debug, Serialize)]
struct Page {
    id: String,
    title: String,
    description: String,
    settings: String,
    runs: usize,
    finished: usize,
    axes: Vec<PageAxis>,
    findings: Vec<Finding>,
    figures: Vec<DrawnFigure>,
    labels: Vec<Choice>,
    depths: Vec<Choice>,
    /// Whether labels have shades.
    ordered: bool,
    /// For each configuration the index of its label and of its depth.
    places: String,
    columns: Vec<PageColumn>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct PageAxis {
    name: String,
    values: Vec<String>,
    varies: bool,
}

/// A value of the selection.
#[derive(Debug, Serialize)]
struct Choice {
    name: String,
    shown: bool,
}

#[derive(Debug, Serialize)]
struct PageColumn {
    heading: String,
    class: &'static str,
}

/// The report on these sweeps: one HTML file that needs nothing else.
///
/// # Errors
/// None that depends on the results is known.
pub fn html(all: &[&Results]) -> Result<String, ReportError> {
    let title = match all {
        [one] => one.title.clone(),
        _ => "Depth sweeps".to_owned(),
    };
    let report = Report {
        title,
        pages: all.iter().enumerate().map(|(index, results)| page(index, results)).collect(),
        most_curves: MOST_CURVES,
        json: embed::json(all)?,
        style: include_str!("assets/style.css"),
        plot_style: plot::STYLE,
        scripts: [
            include_str!("assets/page.js"),
            include_str!("assets/tables.js"),
            include_str!("assets/points.js"),
            include_str!("assets/explorer.js"),
        ],
    };
    render("report.html", report)
}

/// The most important figures as SVG files, with their names: `gradients.svg`, and, where there are data for them,
/// `accuracy.svg`, `learning-rates.svg`, `phases.svg`, `trainable-depth.svg`, `over-fitting.svg`.
///
/// # Errors
/// None that depends on the results is known.
pub fn pictures(results: &Results) -> Result<Vec<(&'static str, String)>, ReportError> {
    let figures = figures::pictures(&Curves::new(results));
    let svg = |(name, figure): (&'static str, Figure)| {
        Ok((name, render("figure.svg", plot::Sheet::new(&figure, &results.title))?))
    };
    figures.into_iter().map(svg).collect()
}

fn page(index: usize, results: &Results) -> Page {
    let curves = Curves::new(results);
    let varying = varying(results);
    let axis = |(name, values): &(&str, Vec<String>)| PageAxis {
        name: name.replace('_', " "),
        values: values.clone(),
        varies: values.len() > 1 || varying.contains(name),
    };
    let columns = columns(results);
    let cell = |row: usize| columns.iter().map(|column| column.cells[row].clone()).collect();
    Page {
        id: format!("p{}", index + 1),
        title: results.title.clone(),
        description: results.description.clone(),
        settings: results.settings.clone(),
        runs: results.runs,
        finished: results.finished,
        axes: groups(results).into_iter().chain(results.axes.iter().map(axis)).collect(),
        findings: findings(&curves),
        figures: figures::figures(&curves).iter().map(Figure::draw).collect(),
        labels: choices(curves.labels.iter().cloned(), &curves.shown_labels),
        depths: choices(curves.depths.iter().map(usize::to_string), &curves.shown_depths),
        ordered: curves.ordered,
        places: curves.places.iter().map(|(label, depth)| format!("{label},{depth}")).collect::<Vec<_>>().join(" "),
        rows: (0..results.summaries.len()).map(cell).collect(),
        columns: columns.iter().map(page_column).collect(),
    }
}

/// The groups as if they were values of an axis.
fn groups(results: &Results) -> Option<PageAxis> {
    let mut values: Vec<_> = results.summaries.iter().filter_map(|summary| summary.group.clone()).collect();
    values.dedup();
    (!values.is_empty()).then(|| PageAxis { name: "group".into(), values, varies: true })
}

fn choices(names: impl Iterator<Item = String>, shown: &[bool]) -> Vec<Choice> {
    names.zip(shown).map(|(name, &shown)| Choice { name, shown }).collect()
}

fn page_column(column: &Column) -> PageColumn {
    let class = match column.kind {
        Kind::Profile => "profile",
        _ if column.is_numeric() => "number",
        _ => "",
    };
    PageColumn { heading: column.heading.clone(), class }
}
