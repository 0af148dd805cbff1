//! Bottom over top as a heat map: a row for each label, a column for each depth.

use crate::report::curves::Curves;
use crate::report::format;
use crate::report::plot::{Axis, Cell, Chart, Figure, Key, Owner, Panel};

/// Where the colors on either side of the neutral one end, as exponents of ten; the second is that of the threshold.
const EDGES: [f64; 5] = [0.301, 1.301, 3.0, 10.0, 30.0];
/// The colors from the smallest ratio to the largest, as the legend names them.
const NAMES: [&str; 11] = ["below 10⁻³⁰", "10⁻¹⁰", "10⁻³", "1/20", "1/2", "1", "2", "20", "10³", "10¹⁰", "above 10³⁰"];
const ROW: f64 = 24.0;

/// The class of the color of a ratio.
fn class(shrink: f64) -> String {
    let exponent = shrink.log10();
    let away = EDGES.iter().filter(|edge| exponent.abs() > **edge).count();
    let index = if exponent < 0.0 { EDGES.len() - away } else { EDGES.len() + away };
    if exponent.is_nan() { "h-none".into() } else { format!("h{index}") }
}

/// What stands in a cell: two digits, or the power of ten.
fn text(shrink: f64) -> String {
    match shrink {
        0.01..10.0 => format!("{shrink:.2}"),
        10.0..1000.0 => format!("{shrink:.0}"),
        _ if shrink.is_normal() => format::power_of_ten(shrink.log10().round() as i32),
        _ => format::number(shrink),
    }
}

/// The heat map, where both labels and depths vary.
pub(super) fn heat(curves: &Curves<'_>) -> Option<Figure> {
    if !curves.several_depths() || curves.labels.len() < 2 {
        return None;
    }
    let depths: Vec<_> = curves.depths.iter().map(usize::to_string).collect();
    let mut chart = Chart::new(Axis::columns("depth", &depths), Axis::names("", &curves.labels));
    chart.size = (640.0, 60.0 + ROW * curves.labels.len() as f64);
    for (summary, owner) in curves.all() {
        let (Some(row), Some(column)) = (owner.label, owner.depth) else { continue };
        let (x, y) = (column as f64, -(row as f64));
        let shrink = summary.init.shrink;
        chart.cells.push(Cell {
            x: (x - 0.5, x + 0.5),
            y: (y - 0.5, y + 0.5),
            class: class(shrink),
            text: text(shrink),
            tip: format!("{}, depth {}: {}", curves.labels[row], summary.depth, format::number(shrink)),
            owner: Owner::default(),
        });
    }
    let key = |(index, name): (usize, &&str)| Key::filled(format!("h{index}"), *name);
    Some(Figure {
        id: "heat",
        title: "Gradient at the bottom, activation by depth",
        caption:
            "The norm at the bottom layer over that at the top, before training. Pale is healthy; blue vanishes, red \
                  explodes."
                .into(),
        legend: "bottom / top",
        keys: NAMES.iter().enumerate().map(key).collect(),
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}
