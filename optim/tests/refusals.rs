//! Steps that an optimizer refuses, which change nothing.

use autodiff::{Gradients, Mode, ParamId, Params, Real, StateId, Tape, Tensor};
use optim::{Adam, L1, L2, Lion, Muon, Optimizer, ParamFilter, ParamGroup, Rule, Sgd};

/// A weight, a bias and a running mean; all gradients are one.
pub(super) fn layer<T: Real>() -> (Params<T>, Gradients<T>, [ParamId; 2], StateId) {
    let mut params = Params::new(0);
    let mut scope = params.scope("fc");
    let weight = scope.parameter("weight", [2, 2], |values, _| values.copy_from_slice(&[3.0, 4.0, 0.3, 0.4]));
    let bias = scope.parameter("bias", [2], |values, _| values.fill(1.0));
    let mean = scope.state("mean", &Tensor::from([0.0]));
    let mut grads = params.gradients();
    grads.flat_mut().fill(T::ONE);
    (params, grads, [weight, bias], mean)
}

/// Everything that a step may change, as bits.
fn bits<T: Real, R: Rule<T>>(params: &Params<T>, optimizer: &Optimizer<T, R>) -> Vec<u64> {
    let numbers = params.flat().iter().chain(params.states().flat_map(|(_, _, values)| values));
    let numbers = numbers.chain(optimizer.buffers().flat_map(|(_, buffer)| buffer)).map(|x| x.to_f64().to_bits());
    numbers.chain([params.step(), optimizer.steps()]).collect()
}

/// The message of a step that is refused. Asserts that the step changes nothing.
pub(super) fn refused<T: Real, R: Rule<T>>(
    optimizer: &mut Optimizer<T, R>,
    params: &mut Params<T>,
    grads: &Gradients<T>,
) -> String {
    let before = bits(params, optimizer);
    let message = optimizer.step(params, grads).unwrap_err().to_string();
    assert_eq!(bits(params, optimizer), before, "{message}");
    message
}

/// After a first step, one with this number in the gradient of the bias.
fn refused_once_stepped<R: Rule<f32>>(mut optimizer: Optimizer<f32, R>, bad: f32) -> String {
    let (mut params, mut grads, ..) = layer::<f32>();
    optimizer.step(&mut params, &grads).unwrap();
    grads.flat_mut()[5] = bad;
    refused(&mut optimizer, &mut params, &grads)
}

#[test]
fn a_gradient_that_is_not_finite_is_named_and_nothing_is_stepped() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let messages = [refused_once_stepped(Lion::new(0.1), bad), refused_once_stepped(Muon::new(0.1), bad)];
        assert_eq!(messages, [(); 2].map(|()| format!("parameter fc.bias: its gradient is {bad} at index [1]")));
        let (mut params, mut grads, ..) = layer::<f32>();
        let mut adam = Adam::new(0.1).regularize(L2(0.1)).clip_value(1.0).clip_norm(1.0);
        adam.step(&mut params, &grads).unwrap();
        grads.flat_mut()[5] = bad;
        let message = refused(&mut adam, &mut params, &grads);
        assert_eq!(message, format!("parameter fc.bias: its gradient is {bad} at index [1]"));
        // A frozen parameter does not use it.
        let mut frozen = Sgd::new(0.1).clip_norm(1.0).group("*bias", ParamGroup::frozen());
        frozen.step(&mut params, &grads).unwrap();
        assert!(params.flat().iter().all(|p| p.is_finite()));
    }
}

#[test]
fn the_root_of_a_square_at_zero_weights_moves_nothing() {
    let mut params = Params::<f64>::new(0);
    let w = params.scope("fc").parameter("weight", [2], |_, _| {});
    let (mut tape, mut grads, mut sgd) = (Tape::new(), params.gradients(), Sgd::new(0.1));
    let t = tape.start(&params, Mode::Train);
    let loss = t.param(w).square().sqrt().sum(..);
    loss.backward(&mut grads).unwrap();
    assert_eq!(loss.item().unwrap(), 0.0);
    let message = refused(&mut sgd, &mut params, &grads);
    assert_eq!(message, "parameter fc.weight: its gradient is NaN at index [0]");
}

#[test]
fn a_penalty_that_overflows_is_named_and_nothing_is_stepped() {
    let (mut params, grads, ..) = layer::<f32>();
    params.flat_mut()[0] = 1e38;
    let message = refused(&mut Sgd::new(0.1).regularize(L2(100.0)).clip_value(1.0), &mut params, &grads);
    assert!(message.starts_with("parameter fc.weight: its gradient with") && message.contains("l2: 100"), "{message}");
}

#[test]
fn a_state_that_is_not_finite_is_named_and_nothing_is_stepped() {
    let (mut params, _, [weight, _], mean) = layer::<f32>();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let t = tape.start(&params, Mode::Train);
    t.update(mean, t.input(&Tensor::from([f32::INFINITY])));
    t.param(weight).sum(..).backward(&mut grads).unwrap();
    let message = refused(&mut Sgd::new(0.1), &mut params, &grads);
    assert_eq!(message, "parameter fc.mean: its new value is inf at index [0]");
    let message = params.commit(&grads).unwrap_err().to_string();
    assert!(message.starts_with("parameter fc.mean") && params.step() == 0, "{message}");
}

