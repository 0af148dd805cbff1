//! Reference values, which were computed independently.

use nn::Activation::{self, Elu, Identity, Relu, Selu, Sigmoid, Softplus, Tanh};

use crate::theory::gaussian;
use crate::theory::{FixedPoint, MeanField, Nonlinearity, Norm, largest_linear_squared_singular_value};

fn plain(activation: Activation, variances: [f64; 2]) -> MeanField {
    MeanField::plain(Nonlinearity::new(activation).unwrap(), variances, 256)
}

fn fixed_point(activation: Activation, variances: [f64; 2]) -> FixedPoint {
    plain(activation, variances).fixed_point(0.7).unwrap().unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found}, not {expected}");
}

#[test]
fn lengths_and_gradients_settle_where_the_table_says() {
    for (activation, variances, q, chi) in [
        (Sigmoid, [1.0, 0.0], 0.264_687, 0.055_720_7),
        (Sigmoid, [1.0 / 3.0, 0.0], 0.085_034, 0.020_007_8),
        (Tanh, [1.5, 0.05], 0.418_037, 0.938_636),
        (Relu, [2.0, 0.0], 0.7, 1.0),
        (Relu, [1.0, 0.0], 0.0, 0.5),
        (Selu, [1.0, 0.0], 1.0, 1.071_575),
        (Softplus, [1.0, 0.0], 0.856_305, 0.288_722),
        (Identity, [1.0, 0.0], 0.7, 1.0),
    ] {
        let found = fixed_point(activation, variances);
        close(found.q, q, 5.1e-7);
        close(found.chi, chi, 5.1e-7);
    }
    assert_eq!(plain(Relu, [2.1, 0.0]).fixed_point(1.0).unwrap(), None);
}

#[test]
fn tanh_at_criticality_decays_algebraically() {
    let depth = 1000;
    let predictions = plain(Tanh, [1.0, 0.0]).predict(depth, &[1.0], 0.5).unwrap();
    let last = predictions[depth - 2];
    close(last.q.unwrap() * 2.0 * depth as f64, 1.0, 0.01);
    close((1.0 - last.ratio.unwrap().powi(2)) * depth as f64, 1.0, 0.01);
    assert_eq!(fixed_point(Tanh, [1.0, 0.0]).q, 0.0);
}

#[test]
fn correlations_settle_where_the_table_says() {
    for (variance, q, chi, c, depth, digit) in [
        (1.0, 0.193_59, 0.759_03, 1.0, 3.627, 5e-4),
        (1.5, 0.418_04, 0.938_64, 1.0, 15.791, 5e-4),
        (1.7, 0.533_08, 0.986_74, 1.0, 74.92, 5e-3),
        (2.0, 0.721_76, 1.047_67, 0.744_08, 25.213, 5e-4),
        (3.0, 1.428_01, 1.208_93, 0.299_32, 9.051, 5e-4),
    ] {
        let found = fixed_point(Tanh, [variance, 0.05]);
        close(found.q, q, 5.1e-6);
        close(found.chi, chi, 5.1e-6);
        close(found.correlation, c, 5.1e-6);
        close(found.correlation_depth(), depth, 1.02 * digit);
        close(found.gradient_depth(), 1.0 / chi.ln().abs(), 1e-2 * found.gradient_depth());
    }
}

#[test]
fn the_critical_line_goes_through_its_points() {
    for (activation, bias_variance, weight_variance, q) in
        [(Tanh, 0.04, 1.700_796_37, 0.512_078_50), (Elu, 0.25, 1.705_927_70, 4.886_626_52)]
    {
        let nonlinearity = Nonlinearity::new(activation).unwrap();
        let point = nonlinearity.critical(bias_variance).unwrap().unwrap();
        close(point.weight_variance, weight_variance, 5.1e-9);
        close(point.q, q, 5.1e-9);
        close(fixed_point(activation, [point.weight_variance, bias_variance]).chi, 1.0, 1e-8);
    }
    for (activation, weight_variance) in [(Relu, 2.0), (Tanh, 1.0), (Identity, 1.0)] {
        let point = Nonlinearity::new(activation).unwrap().critical(0.0).unwrap().unwrap();
        close(point.weight_variance, weight_variance, 1e-12);
        assert_eq!(point.q, 0.0);
    }
    assert_eq!(Nonlinearity::new(Relu).unwrap().critical(0.1).unwrap(), None);
}

#[test]
fn a_phase_diagram_has_an_ordered_and_a_chaotic_phase() {
    let points = plain(Tanh, [1.0, 0.0]).phase_diagram(&[0.5, 1.0, 1.7, 2.0, 3.0], &[0.0, 0.05]).unwrap();
    let phases: Vec<bool> = points.iter().map(|point| point.fixed_point.unwrap().chi > 1.0).collect();
    assert_eq!(phases, [false, false, true, true, true, false, false, false, true, true]);
    close(points[9].fixed_point.unwrap().correlation, 0.299_32, 5.1e-6);
}

#[test]
fn dropout_lets_inputs_decorrelate() {
    let mut net = plain(Tanh, [1.0, 0.05]);
    net.keep = 0.9;
    let found = net.fixed_point(0.5).unwrap().unwrap();
    assert!(found.correlation < 0.99 && found.chi > found.correlation_chi, "{found:?}");
}

