//! The plot: gradient norm against layer; a panel for each activation, a line for each depth.

use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::options::Options;
use crate::types::{Configuration, Summary};

const PANEL: (u32, u32) = (390, 330);
/// The width of a single panel, wide enough for the heading.
const ALONE: u32 = 640;
const HEAD: u32 = 96;
const MARGIN: u32 = 14;
const COLUMNS: usize = 3;
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(51, 51, 51);
const GRID: RGBColor = RGBColor(226, 226, 226);
/// Dark blue through teal to green: ordered also for the color-blind and in gray, and dark enough on white.
const SHADES: [RGBColor; 4] =
    [RGBColor(68, 1, 84), RGBColor(55, 90, 140), RGBColor(33, 145, 140), RGBColor(110, 190, 70)];

type Failure = Box<dyn std::error::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The plot as SVG. Norms are geometric means over seeds at initialization; all panels share one logarithmic axis.
pub(crate) fn gradients(options: &Options, summaries: &[Summary]) -> Result<String, Failure> {
    let panels: Vec<_> = summaries.chunk_by(|a, b| a.configuration.activation == b.configuration.activation).collect();
    let columns = panels.len().min(COLUMNS);
    let rows = panels.len().div_ceil(COLUMNS);
    let width = if columns == 1 { ALONE } else { PANEL.0 * columns as u32 };
    let size = (2 * MARGIN + width, HEAD + PANEL.1 * rows as u32 + MARGIN);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, body) = root.split_vertically(HEAD);
        draw_head(&head, options)?;
        let body = body.margin(0, MARGIN, MARGIN, MARGIN);
        let decades = decades(summaries);
        for (area, panel) in body.split_evenly((rows, columns)).iter().zip(panels) {
            draw_panel(area, options, panel, decades.clone())?;
        }
        root.present()?;
    }
    Ok(svg)
}

fn draw_head(head: &Area<'_>, options: &Options) -> Result<(), Failure> {
    let left = 2 * MARGIN as i32;
    let Options { width, batch, seeds, data, probe, dtype, .. } = options;
    let title = "Gradient norm, layer by layer, before training";
    head.draw_text(title, &(FONT, 21).into_font().color(&INK), (left, 16))?;
    let settings =
        format!("{width} units a layer, {data}, {probe} probe, batch of {batch}, {dtype}, mean over {seeds} seed(s)");
    head.draw_text(&settings, &(FONT, 13).into_font().color(&INK), (left, 43))?;
    head.draw_text("hidden layers:", &(FONT, 13).into_font().color(&INK), (left, 68))?;
    let mut x = left + 100;
    for (rank, depth) in options.depths.iter().enumerate() {
        let shade = shade(rank, options.depths.len());
        head.draw(&PathElement::new([(x, 75), (x + 20, 75)], shade.stroke_width(3)))?;
        let label = depth.to_string();
        head.draw_text(&label, &(FONT, 13).into_font().color(&INK), (x + 25, 68))?;
        x += 42 + 8 * label.len() as i32;
    }
    Ok(())
}

fn draw_panel(area: &Area<'_>, options: &Options, panel: &[Summary], decades: Range<f64>) -> Result<(), Failure> {
    let Some(Configuration { activation, weights, .. }) = panel.first().map(|summary| &summary.configuration) else {
        return Ok(());
    };
    let deepest = options.depths.iter().max().map_or(1.0, |&depth| depth as f64);
    let labels = (decades.end - decades.start) as usize + 1;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{activation} ({weights})"), (FONT, 16).into_font().color(&INK))
        .margin(8)
        .x_label_area_size(40)
        .y_label_area_size(62)
        .build_cartesian_2d(1.0 - 0.02 * deepest..1.02 * deepest + 0.1, decades)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(INK)
        .label_style((FONT, 12).into_font().color(&INK))
        .axis_desc_style((FONT, 13).into_font().color(&INK))
        .x_desc("layer (1 is next to the input)")
        .y_desc("‖∂L/∂z‖")
        .x_labels(8)
        .y_labels(labels.min(9))
        .x_label_formatter(&|layer| format!("{layer:.0}"))
        .y_label_formatter(&|decade| power_of_ten(*decade))
        .draw()?;
    for summary in panel {
        let rank = options.depths.iter().position(|&depth| depth == summary.configuration.depth).unwrap_or(0);
        draw_line(&mut chart, &summary.delta_norms, shade(rank, options.depths.len()))?;
    }
    Ok(())
}

fn draw_line<'a>(
    chart: &mut ChartContext<'a, SVGBackend<'_>, Cartesian2d<RangedCoordf64, RangedCoordf64>>,
    norms: &[f64],
    shade: RGBColor,
) -> Result<(), Failure> {
    let points: Vec<_> = norms.iter().enumerate().map(|(index, norm)| ((index + 1) as f64, norm.log10())).collect();
    // A norm that is zero or overflowed is a gap in the line.
    for piece in points.chunk_by(|a, b| a.1.is_finite() == b.1.is_finite()) {
        if let [first, .., last] | [first @ last] = piece
            && first.1.is_finite()
        {
            chart.draw_series(LineSeries::new(piece.iter().copied(), shade.stroke_width(2)))?;
            chart.draw_series([*first, *last].map(|end| Circle::new(end, 3, shade.filled())))?;
        }
    }
    Ok(())
}

/// The range of all norms in whole decades, at least two.
fn decades(summaries: &[Summary]) -> Range<f64> {
    let norms = summaries.iter().flat_map(|summary| &summary.delta_norms).map(|norm| norm.log10());
    let shown = norms.filter(|decade| decade.is_finite());
    let (low, high) = shown.fold((0.0_f64, 0.0_f64), |(low, high), x| (low.min(x.floor()), high.max(x.ceil())));
    low.min(high - 2.0)..high
}

/// A tick label such as `10⁻³`; empty between decades.
fn power_of_ten(decade: f64) -> String {
    if (decade - decade.round()).abs() > 1e-6 {
        return String::new();
    }
    let raised = |c: char| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => char::from_u32('⁰' as u32 + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit),
    };
    format!("10{}", format!("{:.0}", decade.round() + 0.0).chars().map(raised).collect::<String>())
}

/// The color of the `rank`-th of `count` depths.
fn shade(rank: usize, count: usize) -> RGBColor {
    let position = rank as f64 * (SHADES.len() - 1) as f64 / (count.max(2) - 1) as f64;
    let (from, to) = (SHADES[position.floor() as usize], SHADES[position.ceil() as usize]);
    let mix = |from: u8, to: u8| (f64::from(from) + position.fract() * (f64::from(to) - f64::from(from))) as u8;
    RGBColor(mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_are_written_with_raised_digits() {
        assert_eq!(["10⁻⁴⁰", "10⁰", "10¹²³", ""], [-40.0, -0.0, 123.0, 0.5].map(power_of_ten));
    }

    #[test]
    fn shades_run_from_the_first_to_the_last() {
        assert_eq!([shade(0, 7), shade(6, 7), shade(0, 1)], [SHADES[0], SHADES[3], SHADES[0]]);
    }
}