#[test]
fn gradients_that_no_backward_pass_filled_are_refused() {
    let (mut params, mut grads, [weight, _], _) = layer::<f32>();
    let mut sgd = Sgd::new(0.1).momentum(0.9).decay(0.1, ParamFilter::all());
    let due = "gradients: no backward pass has filled them";
    let fresh = params.gradients();
    assert!(refused(&mut sgd, &mut params, &fresh).starts_with(due));
    grads.zero();
    assert!(refused(&mut sgd, &mut params, &grads).starts_with(due));
    // Filled by hand, by a backward pass, or by adding what was filled.
    grads.flat_mut().fill(0.0);
    sgd.step(&mut params, &grads).unwrap();
    let mut of_pass = params.gradients();
    Tape::new().start(&params, Mode::Train).param(weight).sum(..).backward(&mut of_pass).unwrap();
    sgd.step(&mut params, &of_pass).unwrap();
    let mut total = params.gradients();
    total.add(&fresh).unwrap();
    assert!(refused(&mut sgd, &mut params, &total).starts_with(due));
    total.add(&of_pass).unwrap();
    sgd.step(&mut params, &total).unwrap();
}

#[test]
fn every_part_refuses_a_pattern_that_matches_no_parameter() {
    let typo = || ParamFilter::from(["*.weight", "fc.bais"]);
    let parts: [(&str, Sgd<f32>); 7] = [
        ("group", Sgd::new(0.1).group(typo(), ParamGroup::default().entrywise())),
        ("regularize", Sgd::new(0.1).regularize_only(L2(0.1), typo())),
        ("decay", Sgd::new(0.1).decay(0.1, typo())),
        ("proximal", Sgd::new(0.1).proximal(L1(0.1), typo())),
        ("max_norm", Sgd::new(0.1).max_norm(1.0, typo())),
        ("group", Sgd::new(0.1).group(typo(), ParamGroup::frozen())),
        ("group", Sgd::new(0.1).group(ParamFilter::except("fc.bais"), ParamGroup::rate_factor(2.0))),
    ];
    for (what, mut sgd) in parts {
        let (mut params, grads, ..) = layer();
        let message = refused(&mut sgd, &mut params, &grads);
        let due = format!("parameter fc.bais: no name matches this pattern of {what}; there are fc.weight, fc.bias");
        assert_eq!(message, due);
    }
    let (mut params, grads, ..) = layer::<f32>();
    let message = refused(&mut Sgd::new(0.1).max_norm(1.0, "*.bias"), &mut params, &grads);
    assert!(message.contains("max_norm bounds parameters of two or more axes"), "{message}");
}

#[test]
fn frozen_parameters_do_not_count_in_a_norm() {
    let moved = |names: Option<&'static str>, large: f64| {
        let (mut params, mut grads, ..) = layer::<f64>();
        grads.flat_mut()[4..].fill(large);
        let sgd = Sgd::new(1.0).clip_norm(1.0);
        let mut sgd = names.into_iter().fold(sgd, |sgd, names| sgd.group(names, ParamGroup::frozen()));
        sgd.step(&mut params, &grads).unwrap();
        params.flat().to_vec()
    };
    // The weight's own gradient has norm 2.
    assert_eq!(moved(Some("*.bias"), 1e6), [2.5, 3.5, 0.3 - 0.5, 0.4 - 0.5, 1.0, 1.0]);
    assert!(moved(None, 1e6)[0] > 2.999);
}

#[test]
fn a_norm_whose_square_overflows_still_clips() {
    for clip in [Sgd::<f64>::clip_norm, Sgd::<f64>::clip_each] {
        let (mut params, mut grads, ..) = layer::<f64>();
        grads.flat_mut()[..4].fill(1e200);
        clip(Sgd::new(1.0), 1.0).step(&mut params, &grads).unwrap();
        assert!((params.flat()[0] - 2.5).abs() < 1e-12, "{:?}", params.flat());
    }
}

#[test]
fn counts_at_their_maximum_are_errors_and_nothing_is_stepped() {
    let (mut params, grads, ..) = layer::<f32>();
    params.set_step(u64::MAX);
    let message = refused(&mut Sgd::new(0.1), &mut params, &grads);
    assert!(message.starts_with("step is 18446744073709551615: must be below"), "{message}");
    params.set_step(u64::MAX - 1);
    let mut sgd = Sgd::new(0.1);
    sgd.resume(&params, u64::MAX, |_| None).unwrap();
    let message = refused(&mut sgd, &mut params, &grads);
    assert!(message.starts_with("optimizer steps is 18446744073709551615: must be below"), "{message}");
    Sgd::new(0.1).step(&mut params, &grads).unwrap();
    assert_eq!(params.step(), u64::MAX);
}

#[test]
fn adding_a_part_keeps_the_buffers_and_another_rule_starts_over() {
    let (mut params, grads, ..) = layer::<f32>();
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    sgd.step(&mut params, &grads).unwrap();
    let velocity = |sgd: &Sgd<f32>| sgd.buffers().map(|(_, buffer)| buffer.to_vec()).collect::<Vec<_>>();
    let before = velocity(&sgd);
    let sgd = sgd.clip_norm(1.0).decay(0.1, "*weight").group("*bias", ParamGroup::frozen()).momentum(0.5);
    assert_eq!((velocity(&sgd), sgd.steps()), (before, 1));
    let mut plain = sgd.momentum(0.0);
    assert_eq!((velocity(&plain), plain.steps()), (vec![], 0));
    plain.step(&mut params, &grads).unwrap();
}
