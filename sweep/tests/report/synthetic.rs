//! Results that no network was run for, plausible enough to look at.

use sweep::results::{
    Agreement, CurvePoint, LayerSummary, PhaseDiagram, PhaseSummary, Results, Score, Scores, Spectra, Summary, Verdict,
};

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
pub(crate) fn layers(kind: &Kind, depth: usize, trained: bool) -> Vec<LayerSummary> {
    let layer = |index: usize| {
        let up = (depth - 1 - index) as f64;
        let wobble = 0.02 * noise(index + depth) * (up + 1.0).sqrt();
        let delta_norm = kind.ratio.powf(up) * wobble.exp();
        let q = 0.3 + 0.7 * kind.ratio.min(1.0).powf(0.2 * index as f64);
        let optional = |value: f64| (index + 1 < depth).then_some(value);
        LayerSummary {
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

fn phase(layers: Vec<LayerSummary>, scores: Scores) -> PhaseSummary {
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
            accuracy: (index % 5 == 0).then_some(reached),
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
        seconds: 0.01 * depth as f64,
    }
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
    axes.push(("width", vec!["64".into()]));
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

const DEPTHS: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

fn kind(activation: &str, weights: &str, ratio: f64, predicted: Option<f64>, accuracy: fn(usize) -> f64) -> Kind {
    Kind {
        label: format!("{activation}, {weights}"),
        values: vec![("activation", activation.into()), ("weights", weights.into())],
        ratio,
        predicted,
        accuracy,
    }
}

/// Sigmoid, tanh and ReLU, 1 to 64 layers.
pub(crate) fn depths() -> Results {
    let kinds = [
        kind("sigmoid", "xavier, σw² = 1", 0.234, Some(0.2361), |depth| {
            if depth < 3 { 0.9 - 0.3 * (depth - 1) as f64 } else { 0.102 }
        }),
        kind("tanh", "xavier, σw² = 1", 0.962, Some(0.975), |depth| if depth < 64 { 0.95 } else { 0.347 }),
        kind("relu", "he, σw² = 2", 0.995, Some(1.0), |depth| 0.96 - 0.0002 * (depth * depth) as f64),
    ];
    let mut summaries: Vec<_> = kinds.iter().flat_map(|kind| DEPTHS.map(|depth| summary(kind, depth))).collect();
    let last = summaries.last_mut().expect("there are summaries");
    last.diverged = 2;
    last.verdict = Verdict::Diverged;
    last.non_finite = Some("step 12: matmul".into());
    for summary in summaries.iter_mut().filter(|summary| summary.depth > 4) {
        let values = |first: f64, rate: f64| (0..20).map(|rank| first * rate.powi(rank)).collect();
        summary.spectra = Some(Spectra {
            jacobian: values(summary.init.shrink.abs().max(1e-250) * 3.0, 0.8),
            hessian: values(12.0, 0.7),
            tangent_kernel: values(summary.depth as f64, 0.6),
        });
    }
    let mut results = results("Depth and activation", summaries);
    results.runs += 12;
    results
}

/// Tanh over variances of the weights, with a phase diagram.
pub(crate) fn variances() -> Results {
    let mut summaries = Vec::new();
    for variance in [0.5, 1.0, 1.5, 1.76, 2.0, 2.5, 3.0] {
        let ratio = (0.75 + 0.14 * variance) as f64;
        let kind = Kind {
            label: format!("σw² = {variance}"),
            values: vec![
                ("activation", "tanh".into()),
                ("weight_variance", variance.to_string()),
                ("bias_variance", "0.05".into()),
            ],
            ratio,
            predicted: Some(ratio),
            accuracy: |depth| 0.97 - 0.012 * depth as f64,
        };
        for depth in [4, 8, 16, 32, 64] {
            let mut summary = summary(&kind, depth);
            let xi = 1.0 / (variance - 1.76f64).abs().max(0.02) * 6.0;
            let accuracy =
                if depth as f64 <= 6.0 * xi { 0.95 } else { 0.1 + 0.85 * (-(depth as f64 / (6.0 * xi) - 1.0)).exp() };
            summary.trained.as_mut().expect("it was trained").scores = Some(scores(accuracy, 0.0));
            summaries.push(summary);
        }
    }
    let mut results = results("Order and chaos", summaries);
    results.phase = Some(PhaseDiagram {
        activation: "tanh".into(),
        critical: (0..40).map(|k| [1.0 + 0.05 * f64::from(k), 0.002 * f64::from(k * k) / 10.0]).collect(),
        bias_variance: 0.05,
        depth_scales: (0..60)
            .map(|k| 0.4 + 0.045 * f64::from(k))
            .map(|variance| [variance, 36.0 / (variance - 1.76).abs()])
            .chain([[1.76, f64::INFINITY]])
            .collect(),
    });
    results
}

/// Learning rates over widths, of one depth.
pub(crate) fn rates() -> Results {
    let mut summaries = Vec::new();
    for width in [64, 128, 256, 512] {
        for (index, rate) in [0.001, 0.003, 0.01, 0.03, 0.1].iter().enumerate() {
            let kind = Kind {
                label: format!("width {width}, rate {rate}"),
                values: vec![("width", width.to_string()), ("rate", rate.to_string())],
                ratio: 0.98,
                predicted: None,
                accuracy: |_| 0.9,
            };
            let mut summary = summary(&kind, 8);
            let accuracy = 0.95 - 0.05 * (index as f64 - 2.0).powi(2) + 0.001 * f64::from(width).log2();
            let trained = summary.trained.as_mut().expect("it was trained");
            trained.scores = Some(scores(accuracy.min(0.99), 0.01 * index as f64));
            summary.curve = curve(accuracy);
            summaries.push(summary);
        }
    }
    results("Rate transfer over widths", summaries)
}

/// Cures of over-fitting, of one depth.
pub(crate) fn cures() -> Results {
    let cure = |(index, name): (usize, &str)| {
        let kind = Kind {
            label: name.into(),
            values: vec![("regularizer", name.into())],
            ratio: 0.99,
            predicted: None,
            accuracy: |_| 0.9,
        };
        let mut summary = summary(&kind, 4);
        let trained = summary.trained.as_mut().expect("it was trained");
        trained.scores = Some(scores(0.88 + 0.01 * index as f64, 0.1 - 0.02 * index as f64));
        summary
    };
    let names = ["none", "weight decay", "dropout 0.2", "dropout 0.5", "early stopping"];
    results("Cures of over-fitting", names.into_iter().enumerate().map(cure).collect())
}

/// A thousand configurations.
pub(crate) fn thousand() -> Results {
    let mut summaries = Vec::new();
    for index in 0..40 {
        let ratio = 0.5 + 0.025 * index as f64;
        let activation = format!("activation {index}");
        let kind = kind(&activation, "he, σw² = 2", ratio, (index % 2 == 0).then_some(ratio), |_| 0.5);
        summaries.extend((1..=25).map(|depth| summary(&kind, depth)));
    }
    results("A thousand configurations", summaries)
}
