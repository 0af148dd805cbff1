//! A chart in pixels, as the template `chart.svg` takes it.

use std::fmt::Write;

use serde::Serialize;

use super::chart::{Area, Cell, Chart, Owner, Series};

/// The widest label that a margin makes room for, in characters.
const WIDEST_LABEL: usize = 30;
/// The width of a character of a label.
const CHARACTER: f64 = 6.3;
const TOP: f64 = 10.0;
const RIGHT: f64 = 14.0;
const BOTTOM: f64 = 44.0;
/// Lines with more points have no dots, which would run together.
const MOST_DOTS: usize = 24;

/// A chart in pixels.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Drawing {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x_name: String,
    y_name: String,
    x_grid: bool,
    y_grid: bool,
    x_ticks: Vec<(f64, String)>,
    y_ticks: Vec<(f64, String)>,
    cells: Vec<DrawnCell>,
    areas: Vec<DrawnArea>,
    guides: Vec<(f64, &'static str)>,
    series: Vec<DrawnSeries>,
}

/// What shows and hides a mark.
#[derive(Clone, Debug, Serialize)]
struct DrawnOwner {
    label: Option<usize>,
    depth: Option<usize>,
    hidden: bool,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnCell {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    class: String,
    text: String,
    tip: String,
    owner: DrawnOwner,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnArea {
    class: String,
    path: String,
    owner: DrawnOwner,
}

#[derive(Clone, Debug, Serialize)]
struct DrawnSeries {
    name: String,
    class: String,
    path: String,
    dots: String,
    errors: String,
    /// Empty where they are 1, 2, 3, …
    xs: String,
    ys: String,
    owner: DrawnOwner,
}

impl From<Owner> for DrawnOwner {
    fn from(Owner { label, depth, hidden }: Owner) -> Self {
        DrawnOwner { label, depth, hidden }
    }
}

impl Chart {
    /// Positions of all marks.
    pub(super) fn draw(&self) -> Drawing {
        let (width, height) = self.size;
        let left = (32.0 + CHARACTER * self.y.longest_label().clamp(3, WIDEST_LABEL) as f64).round();
        let frame = Frame { chart: self, left, right: width - RIGHT, top: TOP, bottom: height - BOTTOM };
        Drawing {
            width,
            height,
            left,
            right: frame.right,
            top: frame.top,
            bottom: frame.bottom,
            x_name: self.x.name.clone(),
            y_name: self.y.name.clone(),
            x_grid: !self.x.is_named(),
            y_grid: !self.y.is_named(),
            x_ticks: self.x.ticks.iter().map(|(at, label)| (frame.x(*at), label.clone())).collect(),
            y_ticks: self.y.ticks.iter().map(|(at, label)| (frame.y(*at), short(label))).collect(),
            cells: self.cells.iter().map(|cell| frame.cell(cell)).collect(),
            areas: self.areas.iter().map(|area| frame.area(area)).collect(),
            guides: self.guides.iter().map(|guide| (frame.y(guide.at), guide.label)).collect(),
            series: self.series.iter().map(|series| frame.series(series)).collect(),
        }
    }
}

/// A label that fits the margin.
fn short(label: &str) -> String {
    if label.chars().count() <= WIDEST_LABEL {
        return label.to_owned();
    }
    label.chars().take(WIDEST_LABEL - 1).chain(['…']).collect()
}

/// Rounded to a tenth of a pixel.
fn rounded(pixels: f64) -> f64 {
    (10.0 * pixels).round() / 10.0
}

/// The rectangle inside the axes.
struct Frame<'c> {
    chart: &'c Chart,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Frame<'_> {
    fn x(&self, at: f64) -> f64 {
        rounded(self.left + self.chart.x.position(at) * (self.right - self.left))
    }

    fn y(&self, at: f64) -> f64 {
        rounded(self.bottom - self.chart.y.position(at) * (self.bottom - self.top))
    }

    fn cell(&self, cell: &Cell) -> DrawnCell {
        let (x, y) = (self.x(cell.x.0), self.y(cell.y.1));
        let (width, height) = (rounded(self.x(cell.x.1) - x), rounded(self.y(cell.y.0) - y));
        let fits = CHARACTER * cell.text.chars().count() as f64 + 2.0 <= width && height >= 12.0;
        DrawnCell {
            x,
            y,
            width,
            height,
            class: cell.class.clone(),
            text: if fits { cell.text.clone() } else { String::new() },
            tip: cell.tip.clone(),
            owner: cell.owner.into(),
        }
    }

    fn area(&self, area: &Area) -> DrawnArea {
        let finite = |point: &&(f64, f64, f64)| point.0.is_finite() && point.1.is_finite() && point.2.is_finite();
        let points: Vec<_> = area.points.iter().filter(finite).collect();
        let inside = |y: f64| y.clamp(self.chart.y.low, self.chart.y.high);
        let lower = points.iter().map(|(x, low, _)| (*x, inside(*low)));
        let upper = points.iter().rev().map(|(x, _, high)| (*x, inside(*high)));
        let mut path = String::new();
        for (x, y) in lower.chain(upper) {
            let _ = write!(path, "{}{} {}", if path.is_empty() { 'M' } else { 'L' }, self.x(x), self.y(y));
        }
        DrawnArea { class: area.class.clone(), path, owner: area.owner.into() }
    }

    fn series(&self, series: &Series) -> DrawnSeries {
        let (mut path, mut dots, mut errors) = (String::new(), String::new(), String::new());
        let (mut xs, mut ys) = (Vec::new(), Vec::new());
        let with_dots = series.dots && series.points.len() <= MOST_DOTS;
        let mut pen = 'M';
        for (index, &(x, y)) in series.points.iter().enumerate() {
            if !(x.is_finite() && y.is_finite()) {
                pen = 'M';
                continue;
            }
            let (at_x, at_y) = (self.x(x), self.y(y));
            let _ = write!(path, "{pen}{at_x} {at_y}");
            // A dot is a line without length and with round ends. So is a point alone, which makes no line.
            let alone = pen == 'M' && series.points.get(index + 1).is_none_or(|next| !next.1.is_finite());
            if with_dots || alone {
                let _ = write!(dots, "M{at_x} {at_y}h0");
            }
            if let Some(error) = series.errors.get(index).filter(|error| error.is_finite()) {
                let _ = write!(errors, "M{at_x} {}V{}", self.y(y - error), self.y(y + error));
            }
            xs.push(self.chart.x.text(x));
            ys.push(self.chart.y.text(y));
            pen = 'L';
        }
        let counted = xs.iter().enumerate().all(|(index, x)| *x == (index + 1).to_string());
        DrawnSeries {
            name: series.name.clone(),
            class: series.class.clone(),
            path,
            dots,
            errors,
            xs: if counted { String::new() } else { xs.join("|") },
            ys: ys.join("|"),
            owner: series.owner.into(),
        }
    }
}
