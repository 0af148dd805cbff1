//! What a newcomer reads after a typical mistake: the exact messages.

use autodiff::{Error, Gradients, Mode, ParamId, Params, Program, Tape, Tensor, Var, input, variable};

/// The line below the call, as errors show it.
macro_rules! next_line {
    () => {
        format!("at {}:{}", file!(), line!() + 1)
    };
}

fn params() -> (Params<f64>, ParamId) {
    let mut params = Params::new(0);
    let weight = params.scope("fc1").parameter("weight", [785, 128], |_, _| {});
    (params, weight)
}

fn zeros<const N: usize>(shape: [usize; N]) -> Tensor<f64> {
    Tensor::full(shape, 0.0)
}

/// The message up to the column, which is rustfmt's business.
fn message(error: Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(':') {
        Some((head, column)) if column.parse::<u32>().is_ok() => head.to_owned(),
        _ => text,
    }
}

fn of<R: std::fmt::Debug>(result: Result<R, Error>) -> String {
    message(result.unwrap_err())
}

#[test]
fn a_layer_of_the_wrong_width() {
    let (params, weight) = params();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let line = next_line!();
    let hidden = t.input(&zeros([32, 784])).matmul(t.param(weight));
    let expected = format!("matmul: inner dimensions differ: [32, 784] × [785, 128] (fc1.weight) {line}");
    assert_eq!(of(hidden.value()), expected);
    // Later operations do nothing, and whatever is asked of them gives the first mistake.
    let loss = hidden.tanh().sum(..);
    assert_eq!(of(loss.backward(&mut params.gradients())), expected);
    assert_eq!(of(loss.dims::<0>()), expected);
}

#[test]
fn shapes_that_do_not_broadcast() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let (x, y) = (t.input(&zeros([3, 4])).named("x"), t.input(&zeros([3])));
    let line = next_line!();
    let sum = x + y;
    assert_eq!(of(sum.value()), format!("add: shapes do not broadcast: [3, 4] (x) × [3] {line}"));
}

#[test]
fn an_axis_that_is_not_there() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.input(&zeros([3, 4]));
    let line = next_line!();
    let sum = x.sum(2);
    assert_eq!(of(sum.value()), format!("sum: axis 2 is out of range (axes are 0..2): [3, 4] {line}"));
}

#[test]
fn a_label_past_the_last_class() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let (scores, labels) = (t.variable(&zeros([2, 10])), t.input(&[[3.0], [10.0]].into()));
    let line = next_line!();
    let chosen = scores.gather(1, labels);
    let expected = format!("gather: index 10 at position 1 is not one of 0..10: [2, 10] × [2, 1] {line}");
    assert_eq!(of(chosen.value()), expected);
}

#[test]
fn backward_from_a_value_that_is_no_scalar() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let y = t.variable(&zeros([3])).exp();
    let line = next_line!();
    let result = y.backward(&mut params.gradients());
    let expected = "backward: a gradient starts from a scalar; reduce it, or use backward_with: [3]";
    assert_eq!(of(result), format!("{expected} {line}"));
    let line = next_line!();
    let result = y.backward_with(&zeros([4]), &mut params.gradients());
    assert_eq!(of(result), format!("backward: the cotangent has shape [4], unlike the value: [3] {line}"));
}

#[test]
fn values_of_two_tapes_mixed() {
    let params = Params::default();
    let (mut one, mut other) = (Tape::new(), Tape::new());
    let (s, t) = (one.start(&params, Mode::Train), other.start(&params, Mode::Train));
    let (x, y) = (s.variable(&zeros([2])), t.variable(&zeros([2])));
    let line = next_line!();
    let product = x * y;
    assert_eq!(of(product.value()), format!("mul: the inputs are on two tapes {line}"));
}

#[test]
fn a_parameter_of_another_model() {
    let (_, foreign) = params();
    let (own, _) = params();
    let mut tape = Tape::new();
    let t = tape.start(&own, Mode::Train);
    let line = next_line!();
    let weight = t.param(foreign);
    let expected = "parameter: it was registered in other Params than those this tape was started with";
    assert_eq!(of(weight.value()), format!("{expected} {line}"));
}

#[test]
fn gradients_of_another_model() {
    let (params, weight) = params();
    let mut foreign: Gradients<f64> = Params::default().gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let result = t.param(weight).sum(..).backward(&mut foreign);
    let expected = "gradients: they were made from other Params, or before the last parameter was registered";
    assert_eq!(of(result), expected);
}

#[test]
fn the_gradient_of_an_input_and_of_a_view() {
    let params = Params::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let input_line = next_line!();
    let x = t.input(&zeros([2, 3]));
    let w = t.variable(&zeros([4, 3]));
    let view_line = next_line!();
    let transposed = w.t();
    x.matmul(transposed).sum(..).backward(&mut grads).unwrap();
    let expected = "it is an input; record it with variable() to get its gradient";
    assert_eq!(of(grads.of(x)), format!("gradient of leaf {}: {expected}", column(&input_line, x)));
    let expected = "a view has none of its own; ask for that of the value it is a view of, or compute with contiguous() of the view";
    assert_eq!(of(grads.of(transposed)), format!("gradient of view {}: {expected}", column(&view_line, transposed)));
}

