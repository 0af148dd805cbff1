//! Order and chaos: the plane of the variances, and the depth to which networks train (Schoenholz 2017).

use super::{ACTIVATION, BIAS_VARIANCE, WEIGHT_VARIANCE, numeric};
use crate::report::columns::{after, value};
use crate::report::curves::Curves;
use crate::report::format;
use crate::report::plot::{Axis, Cell, Chart, Figure, Key, Owner, Panel, Series};
use crate::results::{PhaseDiagram, Summary, Verdict};

const WEIGHT_AXIS: &str = "variance of weights σw²";

/// The (σw², σb²) plane with the critical line and the networks of the sweep.
pub(super) fn diagram(curves: &Curves<'_>) -> Option<Figure> {
    let phase = curves.results.phase.as_ref().filter(|phase| phase.critical.len() > 1)?;
    // One dot for all depths: the verdict on the deepest network.
    let mut networks: Vec<([f64; 2], Verdict)> = Vec::new();
    for summary in &curves.results.summaries {
        let Some(at) = place(phase, summary) else { continue };
        networks.retain(|network| network.0 != at);
        networks.push((at, summary.verdict));
    }
    let points = || phase.critical.iter().copied().chain(networks.iter().map(|network| network.0));
    let x = Axis::tight(WEIGHT_AXIS, points().map(|point| point[0]));
    let y = Axis::tight("variance of biases σb²", points().map(|point| point[1]));
    let mut chart = Chart::new(x, y);
    let line = phase.critical.iter().map(|point| (point[0], point[1])).collect();
    chart.series.push(Series { name: "χ = 1".into(), class: "ink".into(), points: line, ..Series::default() });
    let mut keys = vec![Key::line("ink", "χ = 1, from order (left) to chaos (right)")];
    let kinds =
        [(Verdict::Vanishing, "k0"), (Verdict::Healthy, "k2"), (Verdict::Exploding, "k1"), (Verdict::Diverged, "k7")];
    for (verdict, class) in kinds {
        let of_kind = networks.iter().filter(|network| network.1 == verdict);
        let points: Vec<_> = of_kind.map(|(point, _)| (point[0], point[1])).collect();
        if !points.is_empty() {
            keys.push(Key::line(format!("{class} dots"), verdict.to_string()));
            let class = format!("{class} dots");
            chart.series.push(Series { name: verdict.to_string(), class, points, dots: true, ..Series::default() });
        }
    }
    Some(Figure {
        id: "phase",
        title: "Order and chaos",
        caption: format!(
            "Infinitely wide {} networks: left of the line gradients vanish with depth, right of it they explode. Dots \
             are the deepest networks of this sweep.",
            phase.activation
        ),
        legend: "",
        keys,
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}

/// Where networks of the activation lie in the plane.
fn place(phase: &PhaseDiagram, summary: &Summary) -> Option<[f64; 2]> {
    let same = value(summary, ACTIVATION).is_none_or(|activation| activation == phase.activation);
    let bias = numeric(summary, BIAS_VARIANCE).unwrap_or(phase.bias_variance);
    same.then_some([numeric(summary, WEIGHT_VARIANCE)?, bias])
}

/// Trained accuracy over σw² and depth, with the depth to which theory expects networks to train.
pub(super) fn trainable_depth(curves: &Curves<'_>) -> Option<Figure> {
    let phase = curves.results.phase.as_ref()?;
    let mut networks = Vec::new();
    for summary in &curves.results.summaries {
        let accuracy = after(summary);
        if let Some([variance, bias]) = place(phase, summary)
            && bias == phase.bias_variance
            && (accuracy.is_some() || summary.diverged > 0)
        {
            networks.push((variance, summary.depth as f64, accuracy));
        }
    }
    let mut variances: Vec<_> = networks.iter().map(|network| network.0).collect();
    variances.sort_by(f64::total_cmp);
    variances.dedup();
    if variances.len() < 2 || !curves.several_depths() {
        return None;
    }
    let depths: Vec<_> = curves.depths.iter().map(|depth| *depth as f64).collect();
    let (x_cells, x) = celled(Axis::values(WEIGHT_AXIS, &variances), &variances);
    let (y_cells, y) = celled(Axis::values("depth", &depths), &depths);
    let mut chart = Chart::new(x, y);
    for (variance, depth, accuracy) in networks {
        let bounds = |cells: &[(f64, f64)], all: &[f64], at: f64| all.iter().position(|v| *v == at).map(|i| cells[i]);
        let (Some(x), Some(y)) = (bounds(&x_cells, &variances, variance), bounds(&y_cells, &depths, depth)) else {
            continue;
        };
        let text = accuracy.map_or("diverged".into(), format::percent);
        let tip = format!("σw² = {}, depth {}: {text}", format::number(variance), format::number(depth));
        let class = accuracy.map_or("h-none".into(), |share| format!("a{}", tenth(share)));
        chart.cells.push(Cell { x, y, class, text: String::new(), tip, owner: Owner::default() });
    }
    let line = phase.depth_scales.iter().map(|point| (chart.x.place(point[0]), chart.y.place(point[1]))).collect();
    chart.series.push(Series { name: "6ξ".into(), class: "halo".into(), points: line, ..Series::default() });
    let share = |tenth: usize| Key::filled(format!("a{tenth}"), if tenth == 9 { "100 %" } else { "" });
    Some(Figure {
        id: "trainable",
        title: "How deep networks train",
        caption: "Accuracy on held-out data after training. The line is six times the depth scale ξ over which the \
                  correlation of two inputs settles: below it theory expects networks to train."
            .into(),
        legend: "accuracy 0 %",
        keys: (0..10).map(share).chain([Key::line("halo", "depth = 6ξ")]).collect(),
        panels: vec![Panel { title: String::new(), chart, owner: Owner::default() }],
    })
}

fn tenth(share: f64) -> usize {
    (10.0 * share).clamp(0.0, 9.0) as usize
}

/// The cells around the values of an axis, which meet in the middle, and the axis that just holds them.
fn celled(axis: Axis, values: &[f64]) -> (Vec<(f64, f64)>, Axis) {
    let places: Vec<_> = values.iter().map(|value| axis.place(*value)).collect();
    let middle = |a: usize, b: usize| 0.5 * (places[a] + places[b]);
    let last = places.len() - 1;
    let bounds = |index: usize| {
        let below = if index > 0 { middle(index - 1, index) } else { 2.0 * places[0] - middle(0, 1) };
        let above = if index < last { middle(index, index + 1) } else { 2.0 * places[last] - middle(last - 1, last) };
        (below, above)
    };
    let cells: Vec<_> = (0..places.len()).map(bounds).collect();
    let axis = axis.within(cells[0].0, cells[last].1);
    (cells, axis)
}
