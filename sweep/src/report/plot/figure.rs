//! A figure: panels with one legend and one caption.

use serde::Serialize;

use super::Chart;
use super::chart::Owner;
use super::drawing::Drawing;

/// An entry of the legend: the classes of the mark that it explains.
#[derive(Clone, Debug)]
pub(in crate::report) struct Key {
    pub(in crate::report) class: String,
    pub(in crate::report) name: String,
    /// The legend shows a square of color, not a line.
    pub(in crate::report) filled: bool,
    pub(in crate::report) owner: Owner,
}

impl Key {
    /// The key of a line.
    pub(in crate::report) fn line(class: impl Into<String>, name: impl Into<String>) -> Self {
        Key { class: class.into(), name: name.into(), filled: false, owner: Owner::default() }
    }

    /// The key of an area or of cells.
    pub(in crate::report) fn filled(class: impl Into<String>, name: impl Into<String>) -> Self {
        Key { filled: true, ..Key::line(class, name) }
    }
}

/// A chart with a heading.
#[derive(Clone, Debug)]
pub(in crate::report) struct Panel {
    pub(in crate::report) title: String,
    pub(in crate::report) chart: Chart,
    pub(in crate::report) owner: Owner,
}

/// A figure.
#[derive(Clone, Debug)]
pub(in crate::report) struct Figure {
    /// Unique on a page.
    pub(in crate::report) id: &'static str,
    pub(in crate::report) title: &'static str,
    /// What the figure shows and how to read it.
    pub(in crate::report) caption: String,
    /// What the colors stand for, before the keys.
    pub(in crate::report) legend: &'static str,
    pub(in crate::report) keys: Vec<Key>,
    pub(in crate::report) panels: Vec<Panel>,
}

/// A figure as the templates take it.
#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct DrawnFigure {
    id: &'static str,
    title: &'static str,
    caption: String,
    legend: &'static str,
    pub(in crate::report) keys: Vec<DrawnKey>,
    pub(in crate::report) panels: Vec<DrawnPanel>,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct DrawnKey {
    class: String,
    pub(in crate::report) name: String,
    filled: bool,
    label: Option<usize>,
    depth: Option<usize>,
    pub(in crate::report) hidden: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(in crate::report) struct DrawnPanel {
    title: String,
    label: Option<usize>,
    pub(in crate::report) hidden: bool,
    chart: Drawing,
    pub(in crate::report) width: f64,
    pub(in crate::report) height: f64,
}

impl Figure {
    /// Positions of everything.
    pub(in crate::report) fn draw(&self) -> DrawnFigure {
        let key = |key: &Key| DrawnKey {
            class: key.class.clone(),
            name: key.name.clone(),
            filled: key.filled,
            label: key.owner.label,
            depth: key.owner.depth,
            hidden: key.owner.hidden,
        };
        let panel = |panel: &Panel| DrawnPanel {
            title: panel.title.clone(),
            label: panel.owner.label,
            hidden: panel.owner.hidden,
            chart: panel.chart.draw(),
            width: panel.chart.size.0,
            height: panel.chart.size.1,
        };
        DrawnFigure {
            id: self.id,
            title: self.title,
            caption: self.caption.clone(),
            legend: self.legend,
            keys: self.keys.iter().map(key).collect(),
            panels: self.panels.iter().map(panel).collect(),
        }
    }
}
