use autodiff::ParamId;

use super::*;
use crate::{Adam, ElasticNet, L1, L2, ParamFilter, Sgd};

fn one_parameter(value: f64) -> (Params<f64>, ParamId, Gradients<f64>) {
    let mut params = Params::new(0);
    let id = params.scope("p").parameter("value", [1], |values, _| values.fill(value));
    let grads = params.gradients();
    (params, id, grads)
}

/// The parameter, 1 at first, after each of the gradients 1, 2 and −1.
fn path<R: Rule<f64>>(mut optimizer: Optimizer<f64, R>) -> Vec<f64> {
    let (mut params, _, mut grads) = one_parameter(1.0);
    let step = |g: f64| {
        grads.flat_mut()[0] = g;
        optimizer.step(&mut params, &grads).unwrap();
        params.flat()[0]
    };
    [1.0, 2.0, -1.0].map(step).to_vec()
}

#[test]
fn steps_are_those_computed_by_hand() {
    assert_eq!(path(Sgd::new(0.5)), [0.5, -0.5, 0.0]);
    // Velocities 1, 2.5, 0.25.
    assert_eq!(path(Sgd::new(0.5).momentum(0.5)), [0.5, -0.75, -0.875]);
    // Updates 1 + ½·1, 2 + ½·2.5, −1 + ½·0.25.
    assert_eq!(path(Sgd::new(0.5).momentum(0.5).nesterov()), [0.25, -1.375, -0.9375]);
}

#[test]
fn penalties_decay_and_proximal_steps_differ_as_they_should() {
    assert_eq!(path(Sgd::new(0.5).regularize(L2(0.5))), [0.25, -0.8125, -0.109375]);
    assert_eq!(path(Sgd::new(0.5).decay(0.5, ParamFilter::all())), [0.25, -0.8125, -0.109375]);
    // The velocity accumulates the gradient of the penalty, but not the decay.
    assert_ne!(
        path(Sgd::new(0.5).momentum(0.5).regularize(L2(0.5))),
        path(Sgd::new(0.5).momentum(0.5).decay(0.5, "*"))
    );
    assert_eq!(path(Sgd::new(0.5).regularize(L1(0.5))), [0.25, -1.0, -0.25]);
    // Thresholds of ½ · ½.
    assert_eq!(path(Sgd::new(0.5).proximal(L1(0.5), "p.*")), [0.25, -0.5, 0.0]);
    let elastic = path(Sgd::new(0.5).proximal(ElasticNet { l1: 0.5, l2: 2.0 }, ParamFilter::all()));
    assert_eq!(elastic, [0.125, -0.3125, 0.0]);
}

/// Two weights of one unit each of two, and a bias: values 3, 4, 0.3, 0.4 and 1; gradients 6, 8, 0, 1 and 2.
fn layer() -> (Params<f64>, Gradients<f64>) {
    let mut params = Params::new(0);
    let mut scope = params.scope("fc");
    scope.parameter("weight", [2, 2], |values, _| values.copy_from_slice(&[3.0, 4.0, 0.3, 0.4]));
    scope.parameter("bias", [1], |values, _| values.fill(1.0));
    let mut grads = params.gradients();
    grads.flat_mut().copy_from_slice(&[6.0, 8.0, 0.0, 1.0, 2.0]);
    (params, grads)
}

fn moved(mut optimizer: Sgd<f64>) -> Vec<f64> {
    let (mut params, grads) = layer();
    optimizer.step(&mut params, &grads).unwrap();
    params.flat().to_vec()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} is not {expected:?}");
}

#[test]
fn clipping_bounds_entries_or_norms() {
    assert_close(&moved(Sgd::new(1.0).clip_value(1.5)), &[1.5, 2.5, 0.3, -0.6, -0.5]);
    let total = 105.0_f64.sqrt();
    let scaled: Vec<f64> =
        [3.0, 4.0, 0.3, 0.4, 1.0].iter().zip([6.0, 8.0, 0.0, 1.0, 2.0]).map(|(p, g)| p - g / total).collect();
    assert_close(&moved(Sgd::new(1.0).clip_norm(1.0)), &scaled);
    let weight = 101.0_f64.sqrt();
    assert_close(
        &moved(Sgd::new(1.0).clip_each(1.0)),
        &[3.0 - 6.0 / weight, 4.0 - 8.0 / weight, 0.3, 0.4 - 1.0 / weight, 0.0],
    );
    assert_close(&moved(Sgd::new(1.0).clip_norm(1e3)), &moved(Sgd::new(1.0)));
}