#[test]
fn jacobians_have_the_moments_of_pennington() {
    let mut relu = plain(Relu, [2.0, 0.0]);
    let moments = relu.jacobian(10, 1.0).unwrap().unwrap();
    close(moments.log_mean, 0.0, 1e-12);
    close(moments.relative_variance, 20.0, 1e-9);
    relu.orthogonal = true;
    close(relu.jacobian(10, 1.0).unwrap().unwrap().relative_variance, 10.0, 1e-9);
    let mut linear = plain(Identity, [1.0, 0.0]);
    linear.orthogonal = true;
    close(linear.jacobian(10, 1.0).unwrap().unwrap().relative_variance, 0.0, 1e-12);
    for (depth, value) in [(0, 1.0), (1, 4.0), (2, 27.0 / 4.0), (3, 256.0 / 27.0)] {
        close(largest_linear_squared_singular_value(depth), value, 1e-12 * value);
    }
}

#[test]
fn the_band_is_that_of_the_formula_and_wider_where_lengths_are_unstable() {
    let band = |activation, variances| {
        let net = plain(activation, variances);
        net.band(&net.predict(21, &[1.0], 0.0).unwrap()).unwrap().unwrap()
    };
    let formula = |kappa: f64| {
        let variance = 20.0 * (3.0 * kappa - 1.0) / 256.0;
        4.0 * variance.sqrt() + variance
    };
    close(band(Relu, [2.0, 0.0]), formula(2.0), 1e-6);
    close(band(Identity, [1.0, 0.0]), formula(1.0), 1e-6);
    let gelu = plain(Activation::Gelu, [2.0, 0.0]);
    let kappa = gaussian::moments(&gelu.activation, 1.0).unwrap().kappa();
    assert!(band(Activation::Gelu, [2.0, 0.0]) > 3.0 * formula(kappa));
    assert!(band(Activation::Silu, [2.0, 0.0]) > 3.0 * formula(1.3));
}

#[test]
fn a_deep_sigmoid_network_neither_underflows_nor_stalls() {
    let net = plain(Sigmoid, [1.0, 0.0]);
    let predictions = net.predict(4096, &[0.2, 0.3, 0.9], 0.1).unwrap();
    for prediction in &predictions[..4000] {
        close(prediction.ratio.unwrap().powi(2), 0.055_720_7, 0.01);
    }
    assert_eq!(predictions[4095].ratio, None);
}

#[test]
fn lengths_that_leave_the_range_of_numbers_leave_gradients_as_they_are() {
    for (variance, ratio) in [(1.0, 0.5_f64.sqrt()), (4.0, 2.0_f64.sqrt())] {
        let predictions = plain(Relu, [variance, 0.0]).predict(1200, &[1.0], 0.0).unwrap();
        assert!(predictions[..1199].iter().all(|p| (p.ratio.unwrap() - ratio).abs() < 1e-9));
    }
}

#[test]
fn normalization_gives_the_known_rates() {
    let ratio = |activation, norm, depth| {
        let net = MeanField { norm, ..plain(activation, [1.7, 0.0]) };
        net.predict(depth, &[1.0], 0.0).unwrap()[2].ratio.map(|ratio| ratio * ratio)
    };
    let pi = std::f64::consts::PI;
    close(ratio(Relu, Norm::Batch { samples: 100_000 }, 10).unwrap(), pi / (pi - 1.0), 1e-4);
    for samples in [6, 8, 32, 1000] {
        let size = samples as f64;
        let linear = ratio(Identity, Norm::Batch { samples }, 10).unwrap();
        close(linear, (size - 2.0) / (size - 3.0), 1e-8);
    }
    assert_eq!(ratio(Relu, Norm::Batch { samples: 5 }, 10), None);
    // The exact factor of layers of 256 units beside that of infinite ones, E[φ'²]/E[φ²] = 1.
    close(ratio(Relu, Norm::Layer, 10).unwrap(), 1.0, 0.02);
}

#[test]
fn residual_networks_grow_as_the_formulas_say() {
    let relu = |norm, variance, scale| MeanField { norm, branch: Some(scale), ..plain(Relu, [variance, 0.0]) };
    for prediction in &relu(Norm::None, 3.0, 0.4).predict(6, &[1.0, 2.0], 0.3).unwrap()[..5] {
        close(prediction.ratio.unwrap().powi(2), 1.0 + 0.16 * 3.0 / 2.0, 1e-12);
    }
    let predictions = relu(Norm::Batch { samples: 100_000 }, 2.0, 1.0).predict(6, &[1.0], 0.0).unwrap();
    for (block, prediction) in predictions[..5].iter().enumerate() {
        let v = 1.0 + block as f64 * (1.0 - 1.0 / std::f64::consts::PI);
        close(prediction.ratio.unwrap().powi(2), 1.0 + 1.0 / v, 1e-3);
    }
}

#[test]
fn whitening_is_an_isometry_only_of_orthogonal_linear_layers() {
    let zca = |activation, orthogonal| {
        let net = MeanField { norm: Norm::Zca, orthogonal, ..plain(activation, [1.0, 0.0]) };
        let ratios = net.predict(6, &[1.0], 0.0).unwrap().into_iter().map(|prediction| prediction.ratio);
        ratios.collect::<Vec<_>>()
    };
    assert_eq!(zca(Identity, true), [None, Some(1.0), Some(1.0), Some(1.0), None, None]);
    assert_eq!(zca(Identity, false), [None; 6]);
    assert_eq!(zca(Relu, true), [None; 6]);
}

#[test]
fn settings_out_of_their_range_are_errors() {
    let net = MeanField { keep: 0.0, ..plain(Relu, [2.0, 0.0]) };
    let message = net.predict(3, &[1.0], 0.0).unwrap_err().to_string();
    assert_eq!(message, "keep is 0: must be above 0 and at most 1");
    assert!(plain(Relu, [2.0, 0.0]).predict(3, &[], 0.0).is_err());
    assert!(plain(Relu, [2.0, 0.0]).predict(3, &[-1.0], 0.0).is_err());
}
