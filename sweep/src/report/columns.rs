//! The columns of the tables: what is said of each configuration.

use std::collections::HashMap;

use super::format::{magnitude, number, percent};
use super::sparkline::sparkline;
use crate::results::{Results, Summary};

/// What stands for a number that there is none of.
const NONE: &str = "–";
/// The width of a profile, in characters.
const PROFILE: usize = 8;

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) heading: String,
    pub(super) kind: Kind,
    pub(super) cells: Vec<String>,
}

/// What is in a column. Where there is little room, the first kinds stay longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// What tells configurations apart, and the most important results.
    Main,
    /// An axis whose value follows from the group.
    Implied,
    Trained,
    Factor,
    Profile,
    Predicted,
    Before,
    /// Only where there is much room.
    Detail,
}

/// The names of the axes, other than the depth, in which configurations differ.
pub(super) fn varying(results: &Results) -> Vec<&'static str> {
    let Some(first) = results.summaries.first() else { return Vec::new() };
    let differs = |(index, name): &(usize, &str)| {
        let value = |summary: &Summary| summary.values.get(*index).map(|value| value.1.clone());
        *name != "depth" && results.summaries.iter().any(|summary| value(summary) != value(first))
    };
    first.values.iter().map(|(name, _)| *name).enumerate().filter(differs).map(|(_, name)| name).collect()
}

/// The value of an axis.
pub(super) fn value<'s>(summary: &'s Summary, axis: &str) -> Option<&'s str> {
    summary.values.iter().find(|(name, _)| *name == axis).map(|(_, value)| value.as_str())
}

/// Whether all configurations of a group have the same value of the axis.
fn implied(results: &Results, axis: &str) -> bool {
    let mut of_group = HashMap::new();
    results.summaries.iter().all(|summary| {
        let value = value(summary, axis);
        summary.group.as_ref().is_some_and(|group| *of_group.entry(group).or_insert(value) == value)
    })
}

/// The accuracy on held-out data before the training.
pub(super) fn before(summary: &Summary) -> Option<f64> {
    Some(summary.init.scores?.test.accuracy)
}

/// The accuracy on held-out data after the training.
pub(super) fn after(summary: &Summary) -> Option<f64> {
    Some(summary.trained.as_ref()?.scores?.test.accuracy)
}

/// The verdict, and how many seeds diverged.
fn verdict(summary: &Summary) -> String {
    match summary.diverged {
        0 => summary.verdict.to_string(),
        diverged => format!("{} ({diverged} of {})", summary.verdict, summary.seeds),
    }
}

/// The columns that have data, a cell for each summary.
pub(super) fn columns(results: &Results) -> Vec<Column> {
    let column = |heading: &str, kind, cell: &dyn Fn(&Summary) -> Option<String>| Column {
        heading: heading.to_owned(),
        kind,
        cells: results.summaries.iter().map(|summary| cell(summary).unwrap_or(NONE.into())).collect(),
    };
    let text = |heading: &str, cell: &dyn Fn(&Summary) -> Option<String>| column(heading, Kind::Main, cell);
    let mut columns = Vec::new();
    if results.summaries.iter().any(|summary| summary.group.is_some()) {
        columns.push(text("group", &|summary| summary.group.clone()));
    }
    for axis in varying(results) {
        let kind = if implied(results, axis) { Kind::Implied } else { Kind::Main };
        columns.push(column(&axis.replace('_', " "), kind, &|summary| value(summary, axis).map(str::to_owned)));
    }
    columns.extend([
        text("depth", &|s| Some(s.depth.to_string())),
        text("bottom/top", &|s| Some(magnitude(s.init.shrink))),
        column("per layer", Kind::Factor, &|s| s.init.factor.map(magnitude)),
        column("theory", Kind::Predicted, &|s| s.agreement.map(|agreement| magnitude(agreement.predicted))),
        column("by layer", Kind::Profile, &|s| Some(sparkline(&norms(s), PROFILE))),
        column("accuracy", Kind::Before, &|s| before(s).map(percent)),
        column("trained", Kind::Trained, &|s| after(s).map(percent)),
        column("± std", Kind::Detail, &|s| s.accuracy_std.map(percent)),
        column("train loss", Kind::Detail, &|s| Some(number(s.trained.as_ref()?.scores?.train.loss))),
        column("test loss", Kind::Detail, &|s| Some(number(s.trained.as_ref()?.scores?.test.loss))),
        column("deviation", Kind::Detail, &|s| s.agreement.map(|agreement| number(agreement.deviation))),
        column("band", Kind::Detail, &|s| s.agreement.map(|agreement| number(agreement.band))),
        column("no theory", Kind::Detail, &|s| s.no_theory.map(str::to_owned)),
        text("gradient", &|s| Some(verdict(s))),
    ]);
    columns.retain(|column| column.cells.iter().any(|cell| cell != NONE));
    columns
}

impl Column {
    /// Whether its cells are numbers, which are aligned at the right.
    pub(super) fn is_numeric(&self) -> bool {
        let number = |cell: &String| cell == NONE || cell.trim_end_matches(" %").parse::<f64>().is_ok();
        self.cells.iter().all(number)
    }
}

fn norms(summary: &Summary) -> Vec<f64> {
    summary.init.layers.iter().map(|layer| layer.delta_norm).collect()
}