#[test]
fn filters_select_the_parameters_of_a_part() {
    let bounded = moved(Sgd::new(0.0).max_norm(1.0, ParamFilter::all()));
    assert_close(&bounded, &[0.6, 0.8, 0.3, 0.4, 1.0]);
    let decayed = moved(Sgd::new(0.0).regularize_only(L2(1.0), ParamFilter::except("*bias")));
    assert_close(&decayed, &[3.0, 4.0, 0.3, 0.4, 1.0]);
    let of_weights = moved(Sgd::new(1.0).regularize_only(L2(1.0), ParamFilter::except("*bias")));
    assert_close(&of_weights, &[-6.0, -8.0, 0.0, -1.0, -1.0]);
    assert_close(&moved(Sgd::new(1.0).group("*bias", ParamGroup::frozen())), &[-3.0, -4.0, 0.3, -0.6, 1.0]);
    assert_close(&moved(Sgd::new(1.0).group("fc.weight", ParamGroup::rate_factor(0.5))), &[0.0, 0.0, 0.3, -0.1, -1.0]);
}

#[test]
fn strict_dropout_leaves_entries_without_gradient_untouched() {
    let (mut params, mut grads) = layer();
    let mut sgd = Sgd::new(0.1).momentum(0.9).decay(0.1, ParamFilter::all()).regularize(L2(0.1)).strict_dropout();
    sgd.step(&mut params, &grads).unwrap();
    assert_eq!(params.flat()[2], 0.3);
    // Now the first unit is dropped: its velocity does not move it, and does not change.
    let before = params.flat().to_vec();
    let velocity: Vec<f64> = sgd.buffers().next().unwrap().1.to_vec();
    grads.flat_mut()[..2].fill(0.0);
    sgd.step(&mut params, &grads).unwrap();
    assert_eq!(params.flat()[..2], before[..2]);
    assert_eq!(sgd.buffers().next().unwrap().1[..2], velocity[..2]);
    assert!(params.flat()[3] != before[3]);
}

#[test]
fn settings_out_of_range_and_foreign_gradients_are_refused() {
    let (mut params, _, grads) = one_parameter(1.0);
    let mut refused = |mut sgd: Sgd<f64>, grads: &Gradients<f64>| sgd.step(&mut params, grads).unwrap_err().to_string();
    assert_eq!(refused(Sgd::new(-0.1), &grads), "rate is -0.1: must be finite and not negative");
    assert_eq!(refused(Sgd::new(f64::NAN), &grads), "rate is NaN: must be finite and not negative");
    let message = refused(Sgd::new(0.1).momentum(1.0), &grads);
    assert_eq!(message, "momentum is 1: must be from 0 up to, but not including, 1");
    assert!(refused(Sgd::new(0.1).nesterov(), &grads).contains("for Nesterov"));
    assert!(refused(Sgd::new(0.1).clip_norm(0.0), &grads).contains("clip_norm is 0: must be positive"));
    assert!(refused(Sgd::new(0.1).regularize(L2(-1.0)), &grads).contains("l2 is -1"));
    let (_, _, foreign) = one_parameter(0.0);
    assert!(refused(Sgd::new(0.1), &foreign).starts_with("gradients: they were made from other Params"));
    assert_eq!(params.flat(), &[1.0]);
}

#[test]
fn buffers_belong_to_their_parameters_and_an_optimizer_resumes_from_them() {
    let (mut first, _, mut grads) = one_parameter(1.0);
    let (mut second, _, foreign) = one_parameter(1.0);
    grads.flat_mut()[0] = 2.0;
    let mut adam = Adam::new(0.5);
    adam.step(&mut first, &grads).unwrap();
    let message = adam.step(&mut second, &foreign).unwrap_err().to_string();
    assert!(message.starts_with("optimizer: its buffers belong to other Params"), "{message}");
    let saved: Vec<(&str, Vec<f64>)> = adam.buffers().map(|(name, values)| (name, values.to_vec())).collect();
    let find = |name: &str| saved.iter().find(|(own, _)| *own == name).map(|(_, values)| values.as_slice());
    let mut resumed = Adam::new(0.5);
    resumed.resume(&first, 1, find).unwrap();
    let mut again = first.clone();
    adam.step(&mut first, &grads).unwrap();
    resumed.step(&mut again, &grads).unwrap();
    assert_eq!(first.flat(), again.flat());
    let mut wrong = Adam::new(0.5);
    assert!(wrong.resume(&first, 1, |_| None).unwrap_err().to_string().contains("there is no buffer mean"));
}
