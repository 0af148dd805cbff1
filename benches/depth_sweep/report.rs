//! The printed table.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use crate::options::Options;
use crate::types::{Configuration, Phase, Summary, THRESHOLD};

/// Horizontal rules above and below the table and under its header.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// The table and its legend, without a line break at the end.
pub(crate) fn table(options: &Options, summaries: &[Summary]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    let headings = ["activation", "weights", "depth", "bottom/top", "per layer", "accuracy", "trained", "gradient"];
    table.set_header(headings);
    for column in 2..7 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for summary in summaries {
        let Configuration { activation, weights, depth } = &summary.configuration;
        let Phase { shrink, factor, score } = &summary.init;
        table.add_row([
            activation.to_string(),
            weights.to_string(),
            depth.to_string(),
            magnitude(*shrink),
            factor.map_or("–".into(), |factor| format!("{factor:.3}")),
            percent(score.accuracy),
            summary.trained.as_ref().map_or("–".into(), |phase| percent(phase.score.accuracy)),
            verdict(summary, options.seeds),
        ]);
    }
    format!("{table}\n{}", legend(options))
}

/// A number with three digits, in scientific notation if it is very large or small.
fn magnitude(value: f64) -> String {
    if value != 0.0 && value.is_finite() && !(0.01..1000.0).contains(&value.abs()) {
        format!("{value:.1e}")
    } else {
        format!("{value:.3}")
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn verdict(summary: &Summary, seeds: usize) -> String {
    match summary.diverged {
        0 => summary.verdict.to_string(),
        diverged => format!("{} ({diverged} of {seeds})", summary.verdict),
    }
}

fn legend(options: &Options) -> String {
    let (seeds, steps) = (options.seeds, options.steps);
    format!(
        "bottom/top: gradient norm at the bottom layer over that at the top, before training, over {seeds} seed(s).\n\
         trained: accuracy on held-out data after {steps} steps. vanishing: bottom/top below 1/{THRESHOLD}; \
         exploding: above {THRESHOLD}."
    )
}
