//! What does not belong together is refused: values of two tapes, parameters of two models, a replay and other parameters.

use autodiff::{Error, Mode, Params, Program, Recording, Tape, Tensor};

/// Parameters with a state of the same shape, and a value on a tape of its own to be handed to another one.
fn model() -> (Params<f64>, autodiff::ParamId, autodiff::StateId) {
    let mut params = Params::new(0);
    let weight = params.scope("fc").parameter("weight", [2], |values, _| values.fill(2.0));
    let mean = params.scope("bn").state("mean", &Tensor::full([2], 0.0));
    (params, weight, mean)
}

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_state_is_not_replaced_by_a_value_of_another_tape() {
    let (params, weight, mean) = model();
    let (mut tape, mut other) = (Tape::new(), Tape::new());
    let foreign = other.start(&params, Mode::Train);
    let foreign = foreign.input(&[7.0, 7.0].into());
    let t = tape.start(&params, Mode::Train);
    let loss = t.param(weight).sum(..);
    t.update(mean, foreign);
    let error = message(loss.backward(&mut params.gradients()));
    assert!(error.starts_with("update: the new value is on another tape at tests/foreign.rs:"), "{error}");
}

#[test]
fn a_profile_starts_from_a_value_of_the_same_tape() {
    let (params, weight, _) = model();
    let (mut tape, mut other) = (Tape::new(), Tape::new());
    let foreign = other.start(&params, Mode::Train);
    let loss = foreign.param(weight).sum(..);
    let t = tape.start(&params, Mode::Train);
    let error = message(t.profile(loss, 1));
    assert!(error.starts_with("profile: the loss is on another tape at tests/foreign.rs:"), "{error}");
}

#[test]
fn a_program_returns_values_of_its_own() {
    let (params, weight, _) = model();
    // Only what lives for ever can get into the closure.
    let (forever, tape) = (Box::leak(Box::new(params.clone())), Box::leak(Box::new(Tape::new())));
    let t: &'static Recording<'static, f64> = Box::leak(Box::new(tape.start(forever, Mode::Train)));
    let foreign = t.param(weight).sum(..);
    let error = message(Program::record(&params, Mode::Train, [], |_, []| [foreign]));
    assert!(error.starts_with("record: an output is on another tape at tests/foreign.rs:"), "{error}");
}

#[test]
fn clones_that_register_on_their_own_are_of_two_layouts() {
    let (params, weight, mean) = model();
    let (mut one, mut two) = (params.clone(), params.clone());
    assert_eq!(one.value(weight).unwrap(), two.value(weight).unwrap());
    let first = one.scope("a").parameter("bias", [3], |values, _| values.fill(1.0));
    let second = two.scope("b").parameter("scale", [3], |values, _| values.fill(9.0));
    let state = one.scope("a").state("count", &Tensor::full([1], 0.0));
    let other = two.scope("b").state("norm", &Tensor::full([1], 0.0));
    for (params, own, foreign) in [(&one, first, second), (&two, second, first)] {
        assert!(params.value(own).is_ok() && params.value(foreign).is_err());
        assert!(params.value(weight).is_ok() && params.state(mean).is_ok(), "an entry that clones share stays valid");
    }
    assert!(one.state(state).is_ok() && one.state(other).is_err() && two.state(state).is_err());
    for (grads, params) in [(one.gradients(), &two), (two.gradients(), &one), (params.gradients(), &one)] {
        assert!(grads.check_layout(params).is_err());
    }
    one.gradients().check_layout(&one.clone()).unwrap();
    one.gradients().add(&two.gradients()).unwrap_err();
}

#[test]
fn after_the_first_mistake_every_result_gives_it() {
    let (params, weight, _) = model();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let sound = t.param(weight);
    let loss = sound.sum(..);
    let mut grads = params.gradients();
    let _ = sound + t.input(&[1.0, 2.0, 3.0].into());
    let _ = sound.matmul(sound.unsqueeze(0));
    let expected = "add: shapes do not broadcast: [2] (fc.weight) × [3] at tests/foreign.rs:";
    let errors = [
        message(sound.value()),
        message(loss.item()),
        message(sound.shape()),
        message(sound.dims::<1>()),
        message(loss.backward(&mut grads)),
        message(sound.backward_with(&[1.0, 1.0].into(), &mut grads)),
        message(grads.of(sound)),
        message(t.check()),
        message(t.profile(loss, 1)),
    ];
    assert!(errors.iter().all(|error| error.starts_with(expected)), "{errors:#?}");
}

#[test]
fn a_model_with_a_name_registered_twice_predicts_nothing() {
    let mut params = Params::<f64>::new(0);
    let first = params.scope("fc").parameter("weight", [2], |values, _| values.fill(1.0));
    let recorded = Program::record(&params, Mode::Eval, [], |t, []| [t.param(first)]).unwrap();
    params.scope("fc").parameter("weight", [2], |values, _| values.fill(1.0));
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    let expected = "parameter fc.weight: is registered twice; give each module a scope of its own";
    assert_eq!(message(t.param(first).value()), expected);
    assert_eq!(message(Program::record(&params, Mode::Eval, [], |t, []| [t.param(first)])), expected);
    assert_eq!(message({ recorded }.forward(&params, [])), expected);
}