/// `line` with the column that the value's own error shows.
fn column(line: &str, value: Var<'_, f64>) -> String {
    let shown = Params::<f64>::default().gradients().of(value).unwrap_err().to_string();
    let column = shown.split(line).nth(1).unwrap_or_default().split(": ").next().unwrap_or_default().to_owned();
    format!("{line}{column}")
}

#[test]
fn a_loss_that_depends_on_nothing_that_can_learn() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let loss = t.input(&zeros([3])).sum(..);
    let line = next_line!();
    let result = loss.backward(&mut params.gradients());
    assert_eq!(of(result), format!("backward: nothing it depends on needs a gradient: [] {line}"));
}

#[test]
fn a_gradient_through_a_comparison() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&zeros([3]));
    let accuracy = x.greater(t.input(&zeros([3]))).mean(..);
    let text = accuracy.backward(&mut params.gradients()).unwrap_err().to_string();
    assert!(text.starts_with(&format!("gradient of greater at {}:", file!())), "{text}");
    assert!(text.ends_with(": it has none; use detach() to treat its result as a constant"), "{text}");
}

#[test]
fn a_name_used_twice() {
    let mut params = Params::<f64>::new(0);
    for _ in 0..2 {
        params.scope("fc1").parameter("bias", [3], |_, _| {});
    }
    let expected = "parameter fc1.bias: is registered twice; give each module a scope of its own";
    assert_eq!(of(params.check()), expected);
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    assert_eq!(of(t.check()), expected);
}

#[test]
fn a_value_read_while_a_program_is_recorded() {
    let params = Params::<f64>::default();
    let mut read = None;
    let mut line = String::new();
    let program = Program::record(&params, Mode::Train, [variable("x", [3])], |_, [x]| {
        line = next_line!();
        read = Some(x.value());
        [x.sum(..)]
    });
    let expected = "value: a program records shapes; a value read here would be frozen: [3]";
    assert_eq!(of(read.unwrap()), format!("{expected} {line}"));
    let mut program = program.unwrap();
    assert_eq!(of(program.forward(&params, [&zeros([4])])), "replay: input x was declared [3], [4] given");
    assert_eq!(of(program.forward(&params, [])), "replay: 1 inputs were declared, 0 given");
}

#[test]
fn data_that_do_not_fill_the_shape() {
    assert_eq!(of(Tensor::new([2, 3], vec![0.0; 5])), "tensor: shape [2, 3] holds 6 values, 5 given");
}

#[test]
fn dims_of_another_rank() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.input(&zeros([2, 3]));
    let line = next_line!();
    let result = x.dims::<3>();
    assert_eq!(of(result), format!("dims: 3 axes asked for, it has 2: [2, 3] {line}"));
}

#[test]
fn a_result_that_no_memory_holds() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.input(&zeros([2]));
    let line = next_line!();
    let long = x.repeat(0, 1 << 60);
    let expected = "repeat: the result [2305843009213693952] does not fit into memory: [2]";
    assert_eq!(of(long.value()), format!("{expected} {line}"));
    let program = Program::<f64>::record(&params, Mode::Eval, [input("x", [2])], |_, [x]| [x.repeat(0, 1 << 60)]);
    assert_eq!(of(program), "the 2305843009213693968 values of a program: out of memory (too much asked for)");
}

#[test]
fn extents_whose_product_overflows_beside_a_zero() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let line = next_line!();
    let padded = t.input(&zeros([0, 2, 2])).pad(1, usize::MAX - 5, 1, 0.0);
    let expected = format!("pad: the result [0, {}, 2] does not fit into memory: [0, 2, 2] {line}", usize::MAX - 2);
    assert_eq!(of(padded.value()), expected);
    let t = tape.start(&params, Mode::Train);
    let line = next_line!();
    let stretched = t.input(&zeros([])).broadcast_to([1 << 40, 1 << 40]);
    let shape = "[1099511627776, 1099511627776]";
    assert_eq!(
        of(stretched.value()),
        format!("broadcast_to: {shape} has more elements than can be counted: [] {line}")
    );
    let tensor = Tensor::<f64>::new([1 << 40, 1 << 40], vec![]);
    assert_eq!(of(tensor), format!("tensor: shape {shape} holds too many values, 0 given"));
}

#[test]
fn values_stacked_along_an_axis_that_is_not_there() {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.input(&zeros([2]));
    let line = next_line!();
    let stacked = t.stack([x], 5);
    assert_eq!(of(stacked.value()), format!("unsqueeze: new axis 5 is out of range (there are 1 axes): [2] {line}"));
}
