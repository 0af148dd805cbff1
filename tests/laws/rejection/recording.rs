//! Tapes, recordings, values and views of them, and what is found out about a recording.

use std::ops::Range;

use autodiff::ops::{Add, Concatenate, Distribution};
use autodiff::*;

use super::given::*;
use super::harness::cases;

/// What goes wrong on a recording where a value is computed as written.
fn on_tape<R>(run: impl for<'t> FnOnce(&'t Recording<'t, f64>) -> R) -> R {
    let params = Params::default();
    let mut tape = Tape::new();
    run(&tape.start(&params, Mode::Train))
}

/// The same with the parameters and the state of [`model`].
fn on_model<R>(run: impl for<'t> FnOnce(&'t Recording<'t, f64>, ParamId, StateId) -> R) -> R {
    let (params, weight, mean) = model();
    let mut tape = Tape::new();
    run(&tape.start(&params, Mode::Train), weight, mean)
}

/// A shape that is found by recording more, as a user's own type may do.
struct Recorded<'t>(Var<'t, f64>);

impl From<Recorded<'_>> for Shape {
    fn from(Recorded(x): Recorded<'_>) -> Self {
        x.exp().shape().unwrap_or_default()
    }
}

impl From<Recorded<'_>> for Extents {
    fn from(recorded: Recorded<'_>) -> Self {
        Shape::from(recorded).into()
    }
}

/// Parameters with a name used twice.
fn twice() -> Params<f64> {
    registered(|params| [0, 1].map(|_| params.scope("fc").parameter("weight", [1], |_, _| {})))
}

/// Fills gradients of [`model`]'s parameters.
fn backward(run: impl for<'t> Fn(Var<'t, f64>, &mut Gradients<f64>) -> Result<(), Error>) -> Result<(), Error> {
    let (params, weight, _) = model();
    let mut tape = Tape::new();
    run(tape.start(&params, Mode::Train).param(weight), &mut params.gradients())
}

/// The value of what a program declares.
fn read_while_recording() -> Result<(), Error> {
    let mut read = Ok(());
    Program::<f64>::record(&Params::default(), Mode::Eval, [input("x", [1])], |_, [x]| {
        read = x.value().map(drop);
        [x]
    })?;
    read
}

