//! A figure as a file of its own: where its panels and keys stand.

use serde::Serialize;

use super::Figure;
use super::figure::{DrawnKey, DrawnPanel};

/// The style of all plots. Colors are variables with a light and a dark value.
pub(in crate::report) const STYLE: &str = include_str!("../assets/plot.css");

const COLUMNS: usize = 3;
const HEAD: f64 = 62.0;
const KEY_ROW: f64 = 20.0;
const PANEL_TITLE: f64 = 24.0;
const MARGIN: f64 = 16.0;
/// The width of a character of a key.
const CHARACTER: f64 = 6.8;
const SWATCH: f64 = 44.0;

/// A figure on a sheet.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct Sheet {
    width: f64,
    height: f64,
    title: &'static str,
    subtitle: String,
    legend: &'static str,
    style: String,
    keys: Vec<(f64, f64, DrawnKey)>,
    panels: Vec<(f64, f64, DrawnPanel)>,
}

impl Sheet {
    /// The panels and keys that are shown first, in rows.
    pub(in crate::report) fn new(figure: &Figure, subtitle: &str) -> Self {
        let drawn = figure.draw();
        let panels: Vec<_> = drawn.panels.into_iter().filter(|panel| !panel.hidden).collect();
        let largest = |size: fn(&DrawnPanel) -> f64| panels.iter().map(size).fold(0.0, f64::max);
        let (cell_width, cell_height) = (largest(|panel| panel.width), largest(|panel| panel.height) + PANEL_TITLE);
        let columns = panels.len().clamp(1, COLUMNS);
        let width = 2.0 * MARGIN + (cell_width * columns as f64).max(560.0);
        let (keys, top) = keys(drawn.keys, figure.legend, width);
        let rows = panels.len().div_ceil(columns);
        let place = |(index, panel): (usize, DrawnPanel)| {
            let (column, row) = (index % columns, index / columns);
            (MARGIN + cell_width * column as f64, top + cell_height * row as f64 + PANEL_TITLE, panel)
        };
        Sheet {
            width,
            height: top + cell_height * rows as f64 + 0.5 * MARGIN,
            title: figure.title,
            subtitle: subtitle.to_owned(),
            legend: figure.legend,
            style: light(STYLE),
            keys,
            panels: panels.into_iter().enumerate().map(place).collect(),
        }
    }
}

/// Keys in rows, and where the rows end.
fn keys(keys: Vec<DrawnKey>, legend: &str, width: f64) -> (Vec<(f64, f64, DrawnKey)>, f64) {
    let first = if legend.is_empty() { 0.0 } else { CHARACTER * legend.chars().count() as f64 + 14.0 };
    let (mut x, mut y) = (MARGIN + first, HEAD);
    let mut placed = Vec::new();
    for key in keys.into_iter().filter(|key| !key.hidden) {
        let needed = SWATCH + CHARACTER * key.name.chars().count() as f64;
        if x + needed > width - MARGIN && x > MARGIN {
            (x, y) = (MARGIN, y + KEY_ROW);
        }
        placed.push((x, y, key));
        x += needed;
    }
    (placed, y + KEY_ROW)
}

/// The style with the light value of each variable in its place, for viewers that know no variables.
fn light(style: &str) -> String {
    let variable = |line: &str| {
        let (name, value) = line.trim().strip_prefix("--")?.split_once(": light-dark(")?;
        Some((format!("var(--{name})"), value.split_once(',')?.0.to_owned()))
    };
    let is_variable = |line: &&str| variable(line).is_none();
    let rules = style.lines().filter(is_variable).collect::<Vec<_>>().join("\n");
    style.lines().filter_map(variable).fold(rules, |rules, (name, value)| rules.replace(&name, &value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_variables() {
        let style = light(STYLE);
        assert!(!style.contains("var(") && !style.contains("light-dark"), "{style}");
        assert!(style.contains('#'), "{style}");
    }
}
