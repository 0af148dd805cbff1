//! Sweeps of every kind that has plots of its own, from synthetic networks.

use sweep::results::{PhaseDiagram, Results, Spectra, Verdict};

use super::synthetic::{Kind, results, summary, trained};

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
    if let Some(last) = summaries.last_mut() {
        last.diverged = 2;
        last.verdict = Verdict::Diverged;
        last.non_finite = Some("step 12: matmul".into());
    }
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
        let ratio = 0.75 + 0.14 * variance;
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
            let xi = 1.0 / (variance - 1.76f64).abs().max(0.02) * 6.0;
            let beyond = (depth as f64 / (6.0 * xi) - 1.0).max(0.0);
            let accuracy = 0.1 + 0.85 * (-beyond).exp();
            summaries.push(trained(summary(&kind, depth), accuracy, 0.0));
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
                label: format!("width {width}, learning rate {rate}"),
                values: vec![("width", width.to_string()), ("learning_rate", rate.to_string())],
                ratio: 0.98,
                predicted: None,
                accuracy: |_| 0.9,
            };
            let accuracy = 0.95 - 0.05 * (index as f64 - 2.0).powi(2) + 0.001 * f64::from(width).log2();
            summaries.push(trained(summary(&kind, 8), accuracy.min(0.99), 0.01 * index as f64));
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
        trained(summary(&kind, 4), 0.88 + 0.01 * index as f64, 0.1 - 0.02 * index as f64)
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
