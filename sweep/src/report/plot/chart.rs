//! A chart: axes and the marks on them, in the units of the axes.

use super::Axis;

/// What a mark belongs to, so that a selection can show and hide it: the index of a label, and the rank of a depth.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in crate::report) struct Owner {
    pub(in crate::report) label: Option<usize>,
    pub(in crate::report) depth: Option<usize>,
    /// Not shown before it is selected.
    pub(in crate::report) hidden: bool,
}

/// A line through points. A coordinate that is not finite is a gap.
#[derive(Clone, Debug, Default)]
pub(in crate::report) struct Series {
    /// What the pointer is told.
    pub(in crate::report) name: String,
    /// Classes of `plot.css`: color and stroke.
    pub(in crate::report) class: String,
    pub(in crate::report) points: Vec<(f64, f64)>,
    /// Draws a dot at each point.
    pub(in crate::report) dots: bool,
    /// For each point, how far an error bar reaches up and down; empty without.
    pub(in crate::report) errors: Vec<f64>,
    pub(in crate::report) owner: Owner,
}

/// A shaded area: x, lower and upper y.
#[derive(Clone, Debug)]
pub(in crate::report) struct Area {
    pub(in crate::report) class: String,
    pub(in crate::report) points: Vec<(f64, f64, f64)>,
    pub(in crate::report) owner: Owner,
}

/// A colored rectangle of a heat map.
#[derive(Clone, Debug)]
pub(in crate::report) struct Cell {
    pub(in crate::report) x: (f64, f64),
    pub(in crate::report) y: (f64, f64),
    pub(in crate::report) class: String,
    /// Written into it where there is room.
    pub(in crate::report) text: String,
    /// What the pointer is told.
    pub(in crate::report) tip: String,
    pub(in crate::report) owner: Owner,
}

/// A horizontal guide with its label.
#[derive(Clone, Debug)]
pub(in crate::report) struct Guide {
    pub(in crate::report) at: f64,
    pub(in crate::report) label: &'static str,
}

/// A chart.
#[derive(Clone, Debug)]
pub(in crate::report) struct Chart {
    pub(in crate::report) x: Axis,
    pub(in crate::report) y: Axis,
    pub(in crate::report) cells: Vec<Cell>,
    pub(in crate::report) areas: Vec<Area>,
    pub(in crate::report) guides: Vec<Guide>,
    pub(in crate::report) series: Vec<Series>,
    /// Width and height in pixels.
    pub(in crate::report) size: (f64, f64),
}

impl Chart {
    /// An empty chart of the usual size.
    pub(in crate::report) fn new(x: Axis, y: Axis) -> Self {
        Chart {
            x,
            y,
            cells: Vec::new(),
            areas: Vec::new(),
            guides: Vec::new(),
            series: Vec::new(),
            size: (400.0, 280.0),
        }
    }
}
