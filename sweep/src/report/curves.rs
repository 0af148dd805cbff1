//! The curves of a page: one for each label and depth, and which of them are shown before the reader selects others.

use super::columns::{value, varying};
use super::plot::Owner;
use crate::results::{Results, Summary};

/// The most curves that are shown at once.
pub(super) const MOST_CURVES: usize = 24;
/// The labels that are shown first where there are more curves than that.
const FIRST_LABELS: usize = 6;
/// The number of colors for labels, and of shades for depths, in `plot.css`.
const COLORS: usize = 8;

/// The curves of a page.
#[derive(Debug)]
pub(super) struct Curves<'r> {
    pub(super) results: &'r Results,
    /// In the order of the settings.
    pub(super) labels: Vec<String>,
    /// Ascending.
    pub(super) depths: Vec<usize>,
    /// Whether the labels are the values of one axis of numbers.
    pub(super) ordered: bool,
    pub(super) shown_labels: Vec<bool>,
    pub(super) shown_depths: Vec<bool>,
    /// For each summary the index of its label and the rank of its depth.
    pub(super) places: Vec<(usize, usize)>,
}

/// A name for the curve of a configuration.
fn name(summary: &Summary) -> String {
    let label = if summary.label.is_empty() { "all networks" } else { &summary.label };
    match &summary.group {
        Some(group) if !label.contains(group.as_str()) => format!("{group}: {label}"),
        _ => label.to_owned(),
    }
}

impl<'r> Curves<'r> {
    /// The curves of these results.
    pub(super) fn new(results: &'r Results) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut depths: Vec<usize> = results.summaries.iter().map(|summary| summary.depth).collect();
        depths.sort_unstable();
        depths.dedup();
        let mut indices = std::collections::HashMap::new();
        let places = results.summaries.iter().map(|summary| {
            let name = name(summary);
            let label = *indices.entry(name.clone()).or_insert_with(|| {
                labels.push(name);
                labels.len() - 1
            });
            (label, depths.binary_search(&summary.depth).unwrap_or(0))
        });
        let places: Vec<_> = places.collect();
        let (shown_labels, shown_depths) = shown(&places, labels.len(), depths.len());
        Curves { results, labels, depths, ordered: ordered(results), shown_labels, shown_depths, places }
    }

    /// Each summary with its owner.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'r Summary, Owner)> + Clone {
        self.results.summaries.iter().zip(&self.places).map(|(summary, &(label, depth))| {
            let hidden = !(self.shown_labels[label] && self.shown_depths[depth]);
            (summary, Owner { label: Some(label), depth: Some(depth), hidden })
        })
    }

    /// The summaries with this label, by depth.
    pub(super) fn with_label(&self, label: usize) -> Vec<&'r Summary> {
        let all = self.results.summaries.iter().zip(&self.places);
        let mut found: Vec<_> = all.filter(|(_, place)| place.0 == label).map(|(summary, _)| summary).collect();
        found.sort_by_key(|summary| summary.depth);
        found
    }

    /// The owner of what belongs to a label at all depths.
    pub(super) fn label_owner(&self, label: usize) -> Owner {
        Owner { label: Some(label), depth: None, hidden: !self.shown_labels[label] }
    }

    /// The color of a label: a shade, where labels are numbers and so have an order.
    pub(super) fn label_class(&self, label: usize) -> String {
        if self.ordered { shade_class(label, self.labels.len()) } else { label_class(label) }
    }

    /// What a label has in common with others: its group, or what it begins with.
    pub(super) fn family(&self, label: usize) -> &str {
        let summary = self.results.summaries.iter().zip(&self.places).find(|(_, place)| place.0 == label);
        let group = summary.and_then(|(summary, _)| summary.group.as_deref());
        group.unwrap_or_else(|| self.labels[label].split(", ").next().unwrap_or_default())
    }

    /// Whether networks of several depths are compared.
    pub(super) fn several_depths(&self) -> bool {
        self.depths.len() > 1
    }
}

