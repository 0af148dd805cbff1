//! What the cases are made of: values on tapes, parameters, modules.

use autodiff::{Error, Gradients, Mode, ParamId, Params, Shape, StateId, Tape, Tensor, Var};
use nn::Module;

/// Extents that no memory holds.
pub(super) const HUGE: usize = 1 << 45;
pub(super) const MAX: usize = usize::MAX;
pub(super) const NAN: f64 = f64::NAN;
pub(super) const INF: f64 = f64::INFINITY;

/// A tensor of this shape, with values of either sign.
pub(super) fn ramp(shape: impl Into<Shape>) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| 0.25 * (k % 11) as f64 - 1.25)
}

/// A value of this shape: its own memory where that is small, else a scalar stretched.
pub(super) fn variable<'t>(t: &'t autodiff::Recording<'t, f64>, shape: &Shape) -> Var<'t, f64> {
    match shape.checked_size() {
        Some(0..=1_000_000) => t.variable(&ramp(shape)),
        _ => t.variable(&0.5.into()).broadcast_to(shape),
    }
}

/// The value of a function of a variable of this shape. Its gradient is pulled as well, where it has one.
pub(super) fn of(
    shape: impl Into<Shape>,
    function: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
) -> Result<Tensor<f64>, Error> {
    run(&shape.into(), &function)
}

type Function<'f> = &'f dyn for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>;
type FunctionOfTwo<'f> = &'f dyn for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;

/// [`of`], compiled once for all functions.
fn run(shape: &Shape, function: Function<'_>) -> Result<Tensor<f64>, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    value_and_pull(function(variable(&t, shape)), &mut params.gradients())
}

/// As [`of`], of two values.
pub(super) fn of_two(
    shapes: [&[usize]; 2],
    function: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>,
) -> Result<Tensor<f64>, Error> {
    run_of_two(shapes, &function)
}

fn run_of_two(shapes: [&[usize]; 2], function: FunctionOfTwo<'_>) -> Result<Tensor<f64>, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let [x, y] = shapes.map(|shape| variable(&t, &shape.into()));
    value_and_pull(function(x, y), &mut params.gradients())
}

/// Zero, subnormal, largest, infinite and no numbers.
pub(super) const EXTREMES: [f64; 10] = [0.0, -0.0, 1.0, -1.0, 5e-324, f64::MAX, f64::MIN, INF, -INF, NAN];

/// The value of a function of a vector of extreme numbers.
pub(super) fn extreme(function: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) -> Result<Tensor<f64>, Error> {
    at([EXTREMES.into(), ramp([])], |x, _| function(x))
}

/// The value of a function of two tensors.
pub(super) fn at(
    [x, y]: [Tensor<f64>; 2],
    function: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>,
) -> Result<Tensor<f64>, Error> {
    run_at([&x, &y], &function)
}

fn run_at([x, y]: [&Tensor<f64>; 2], function: FunctionOfTwo<'_>) -> Result<Tensor<f64>, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    value_and_pull(function(t.variable(x), t.input(y)), &mut params.gradients())
}

/// The value of a function of two values that are on two tapes.
pub(super) fn across(function: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>) -> Result<(), Error> {
    let params = Params::default();
    let (mut one, mut other) = (Tape::new(), Tape::new());
    let (t, u) = (one.start(&params, Mode::Train), other.start(&params, Mode::Train));
    let value = function(t.variable(&ramp([2, 2])), u.variable(&ramp([2, 2])));
    value.value().map(drop)
}

fn value_and_pull(y: Var<'_, f64>, grads: &mut Gradients<f64>) -> Result<Tensor<f64>, Error> {
    let value = y.value()?;
    // Not every value has a gradient; asking for it must not panic.
    let _ = y.sum(..).backward(grads);
    Ok(value)
}

/// Registers what `build` makes and runs it forward and backward on a value of this shape, in training and in evaluation.
pub(super) fn module<M: Module<f64>>(
    shape: impl Into<Shape>,
    build: impl FnOnce(&mut Params<f64>) -> M,
) -> Result<Tensor<f64>, Error> {
    let mut params = Params::new(3);
    let module = build(&mut params);
    params.check()?;
    let (shape, mut tape, mut grads) = (shape.into(), Tape::new(), params.gradients());
    for mode in [Mode::Eval, Mode::Train] {
        let t = tape.start(&params, mode);
        value_and_pull(module.forward(variable(&t, &shape)), &mut grads)?;
    }
    let t = tape.start(&params, Mode::Eval);
    module.forward(variable(&t, &shape)).value()
}

/// What registering with `build` gives.
pub(super) fn registered<M>(build: impl FnOnce(&mut Params<f64>) -> M) -> Params<f64> {
    let mut params = Params::new(3);
    build(&mut params);
    params
}

/// A model of two parameters and a state, with their ids.
pub(super) fn model() -> (Params<f64>, ParamId, StateId) {
    let mut params = Params::new(0);
    let weight = params.scope("fc").parameter("weight", [2, 3], |values, _| values.fill(0.5));
    params.scope("fc").parameter("bias", [2], |values, _| values.fill(0.1));
    let mean = params.scope("bn").state("mean", &Tensor::full([2], 0.0));
    (params, weight, mean)
}

/// Parameters of another model than [`model`]'s, of the same shapes.
pub(super) fn other() -> (Params<f64>, ParamId, StateId) {
    model()
}