cases! {
    Tape::new { returns: Tape::<Dual<f64>>::new(); }
    Tape::start {
        refuses "fc.weight: is registered twice": Tape::new().start(&twice(), Mode::Train).check();
        refuses "fc.weight: is registered twice": Tape::new().start(&twice(), Mode::Eval).input(&ramp([2])).value();
    }
    Recording::check {
        accepts: on_tape(|t| t.check());
        refuses "index 18446744073709551615": on_tape(|t| { let _ = t.input(&ramp([2])).index(0, MAX); t.check() });
    }
    Recording::set_pass {
        refuses "before the first draw": on_tape(|t| { t.random([1], Distribution::Uniform); t.set_pass(u64::MAX); t.check() });
        accepts: on_tape(|t| { t.set_pass(u64::MAX); t.random([3], Distribution::Normal).value() });
    }
    Recording::input {
        refuses "input: the result [20000000] does not fit": on_tape(|t| t.input(&Tensor::full([20_000_000], 0.0)).value());
        accepts: on_tape(|t| t.input(&ramp([0, HUGE])).value());
    }
    Recording::reject {
        refuses "shear: too wide: [2]": on_tape(|t| t.reject("shear", "too wide", [t.input(&ramp([2]))]).value());
        refuses "shear: too wide": on_tape(|t| t.reject("shear", "too wide", []).value());
        refuses "index 9": on_tape(|t| t.reject("shear", "too wide", [t.input(&ramp([2])).index(0, 9)]).value());
        refuses "on two tapes": across(|x, y| x.recording().reject("shear", "too wide", [y]));
    }
    Recording::variable {
        refuses "variable: the result [20000000]": on_tape(|t| t.variable(&Tensor::full([20_000_000], 0.0)).value());
        accepts: on_tape(|t| t.variable(&Tensor::scalar(NAN)).value());
    }
    Recording::constant {
        refuses "constant: the result [20000000]": on_tape(|t| t.constant(&Tensor::full([20_000_000], 0.0)).value());
        refuses "out of memory": Program::<f64>::record(&Params::default(), Mode::Eval, [], |t, []| {
            [t.constant(&Tensor::full([20_000_000], 0.0))]
        });
    }
    Recording::param { refuses "other Params": on_model(|t, _, _| t.param(other().1).value()); }
    Recording::state {
        refuses "other Params": on_model(|t, _, _| t.state(other().2).value());
        accepts: on_model(|t, _, mean| t.state(mean).value());
    }
    Recording::update {
        refuses "other Params": on_model(|t, _, _| { t.update(other().2, t.input(&ramp([2]))); t.check() });
        refuses "state bn.mean has shape [2]": on_model(|t, weight, mean| { t.update(mean, t.param(weight)); t.check() });
        refuses "on another tape": on_model(|t, _, mean| on_tape(|u| { t.update(mean, u.input(&ramp([2]))); t.check() }));
    }
    Recording::checkpoint {
        refuses "[2] × [3]": on_tape(|t| {
            let x = t.variable(&[0.5, 1.0].into());
            t.checkpoint([x], |t, [x]| x + t.constant(&[1.0, 2.0, 3.0].into())).value()
        });
    }
    Recording::checkpoint_slice {
        refuses "memory": on_tape(|t| {
            let x = t.variable(&Tensor::scalar(0.5));
            t.checkpoint_slice(&[x], |_, x| x[0].broadcast_to([HUGE]).exp()).value()
        });
        accepts: on_tape(|t| t.checkpoint_slice(&[], |t, _| t.constant(&[1.0].into())).value());
    }
    Recording::derivatives {
        refuses "another shape than what moves along it": on_tape(|t| {
            let (x, v) = (t.input(&ramp([2])), t.input(&ramp([3])));
            t.derivatives(x, v, [], |_, x, []| x)[0].value()
        });
        accepts: on_tape(|t| {
            let x = t.input(&ramp([0]));
            t.derivatives(x, x, [], |_, x, []| x.exp())[1].value()
        });
    }
    Recording::second_derivatives {
        refuses "another shape than what moves along it": on_tape(|t| {
            let (x, v) = (t.input(&ramp([2])), t.input(&ramp([3])));
            t.second_derivatives(x, [x, v], [], |_, x, []| x)[0].value()
        });
        accepts: on_tape(|t| {
            let x = t.input(&ramp([0]));
            t.second_derivatives(x, [x, x], [], |_, x, []| x.exp())[3].value()
        });
    }
    Recording::gradient {
        refuses "must be a scalar": on_tape(|t| {
            let [slope] = t.gradient([t.variable(&ramp([2]))], [], |_, [x], []| x);
            slope.value()
        });
        refuses "does not depend on input 0": on_tape(|t| {
            let [slope] = t.gradient([t.variable(&ramp([2]))], [], |_, [x], []| x.detach().sum(..));
            slope.value()
        });
        accepts: on_tape(|t| {
            let [slope] = t.gradient([t.variable(&ramp([0]))], [], |_, [x], []| x.sum(..));
            slope.value()
        });
    }
    Recording::scan {
        refuses "takes at least one sequence": on_tape(|t| {
            t.scan([t.input(&ramp([2]))], [], Keep::All, |_, [h], []| ([h], h)).1.value()
        });
        refuses "no axis of steps": on_tape(|t| {
            t.scan([], [t.input(&Tensor::scalar(1.0))], Keep::All, |_, [], [x]| ([], x)).1.value()
        });
        refuses "different lengths": on_tape(|t| {
            let [x, y] = [2, 3].map(|steps| t.input(&ramp([steps])));
            t.scan([], [x, y], Keep::Segments, |_, [], [x, y]| ([], x + y)).1.value()
        });
        refuses "memory": on_tape(|t| {
            let x = t.input(&ramp([2]));
            t.scan([], [x], Keep::All, |_, [], [x]| ([], x.broadcast_to([HUGE]).exp())).1.value()
        });
        accepts: on_tape(|t| t.scan([], [t.input(&ramp([0]))], Keep::Segments, |_, [], [x]| ([], x)).1.value());
    }
    Recording::scan_slice {
        refuses "1 values are carried into a step, and 0 out of it": on_tape(|t| {
            let x = t.input(&ramp([2]));
            t.scan_slice(&[x], &[x], Keep::All, |_, _, x| (Vec::new(), x[0])).1.value()
        });
    }
    Recording::apply {
        refuses "takes 2 inputs, 0 given": on_tape(|t| t.apply(Add {}, []).value());
        refuses "takes 2 inputs, 1 given": on_tape(|t| t.apply(Add {}, [t.input(&ramp([2]))]).value());
        refuses "on two tapes": on_tape(|t| on_tape(|u| t.apply(Add {}, [u.input(&ramp([2])), t.input(&ramp([2]))]).value()));
        refuses "axis 18446744073709551615": on_tape(|t| t.apply(Concatenate { axis: MAX }, [t.input(&ramp([2]))]).value());
    }
    Recording::random {
        refuses "[35184372088832]": on_tape(|t| t.random([HUGE], Distribution::Normal).value());
        refuses "memory": on_tape(|t| t.random([MAX, MAX], Distribution::Uniform).value());
        refuses "NaN is no probability": on_tape(|t| t.random([1], Distribution::Bernoulli(NAN)).value());
        refuses "-0.5 is no probability": on_tape(|t| t.random([1], Distribution::Bernoulli(-0.5)).value());
        refuses "inf is no probability": on_tape(|t| t.random([1], Distribution::Bernoulli(INF)).value());
        accepts: on_tape(|t| t.random([0, HUGE], Distribution::Bernoulli(1.0)).value());
        accepts: on_tape(|t| t.random(Recorded(t.input(&ramp([2]))), Distribution::Normal).value());
    }
    Recording::concatenate {
        refuses "takes at least one input": on_tape(|t| t.concatenate([], 0).value());
        refuses "axis 18446744073709551615": on_tape(|t| t.concatenate([t.input(&ramp([2]))], MAX).value());
        refuses "axis 0 is out of range": on_tape(|t| t.concatenate([t.input(&ramp([]))], 0).value());
        refuses "on two tapes": across(|x, y| x.recording().concatenate([x, y], 0));
        refuses "do not add up": of([2], |x| { let x = x.index(0, 0).broadcast_to([MAX]); x.recording().concatenate([x, x], 0) });
        refuses "does not fit": of([HUGE], |x| x.recording().concatenate([x, x], 0));
    }
    Recording::stack {
        refuses "takes at least one input": on_tape(|t| t.stack([], 0).value());
        refuses "18446744073709551615": on_tape(|t| t.stack([t.input(&ramp([2]))], MAX).value());
        refuses "on two tapes": across(|x, y| x.recording().stack([x, y], 0));
    }
    Var::check_finite {
        refuses "NaN": on_tape(|t| t.input(&ramp([2])).ln().check_finite());
        accepts: on_tape(|t| t.input(&ramp([2])).check_finite());
    }
    Recording::check_finite_gradients {
        refuses "no backward pass": on_tape(|t| t.check_finite_gradients(&Params::default().gradients()));
    }
    Recording::profile {
        refuses "on another tape": on_tape(|t| on_tape(|u| t.profile(u.variable(&ramp([])), 1)));
        refuses "[2]": on_tape(|t| t.profile(t.variable(&ramp([2])), 1));
        accepts: on_tape(|t| t.profile(t.variable(&ramp([2])).sum(..), 0));
    }

    Var::recording { returns: of([0], |x| x.recording().input(&ramp([]))); }
    Var::apply { refuses "takes 2 inputs, 1 given": of([2], |x| x.apply(Add {})); }
    Var::shape {
        refuses "index 9": on_tape(|t| t.input(&ramp([2])).index(0, 9).shape());
        accepts: on_tape(|t| t.input(&ramp([])).broadcast_to([HUGE]).shape());
    }
    Var::dims { refuses "3 axes asked for, it has 2": on_tape(|t| t.input(&ramp([2, 2])).dims::<3>()); }
    Var::value {
        refuses "shape [35184372088832]: out of memory": of([HUGE], |x| x);
        refuses "would be frozen": read_while_recording();
    }
    Var::item {
        refuses "one element has an item: [2]": on_tape(|t| t.input(&ramp([2])).item());
        refuses "one element": on_tape(|t| t.input(&ramp([0])).item());
        refuses "[35184372088832]": on_tape(|t| t.input(&ramp([])).broadcast_to([HUGE]).item());
    }
    Var::backward {
        refuses "[2, 3]": backward(|x, grads| x.backward(grads));
        refuses "other Params": backward(|x, _| x.sum(..).backward(&mut other().0.gradients()));
        refuses "needs a gradient": backward(|x, grads| x.detach().sum(..).backward(grads));
    }
    Var::backward_with {
        refuses "[3, 2]": backward(|x, grads| x.backward_with(&ramp([3, 2]), grads));
        refuses "other Params": backward(|x, _| x.backward_with(&ramp([2, 3]), &mut other().0.gradients()));
        accepts: backward(|x, grads| x.backward_with(&Tensor::full([2, 3], INF), grads));
    }
    Var::named { accepts: of([2], |x| x.named("")); }
    Var::detach { accepts: of([2, 0], |x| x.detach()); }

    Var::permute {
        refuses "[0, 0]": of([2, 3], |x| x.permute(&[0, 0]));
        refuses "[0, 18446744073709551615]": of([2, 3], |x| x.permute(&[0, MAX]));
        refuses "[]": of([2, 3], |x| x.permute(&[0_usize; 0]));
        accepts: of([], |x| x.permute(&[0_usize; 0]));
    }
    Var::transpose {
        refuses "axis 18446744073709551615": of([2, 3], |x| x.transpose(MAX, 0));
        refuses "a scalar has no axes": of([], |x| x.transpose(0, 0));
    }
    Var::t { refuses "t: ": of([2], |x| x.t()); refuses "t: ": of([], |x| x.t()); }
    Var::broadcast_to {
        refuses "[3, 2]": of([2, 3], |x| x.broadcast_to([3, 2]));
        refuses "[]": of([2, 3], |x| x.broadcast_to([]));
        refuses "more elements than can be counted": of([1], |x| x.broadcast_to([MAX, MAX]));
        refuses "out of memory": of([1], |x| x.broadcast_to([MAX]));
        accepts: of([1], |x| x.broadcast_to([0, HUGE]));
        accepts: of([1, 1], |x| x.broadcast_to(Recorded(x)));
    }
    Var::narrow {
        refuses "range 1..3": of([2], |x| x.narrow(0, 1..3));
        refuses "range 2..1": of([2], |x| x.narrow(0, std::ops::Range { start: 2, end: 1 }));
        refuses "range 0..18446744073709551615": of([2], |x| x.narrow(0, 0..MAX));
        refuses "axis 1 is out of range": of([2], |x| x.narrow(1, 0..0));
        accepts: of([2], |x| x.narrow(0, 2..2));
    }
    Var::narrow_by {
        refuses "step 0": of([2], |x| x.narrow_by(0, 0..2, 0));
        accepts: of([2], |x| x.narrow_by(0, 0..2, MAX).square());
        accepts: of([3, 2], |x| x.narrow_by(1, 0..2, MAX).narrow_by(0, 1..3, MAX).contiguous());
    }
    Var::index {
        refuses "index 2 is out of range": of([2], |x| x.index(0, 2));
        refuses "index 18446744073709551615": of([2], |x| x.index(0, MAX));
        refuses "index 0 is out of range": of([0], |x| x.index(0, 0));
    }
    Var::unfold {
        refuses "size 0": of([4], |x| x.unfold(0, 0, 1, 1));
        refuses "size 5": of([4], |x| x.unfold(0, 5, 1, 1));
        refuses "size 18446744073709551615": of([4], |x| x.unfold(0, MAX, MAX, MAX));
        refuses "stride 0": of([4], |x| x.unfold(0, 2, 0, 1));
        refuses "dilation 18446744073709551615": of([4], |x| x.unfold(0, 2, 1, MAX));
        refuses "axis 18446744073709551615": of([4], |x| x.unfold(MAX, 1, 1, 1));
        accepts: of([4], |x| x.unfold(0, 1, MAX, MAX).square());
        refuses "does not fit": of([HUGE], |x| x.unfold(0, 1 << 10, 1, 1).exp());
        refuses "more elements than can be counted": of([HUGE], |x| x.unfold(0, 1 << 40, 1, 1).unfold(0, 1 << 40, 1, 1).sum(..));
    }
    Var::unsqueeze { refuses "18446744073709551615": of([2], |x| x.unsqueeze(MAX)); }
    Var::squeeze {
        refuses "axis 0 has extent 2": of([2], |x| x.squeeze(0));
        refuses "axis 18446744073709551615": of([2], |x| x.squeeze(MAX));
    }
    Var::flatten {
        refuses "the axes are 0..2": of([2, 3], |x| x.flatten(1..3));
        refuses "axes 2..1 are no range": of([2, 3], |x| x.flatten(Range { start: 2, end: 1 }));
        refuses "the axes are 0..1": of([2], |x| x.flatten(..=MAX));
        refuses "memory": of([2, 1], |x| x.broadcast_to([2, HUGE]).flatten(..));
        accepts: of([], |x| x.flatten(..));
        accepts: of([0, HUGE], |x| x.flatten(..));
    }
    Var::split_axis {
        refuses "axis -3 is out of range": of([2, 3], |x| x.split_axis(-3, [3, 1]));
        refuses "cannot be reshaped to [2, -1] (the sizes differ)": of([2, 3], |x| x.split_axis(1, [2, -1]));
        refuses "one extent at most": of([2, 3], |x| x.split_axis(1, [-1, -1]));
        refuses "sizes differ": of([2], |x| x.split_axis(0, [MAX, MAX]));
        accepts: of([0, 3], |x| x.split_axis(0, [HUGE, 0]));
    }
    Var::reshape {
        refuses "beside an extent of 0": of([0, 3], |x| x.reshape([0, -1]));
        refuses "at least 0, or -1": of([2], |x| x.reshape([isize::MIN]));
        refuses "[3]": of([2], |x| x.reshape([3]));
        refuses "[18446744073709551615, 2]": of([2], |x| x.reshape([MAX, 2]));
        refuses "sizes differ": of([], |x| x.broadcast_to([HUGE]).reshape([HUGE, HUGE]));
        accepts: of([0, 3], |x| x.reshape([HUGE, 0]));
        accepts: of([2], |x| x.reshape(Recorded(x)));
        refuses "memory": of([HUGE], |x| x.reshape([2, HUGE / 2]));
        refuses "memory": of([2, 1], |x| x.broadcast_to([2, HUGE]).reshape([2 * HUGE]));
    }
}
