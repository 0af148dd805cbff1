//! State: numbers without a gradient that a recording reads and replaces, and that an optimizer's step stores.

use autodiff::{Error, Mode, Params, Program, Recording, StateId, Tape, Tensor, Var, input};
use nn::{BatchNorm, Dropout, Linear, Module};

/// A parameter w of value 3, and a running mean of what it was multiplied with.
fn model() -> (Params<f64>, StateId) {
    let mut params = Params::new(1);
    let mut scope = params.scope("norm");
    scope.parameter("w", [1], |values, _| values.fill(3.0));
    let mean = scope.state("mean", &[4.0].into());
    (params, mean)
}

fn running<'r>(t: &'r Recording<'r, f64>, mean: StateId, x: Var<'r, f64>) -> Var<'r, f64> {
    t.update(mean, t.state(mean) * 0.5 + x * 0.5);
    t.state(mean)
}

#[test]
fn an_update_is_read_on_the_recording_and_stored_by_the_commit() {
    let (mut params, mean) = model();
    let w = params.id("norm.w").unwrap();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    for expected in [7.0, 8.5] {
        let t = tape.start(&params, Mode::Train);
        let x = t.input(&[10.0].into());
        let after = running(&t, mean, x * t.param(w) / 3.0);
        assert_eq!(after.value().unwrap(), [expected].into());
        (t.param(w) * after).sum(..).backward(&mut grads).unwrap();
        // The update is a constant to the loss: only the direct factor has a gradient.
        assert_eq!(grads.flat(), &[expected]);
        params.commit(&grads).unwrap();
        assert_eq!(params.state(mean).unwrap(), [expected].into());
    }
    assert_eq!(params.step(), 2);
}

#[test]
fn two_updates_on_one_recording_follow_each_other() {
    let (mut params, mean) = model();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    running(&t, mean, t.input(&[8.0].into()));
    running(&t, mean, t.input(&[2.0].into()));
    t.param(params.id("norm.w").unwrap()).sum(..).backward(&mut grads).unwrap();
    params.commit(&grads).unwrap();
    assert_eq!(params.state(mean).unwrap(), [4.0].into());
}

#[test]
fn a_program_reads_the_state_of_each_replay() {
    let (mut params, mean) = model();
    let w = params.id("norm.w").unwrap();
    let mut program =
        Program::record(&params, Mode::Train, [input("x", [1])], |t, [x]| [(running(t, mean, x) * t.param(w)).sum(..)])
            .unwrap();
    let mut grads = params.gradients();
    for expected in [7.0, 8.5] {
        let x = [10.0].into();
        let run = program.forward(&params, [&x]).unwrap();
        run.backward(&mut grads).unwrap();
        assert_eq!(run.output(0).unwrap(), Tensor::scalar(3.0 * expected));
        params.commit(&grads).unwrap();
        assert_eq!(params.state(mean).unwrap(), [expected].into());
    }
}

#[test]
fn gradients_without_an_update_leave_the_state() {
    let (mut params, mean) = model();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let w = t.param(params.id("norm.w").unwrap());
    running(&t, mean, w);
    w.sum(..).backward(&mut grads).unwrap();
    let t = tape.start(&params, Mode::Train);
    t.param(params.id("norm.w").unwrap()).sum(..).backward(&mut grads).unwrap();
    params.commit(&grads).unwrap();
    assert_eq!(params.state(mean).unwrap(), [4.0].into());
}

