//! The summary table of a model.

use std::fmt;

use autodiff::{Params, Real, Shape};
use comfy_table::{CellAlignment, Table, presets};

/// A table of the name, shape and size of every parameter and state, with totals.
///
/// ```
/// use autodiff::Params;
/// use nn::Linear;
///
/// let mut params = Params::<f32>::new(0);
/// Linear::new(params.scope("fc"), 64, 10);
/// let table = nn::summary(&params).to_string();
/// assert!(table.contains("fc.weight") && table.contains("[10, 64]") && table.contains("650"));
/// ```
pub fn summary<T: Real>(params: &Params<T>) -> impl fmt::Display {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["name", "shape", "count"]);
    let mut total = |what: &str, rows: &mut dyn Iterator<Item = (&str, &Shape, &[T])>| {
        let mut sum = 0;
        for (name, shape, values) in rows {
            table.add_row([name.to_owned(), shape.to_string(), values.len().to_string()]);
            sum += values.len();
        }
        if sum > 0 {
            table.add_row([what.to_owned(), String::new(), sum.to_string()]);
        }
    };
    total("all parameters", &mut params.iter());
    total("all state", &mut params.states());
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_shows_every_name_shape_and_count() {
        let mut params = Params::<f64>::new(0);
        params.scope("fc").parameter("weight", [2, 3], |_, _| {});
        params.scope("fc").parameter("bias", [2], |_, _| {});
        params.scope("norm").state("running_mean", &[7.0].into());
        let text = summary(&params).to_string();
        for part in ["fc.weight", "[2, 3]", "norm.running_mean", "all parameters", "8", "all state", "1"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }
}