/// Whether one axis of numbers makes all the difference, but for the depth.
fn ordered(results: &Results) -> bool {
    let number = |axis: &str| {
        let mut values = results.summaries.iter().map(|summary| value(summary, axis));
        values.all(|value| value.is_some_and(|value| value.parse::<f64>().is_ok()))
    };
    matches!(varying(results).as_slice(), [axis] if number(axis))
}

/// The color of one of several things without order.
pub(super) fn label_class(label: usize) -> String {
    let shape = if (label / COLORS) % 2 == 1 { " square" } else { "" };
    format!("k{}{shape}", label % COLORS)
}

/// The shade of the `rank`-th of `count` ordered values.
pub(super) fn shade_class(rank: usize, count: usize) -> String {
    let last = COLORS - 1;
    format!("d{}", if count > 1 { (2 * rank * last + count - 1) / (2 * (count - 1)) } else { last })
}

/// Which labels and which depths are shown first: all, if there are not too many; else depths evenly down from the deepest,
/// and labels evenly from the first.
fn shown(places: &[(usize, usize)], labels: usize, depths: usize) -> (Vec<bool>, Vec<bool>) {
    if places.len() <= MOST_CURVES {
        return (vec![true; labels], vec![true; depths]);
    }
    let mut depths_of = vec![0; labels];
    places.iter().for_each(|(label, _)| depths_of[*label] += 1);
    let fitting = (MOST_CURVES / labels.clamp(1, FIRST_LABELS)).max(1);
    let kept = if depths_of.into_iter().all(|count| count <= fitting) { depths } else { fitting };
    let mut shown_depths = vec![false; depths];
    (0..kept).for_each(|index| shown_depths[depths - 1 - index * depths / kept] = true);
    let evenly = |count: usize| {
        let mut shown = vec![false; labels];
        (0..count).for_each(|index| shown[index * labels / count] = true);
        shown
    };
    let curves = |shown: &[bool]| places.iter().filter(|place| shown[place.0] && shown_depths[place.1]).count();
    // Each label is a panel of its own, unless depths do not vary.
    let most = if depths > 1 { FIRST_LABELS } else { MOST_CURVES };
    let fewer = (1..=labels.min(most)).rev().map(evenly);
    let shown_labels = fewer.into_iter().find(|shown| curves(shown) <= MOST_CURVES);
    (shown_labels.unwrap_or_else(|| evenly(1)), shown_depths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_curves_are_shown_at_first_than_can_be_told_apart() {
        for (labels, depths) in [(1, 1), (3, 7), (12, 1), (40, 25), (1, 100), (100, 2), (100, 1), (0, 0)] {
            let places: Vec<_> = (0..labels).flat_map(|label| (0..depths).map(move |depth| (label, depth))).collect();
            let (shown_labels, shown_depths) = shown(&places, labels, depths);
            let curves = places.iter().filter(|place| shown_labels[place.0] && shown_depths[place.1]).count();
            let expected = places.len().min(MOST_CURVES);
            assert!(curves <= MOST_CURVES && 4 * curves >= expected, "{labels} × {depths}: {curves}");
            assert!(depths == 0 || shown_depths[depths - 1], "the deepest is shown");
        }
    }

    #[test]
    fn of_many_labels_some_are_shown_evenly() {
        let places: Vec<_> = (0..60).map(|label| (label, label % 4)).collect();
        let (labels, depths) = shown(&places, 60, 4);
        let shown: Vec<_> = (0..60).filter(|label| labels[*label]).collect();
        assert_eq!(shown, [0, 10, 20, 30, 40, 50]);
        assert_eq!(depths, [true; 4]);
    }

    #[test]
    fn shades_run_from_the_first_to_the_last() {
        assert_eq!([shade_class(0, 7), shade_class(6, 7), shade_class(0, 1)], ["d0", "d7", "d7"]);
    }
}