#[test]
fn mistakes_are_named() {
    let (mut params, mean) = model();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    t.update(mean, t.input(&[1.0, 2.0].into()));
    let message = t.check().unwrap_err().to_string();
    assert!(message.contains("norm.mean has shape [1]") && message.contains("[2]"), "{message}");
    let (other, foreign) = model();
    assert!(matches!(tape.start(&params, Mode::Train).state(foreign).value(), Err(Error::ForeignParams { .. })));
    assert!(matches!(params.commit(&other.gradients()), Err(Error::ForeignParams { .. })));
    assert!(params.set_state(mean, &[1.0, 2.0].into()).is_err());
    assert!(params.id("norm.mean").unwrap_err().to_string().contains("it is a state"));
    assert!(params.state_id("norm.w").unwrap_err().to_string().contains("it is a parameter"));
    params.scope("norm").state("w", &[0.0].into());
    assert!(params.check().unwrap_err().to_string().contains("registered twice"));
}

#[test]
fn batch_norm_and_dropout_in_a_program_do_what_they_do_on_a_tape() {
    let mut params = Params::<f64>::new(9);
    let (norm, drop) = (BatchNorm::new(params.scope("bn"), 3), Dropout::new(0.5));
    let model = (norm, drop, Linear::new(params.scope("fc"), 3, 1));
    let mut program =
        Program::record(&params, Mode::Train, [input("x", [8, 3])], |_, [x]| [model.forward(x).square().mean(..)])
            .unwrap();
    let (mut grads, mut tape) = (params.gradients(), Tape::new());
    let mut values = Vec::new();
    for step in 0..3 {
        let x = Tensor::from_fn([8, 3], |k| ((k + 7 * step) as f64).sin());
        let run = program.forward(&params, [&x]).unwrap();
        run.backward(&mut grads).unwrap();
        let replayed = (run.output(0).unwrap(), grads.flat().to_vec());
        let mut committed = params.clone();
        committed.commit(&grads).unwrap();
        let t = tape.start(&params, Mode::Train);
        let loss = model.forward(t.input(&x)).square().mean(..);
        loss.backward(&mut grads).unwrap();
        assert_eq!(replayed, (loss.value().unwrap(), grads.flat().to_vec()));
        params.commit(&grads).unwrap();
        let states = |params: &Params<f64>| params.states().flat_map(|(_, _, v)| v.to_vec()).collect::<Vec<_>>();
        assert_eq!(states(&params), states(&committed));
        values.push(states(&params));
    }
    assert!(values[0] != values[1] && values[1] != values[2]);
    // The same input and step: the same mask; another pass: another.
    let x = Tensor::from_fn([8, 3], |k| (k as f64).cos());
    let mut run = |pass: u64| {
        program.set_pass(pass);
        program.forward(&params, [&x]).unwrap().output(0).unwrap()
    };
    assert_eq!(run(0), run(0));
    assert_ne!(run(0), run(1));
}

#[test]
fn a_state_is_filled_in_place_and_one_that_memory_cannot_hold_is_a_mistake() {
    let mut params = Params::<f32>::new(0);
    let state = params.scope("norm").state_with("variance", [2], |values| values[1] = 1.0);
    assert_eq!(params.state(state).unwrap(), [0.0, 1.0].into());
    params.check().unwrap();
    params.scope("norm").state_with("covariance", [1 << 40, 1 << 40], |_| panic!("there is nothing to fill"));
    assert!(
        params
            .check()
            .unwrap_err()
            .to_string()
            .contains("state norm.covariance of shape [1099511627776, 1099511627776]")
    );
    let mut params = Params::<f32>::new(0);
    params.scope("fc").parameter("weight", [1 << 45, 3], |_, _| panic!("there is nothing to fill"));
    assert!(params.check().unwrap_err().to_string().contains("parameter fc.weight of shape [35184372088832, 3]"));
}

#[test]
fn a_constructor_reports_the_first_mistake_by_name() {
    let mut params = Params::<f32>::new(0);
    params.scope("block").child("conv").fail("groups", "3 do not divide 4");
    params.scope("other").fail("groups", "are wrong too");
    assert_eq!(params.check().unwrap_err().to_string(), "parameter block.conv.groups: 3 do not divide 4");
    let mut tape = Tape::new();
    assert!(tape.start(&params, Mode::Train).check().is_err());
}
