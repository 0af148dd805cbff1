use autodiff::{Dual, Keep, Mode, Params, Program, Tape, Tensor, check, input};

use crate::{Gru, Lstm, Module, RecurrentSettings};

fn values(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| ((k * k) as f64 * 0.37).sin())
}

fn both(keep: Keep, dropout: f64) -> RecurrentSettings {
    RecurrentSettings { layers: 2, bidirectional: true, dropout, keep }
}

#[test]
fn what_the_input_holds_after_a_length_is_of_no_effect() {
    let mut params = Params::<f64>::new(1);
    let lstm = Lstm::with(params.scope("lstm"), 2, 3, both(Keep::All, 0.0));
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = values(&[2, 5, 2]);
    // The second sample has three steps.
    let lengths = t.input(&[5.0, 3.0].into());
    let mut changed = x.clone();
    changed.data_mut()[16..].fill(1e3);
    let (outputs, [h, c]) = lstm.run(t.input(&x), Some(lengths), None);
    let (same, [same_h, same_c]) = lstm.run(t.input(&changed), Some(lengths), None);
    assert_eq!(outputs.value().unwrap(), same.value().unwrap());
    assert_eq!([h, c].map(|s| s.value().unwrap()), [same_h, same_c].map(|s| s.value().unwrap()));
    let (alone, [alone_h, _]) = lstm.run(t.input(&x).narrow(0, 1..2).narrow(1, 0..3), None, None);
    let close = |x: autodiff::Var<'_, f64>| x.abs().max(..).item().unwrap() < 1e-14;
    assert!(close(outputs.narrow(0, 1..2).narrow(1, 0..3) - alone));
    assert!(close(h.narrow(1, 1..2) - alone_h));
    assert!(outputs.index(0, 1).narrow(0, 3..5).value().unwrap().data().iter().all(|&y| y == 0.0));
}

#[test]
fn dropout_between_layers_is_for_training_and_has_the_gradient_of_its_mask() {
    let mut params = Params::<f64>::new(2);
    let gru = Gru::with(params.scope("gru"), 2, 3, both(Keep::Segments, 0.5));
    let mut plain = Params::<f64>::new(2);
    let without = Gru::with(plain.scope("gru"), 2, 3, both(Keep::All, 0.0));
    let x = values(&[2, 4, 2]);
    let outputs = |params: &Params<f64>, gru: &Gru, mode| {
        let mut tape = Tape::new();
        let t = tape.start(params, mode);
        gru.forward(t.input(&x)).value().unwrap()
    };
    assert_eq!(outputs(&params, &gru, Mode::Eval), outputs(&plain, &without, Mode::Eval));
    assert_ne!(outputs(&params, &gru, Mode::Train), outputs(&plain, &without, Mode::Train));
    let x: Tensor<Dual<f64>> = x.cast();
    check::model(&params, |t| gru.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
}

#[test]
fn a_program_takes_other_lengths_in_each_replay() {
    let mut params = Params::<f64>::new(3);
    let gru = Gru::with(params.scope("gru"), 2, 3, both(Keep::All, 0.0));
    let inputs = [input("x", [2, 4, 2]), input("lengths", [2])];
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, lengths]| {
        let (outputs, last) = gru.run(x, Some(lengths), None);
        [outputs.square().sum(..) + last.sum(..)]
    })
    .unwrap();
    let x = values(&[2, 4, 2]);
    let (mut replayed, mut eager, mut tape) = (params.gradients(), params.gradients(), Tape::new());
    for lengths in [[4.0, 1.0], [2.0, 3.0], [0.0, 4.0]] {
        let run = program.forward(&params, [&x, &lengths.into()]).unwrap();
        run.backward(&mut replayed).unwrap();
        let t = tape.start(&params, Mode::Train);
        let (outputs, last) = gru.run(t.input(&x), Some(t.input(&lengths.into())), None);
        (outputs.square().sum(..) + last.sum(..)).backward(&mut eager).unwrap();
        assert_eq!(replayed.flat(), eager.flat());
    }
    let error = program.forward(&params, [&x, &[5.0, 1.0].into()]).err().unwrap().to_string();
    assert!(error.contains("index 5 at position 0 is not one of 0..5"), "{error}");
}
