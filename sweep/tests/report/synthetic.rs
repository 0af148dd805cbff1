//! Results that no network was run for, plausible enough to look at.

use sweep::results::{Agreement, CurvePoint, LayerMeasures, PhaseSummary, Results, Score, Scores, Summary, Verdict};

/// A kind of network: what its label is, and its numbers.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) label: String,
    pub(crate) values: Vec<(&'static str, String)>,
    /// ‖δ_l‖ / ‖δ_{l+1}‖.
    pub(crate) ratio: f64,
    pub(crate) predicted: Option<f64>,
    /// Accuracy after training, by depth.
    pub(crate) accuracy: fn(usize) -> f64,
}

/// A number between −1 and 1 that depends on the seed alone.
fn noise(seed: usize) -> f64 {
    (seed as f64 * 12.9898).sin() * 43758.5453 % 1.0
}

/// The layers of a network.
pub(crate) fn layers(kind: &Kind, depth: usize, trained: bool) -> Vec<LayerMeasures> {
    let layer = |index: usize| {
        let up = (depth - 1 - index) as f64;
        let wobble = 0.02 * noise(index + depth) * (up + 1.0).sqrt();
        let delta_norm = kind.ratio.powf(up) * wobble.exp();
        let q = 0.3 + 0.7 * kind.ratio.min(1.0).powf(0.2 * index as f64);
        let optional = |value: f64| (index + 1 < depth).then_some(value);
        LayerMeasures {
            predicted_ratio: None,
            delta_norm: if trained { delta_norm.powf(0.7) } else { delta_norm },
            predicted_delta_norm: kind.predicted.filter(|_| !trained).map(|ratio| ratio.powf(up)),
            weight_grad_norm: 0.3 * delta_norm,
            activation_mean: 0.1 * noise(index),
            activation_std: q.sqrt(),
            q,
            predicted_q: kind.predicted.filter(|_| !trained).map(|_| q * 1.02),
            correlation: Some(1.0 - 0.8 * 0.9f64.powi(index as i32)),
            predicted_correlation: kind.predicted.filter(|_| !trained).map(|_| 1.0 - 0.78 * 0.9f64.powi(index as i32)),
            dead: Some(0.01 * (index % 7) as f64),
            saturated: Some(0.5 * (1.0 - q).abs()),
            effective_rank: Some(40.0 * 0.95f64.powi(index as i32) + 2.0),
            update_ratio: Some(1e-3 * delta_norm.max(1e-12)),
            gradient_snr: optional(2.0 / (1.0 + 0.1 * index as f64)),
            change: trained.then_some(0.2 + 0.01 * index as f64),
        }
    };
    (0..depth).map(layer).collect()
}

fn phase(layers: Vec<LayerMeasures>, scores: Scores) -> PhaseSummary {
    let shrink = match layers.as_slice() {
        [bottom, .., top] => bottom.delta_norm / top.delta_norm,
        _ => 1.0,
    };
    let steps = layers.len() - 1;
    let factor = (steps > 0).then(|| shrink.powf(1.0 / steps as f64));
    PhaseSummary { shrink, factor, scores: Some(scores), layers }
}

fn scores(test: f64, gap: f64) -> Scores {
    let score = |accuracy: f64| Score { loss: -accuracy.max(1e-3).ln(), accuracy };
    Scores { train: score((test + gap).min(1.0)), test: score(test) }
}

fn curve(accuracy: f64) -> Vec<CurvePoint> {
    let point = |index: usize| {
        let share = index as f64 / 30.0;
        let reached = 0.1 + (accuracy - 0.1) * (1.0 - (-4.0 * share).exp());
        CurvePoint {
            step: 10 * index,
            loss: -reached.ln() + 0.02 * noise(index),
            accuracy: index.is_multiple_of(5).then_some(reached),
        }
    };
    (1..=30).map(point).collect()
}

/// A configuration over three seeds.
pub(crate) fn summary(kind: &Kind, depth: usize) -> Summary {
    let accuracy = (kind.accuracy)(depth);
    let init = phase(layers(kind, depth, false), scores(0.09 + 0.03 * noise(depth).abs(), 0.01));
    let trained = phase(layers(kind, depth, true), scores(accuracy, 0.03));
    let agreement = kind.predicted.filter(|_| depth > 1).map(|predicted| Agreement {
        measured: kind.ratio,
        predicted,
        layers: depth - 1,
        deviation: 2.0 * (depth - 1) as f64 * (kind.ratio / predicted).ln(),
        band: 4.0 * (3.0 * depth as f64 / 64.0).sqrt(),
    });
    let mut values = kind.values.clone();
    values.push(("depth", depth.to_string()));
    Summary {
        depth_scales: None,
        no_theory: None,
        group: None,
        values,
        label: kind.label.clone(),
        depth,
        seeds: 3,
        diverged: 0,
        verdict: Verdict::from_shrink(init.shrink),
        init,
        trained: Some(trained),
        accuracy_std: Some(0.02 * noise(depth).abs()),
        curve: curve(accuracy),
        non_finite: None,
        spectra: None,
        agreement,
    }
}

/// The same with this accuracy after the training, and that on training data larger by the gap.
pub(crate) fn trained(mut summary: Summary, accuracy: f64, gap: f64) -> Summary {
    if let Some(trained) = &mut summary.trained {
        trained.scores = Some(scores(accuracy, gap));
    }
    summary.curve = curve(accuracy);
    summary
}

/// The results of these configurations.
pub(crate) fn results(title: &str, summaries: Vec<Summary>) -> Results {
    let mut axes: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (name, value) in summaries.iter().flat_map(|summary| &summary.values) {
        match axes.iter_mut().find(|axis| axis.0 == *name) {
            Some(axis) if axis.1.contains(value) => {}
            Some(axis) => axis.1.push(value.clone()),
            None => axes.push((name, vec![value.clone()])),
        }
    }
    if axes.iter().all(|axis| axis.0 != "width") {
        axes.push(("width", vec!["64".into()]));
    }
    Results {
        title: title.into(),
        description: "Networks of growing depth on handwritten digits; the gradient is measured before and after 300 \
                      steps of stochastic gradient descent."
            .into(),
        settings: "title = \"Synthetic\"\ndepth = [1, 2, 4, 8, 16, 32, 64]\nwidth = 64\n".into(),
        runs: 3 * summaries.len(),
        finished: 3 * summaries.len(),
        axes,
        summaries,
        phase: None,
    }
}
