use autodiff::{Dual, Mode, Params, Program, Tape, Tensor, check, input};

use crate::functional::length_mask;
use crate::{Module, MultiHeadAttention, TransformerEncoder, TransformerSettings};

fn values(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| ((k * k) as f64 * 0.37).sin())
}

fn settings() -> TransformerSettings {
    TransformerSettings { dropout: 0.0, norm_first: true, final_norm: true, ..TransformerSettings::new(4, 2) }
}

#[test]
fn causal_layers_do_not_see_later_steps() {
    let mut params = Params::<f64>::new(1);
    let causal = TransformerSettings { causal: true, rotary: Some(100.0), ..settings() };
    let encoder = TransformerEncoder::new(params.scope("encoder"), 2, &causal);
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    let x = values(&[1, 5, 4]);
    let mut changed = x.clone();
    changed.data_mut()[12..].iter_mut().for_each(|x| *x *= -2.0);
    let [before, after] = [&x, &changed].map(|x| encoder.forward(t.input(x)).value().unwrap());
    assert_eq!(before.data()[..12], after.data()[..12]);
    assert_ne!(before.data()[12..], after.data()[12..]);
}

#[test]
fn a_step_that_may_attend_to_nothing_is_the_bias_and_has_no_gradient() {
    let mut params = Params::<f64>::new(2);
    let attention = MultiHeadAttention::new(params.scope("a"), 4, 2);
    params.set(params.id("a.out_proj.bias").unwrap(), &[1.0, 2.0, 3.0, 4.0].into()).unwrap();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&values(&[2, 3, 4]));
    let mask = length_mask(t.input(&[0.0, 2.0].into()), 3);
    let y = attention.self_attention(x, Some(mask));
    y.square().sum(..).backward(&mut grads).unwrap();
    assert_eq!(y.index(0, 0).value().unwrap(), [[1.0, 2.0, 3.0, 4.0]; 3].into());
    assert!(grads.flat().iter().all(|g| g.is_finite()));
    let own = grads.of(x).unwrap();
    assert!(own.data()[..12].iter().all(|&g| g == 0.0) && own.data()[12..].iter().any(|&g| g != 0.0), "{own}");
}

#[test]
fn dropout_is_for_training_and_has_the_gradient_of_its_masks() {
    let mut params = Params::<f64>::new(3);
    let dropping = TransformerSettings { dropout: 0.3, ..settings() };
    let encoder = TransformerEncoder::new(params.scope("encoder"), 1, &dropping);
    let mut plain = Params::<f64>::new(3);
    let without = TransformerEncoder::new(plain.scope("encoder"), 1, &settings());
    let x = values(&[2, 3, 4]);
    let outputs = |params: &Params<f64>, encoder: &TransformerEncoder, mode| {
        let mut tape = Tape::new();
        let t = tape.start(params, mode);
        encoder.forward(t.input(&x)).value().unwrap()
    };
    assert_eq!(outputs(&params, &encoder, Mode::Eval), outputs(&plain, &without, Mode::Eval));
    assert_ne!(outputs(&params, &encoder, Mode::Train), outputs(&plain, &without, Mode::Train));
    let x: Tensor<Dual<f64>> = x.cast();
    check::model(&params, |t| encoder.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
}

#[test]
fn a_program_has_the_gradients_of_a_tape() {
    let mut params = Params::<f64>::new(4);
    let causal = TransformerSettings { causal: true, rotary: Some(100.0), ..settings() };
    let encoder = TransformerEncoder::new(params.scope("encoder"), 2, &causal);
    let inputs = [input("x", [2, 3, 4]), input("lengths", [2])];
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, lengths]| {
        [encoder.encode(x, Some(length_mask(lengths, 3))).square().sum(..)]
    })
    .unwrap();
    let (x, lengths) = (values(&[2, 3, 4]), [2.0, 3.0].into());
    let (mut replayed, mut eager, mut tape) = (params.gradients(), params.gradients(), Tape::new());
    program.forward(&params, [&x, &lengths]).unwrap().backward(&mut replayed).unwrap();
    let t = tape.start(&params, Mode::Train);
    let y = encoder.encode(t.input(&x), Some(length_mask(t.input(&lengths), 3)));
    y.square().sum(..).backward(&mut eager).unwrap();
    assert_eq!(replayed.flat(), eager.flat());
}
