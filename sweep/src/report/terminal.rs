//! The printed table.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::columns::{Column, Kind, columns};
use super::format::count;
use crate::results::{Results, Summary, THRESHOLD, Verdict};

/// Horizontal rules above and below the table and under its header.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The number of spaces between columns where there is room, and where there is not.
const WIDE: u16 = 3;
const NARROW: u16 = 2;

/// Kinds of columns in the order in which they give way.
const GIVING_WAY: [Kind; 6] =
    [Kind::Implied, Kind::Before, Kind::Predicted, Kind::Profile, Kind::Factor, Kind::Trained];

/// The table of a sweep with its legend, for a terminal of this many columns; no line break at the end.
///
/// Columns that do not fit are left out, the least important first; what then still does not fit is wrapped.
pub fn terminal(results: &Results, width: u16, color: bool) -> String {
    let mut columns = columns(results);
    columns.retain(|column| column.kind != Kind::Detail);
    let width = usize::from(width);
    for kind in GIVING_WAY {
        if natural_width(&columns, NARROW) <= width {
            break;
        }
        columns.retain(|column| column.kind != kind);
    }
    let gap = if natural_width(&columns, WIDE) <= width { WIDE } else { NARROW };
    let table = table(&columns, gap, width);
    let lines: Vec<_> = if color { colored(table.lines(), results) } else { table.lines().collect() };
    let unfinished = results.runs.checked_sub(results.finished).filter(|left| *left > 0);
    let unfinished = unfinished.map(|_| format!("{} of {} runs finished.", results.finished, results.runs));
    let legend = legend(results, &columns, width);
    lines.into_iter().chain(unfinished).chain(legend).collect::<Vec<_>>().join("\n")
}

/// The width of the table when nothing is wrapped.
fn natural_width(columns: &[Column], gap: u16) -> usize {
    let widest = |column: &Column| {
        let texts = column.cells.iter().chain([&column.heading]);
        texts.map(|text| text.chars().count()).max().unwrap_or(0) + usize::from(gap)
    };
    columns.iter().map(widest).sum()
}

fn table(columns: &[Column], gap: u16, width: usize) -> Table {
    let mut table = Table::new();
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    table.load_style(STYLE).set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(columns.iter().map(|column| &column.heading));
    let rows = columns.first().map_or(0, |column| column.cells.len());
    table.add_rows((0..rows).map(|row| columns.iter().map(move |column| &column.cells[row])));
    for (column, shown) in columns.iter().zip(table.column_iter_mut()) {
        // The style puts one more space between columns.
        shown.set_padding((1, gap - 2));
        if column.is_numeric() {
            shown.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Vanishing => AnsiColor::Blue,
        Verdict::Healthy => AnsiColor::Green,
        Verdict::Exploding => AnsiColor::Red,
        Verdict::Diverged => AnsiColor::Magenta,
    };
    color.on_default()
}

/// Colors the verdict at the end of each line that has one.
fn colored(lines: impl Iterator<Item = String>, results: &Results) -> Vec<String> {
    let mut summaries = results.summaries.iter().peekable();
    let color = |line: String| {
        let verdict = summaries.peek().map(|summary: &&Summary| summary.verdict);
        let found = verdict.and_then(|verdict| Some((verdict, line.rfind(&verdict.to_string())?)));
        let Some((verdict, start)) = found else { return line };
        summaries.next();
        let (style, end) = (style(verdict), line.trim_end().len());
        format!("{}{style}{}{style:#}{}", &line[..start], &line[start..end], &line[end..])
    };
    lines.map(color).collect()
}

/// What the columns mean, wrapped.
fn legend(results: &Results, columns: &[Column], width: usize) -> Vec<String> {
    let has = |kind: Kind| columns.iter().any(|column| column.kind == kind);
    let seeds = results.summaries.iter().map(|summary| summary.seeds).max().unwrap_or(0);
    let steps = results.summaries.iter().filter_map(|summary| summary.curve.last()).map(|point| point.step).max();
    let mut told = vec![format!(
        "bottom/top: gradient norm at the bottom layer over that at the top, before training, over {}.",
        count(seeds, "seed")
    )];
    if has(Kind::Predicted) {
        told.push("theory: the factor a layer that mean-field theory predicts.".into());
    }
    if has(Kind::Profile) {
        told.push("by layer: the logarithm of the norm from the bottom layer to the top.".into());
    }
    if has(Kind::Trained) {
        let after = steps.map_or("training".to_owned(), |steps| count(steps, "step"));
        told.push(format!("trained: accuracy on held-out data after {after}."));
    }
    told.push(format!("vanishing: bottom/top below 1/{THRESHOLD}; exploding: above {THRESHOLD}."));
    textwrap::wrap(&told.join(" "), width).into_iter().map(|line| line.into_owned()).collect()
}
