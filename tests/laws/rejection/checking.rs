//! The gradient checker, derivatives of functions, the catalogue.

use std::hint::black_box;

use autodiff::catalogue::{Case, Choices, Domain};
use autodiff::ops::entries;
use autodiff::check::{self, Check, Engine, ForeignGradient, Gradient, Jacobian, Jvp, Outcome, Probe, Run, Vjp, strategy};
use autodiff::ops::{Add, Square};
use autodiff::transform::*;
use autodiff::op::*;
use autodiff::*;
use proptest::strategy::Strategy;

use super::given::*;
use super::harness::cases;

/// Checks the square of a few numbers with these settings.
fn with(check: Check) -> Result<check::Report, Error> {
    check.op(&Square {}, [ramp([3])])
}

/// The product of views of one number, with as many elements as given.
fn product(a: &[usize], b: &[usize], length: usize) -> Result<(), Error> {
    let [a, b] = [a, b].map(|shape| Layout::dense(Shape::from([0; 0])).broadcast_to(&shape.into()).unwrap());
    let [a, b] = [&a, &b].map(|layout| View::new(&[NAN], layout).unwrap());
    matmul(a, b, &mut vec![0.0; length], true)
}

/// An operation in `f32` alone that panics when it is run.
#[derive(Clone, Debug)]
struct Panicking;

impl<T: Real> Op<T> for Panicking {
    fn name(&self) -> &'static str {
        "panicking"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = one_input(inputs)?;
        Ok(x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        // Right for dense inputs only, as a first version by a user may be.
        output.copy_from_slice(inputs.view(0).dense().unwrap());
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            grad.add(cotangent);
        }
    }
}

fn one_input<'a>(inputs: &[&'a Shape]) -> Result<[&'a Shape; 1], Mismatch> {
    expect_inputs(inputs)
}

/// What [`Panicking`] is found to do.
fn findings(report: Result<check::Report, Error>) -> Result<(), String> {
    let report = report.map_err(|error| error.to_string())?;
    if report.passed() { Ok(()) } else { Err(report.to_string()) }
}

fn twice_on_tape(params: &Params<f64>) -> Result<check::Report, Error> {
    check::model(params, |t| t.input(&Tensor::scalar(Dual::new(1.0, 0.0))))
}

/// An engine that runs nothing.
struct NoEngine;

impl Engine for NoEngine {
    fn name(&self) -> String {
        "no engine".into()
    }
    fn run(&self, _: &Run<'_>) -> Result<Outcome, String> {
        Err("never".into())
    }
}

fn first_of(x: &[f64]) -> Vec<f64> {
    x.first().copied().into_iter().collect()
}

fn nothing(_: &[f64]) -> Vec<f64> {
    Vec::new()
}

cases! {
    Check::new { accepts: with(Check::new()); }
    Check::seed { accepts: with(Check::new().seed(u64::MAX)); }
    Check::one_by_one { accepts: with(Check::new().one_by_one(0)); accepts: with(Check::new().one_by_one(MAX)); }
    Check::directions {
        refuses "directions is 0": with(Check::new().directions(0).one_by_one(0));
    }
    Check::repeats {
        refuses "repeats is 0": with(Check::new().repeats(0));
        accepts: with(Check::new().repeats(1));
    }
    Check::tolerance {
        refuses "tolerance is NaN": with(Check::new().tolerance(NAN));
        refuses "tolerance is -1": with(Check::new().tolerance(-1.0));
        refuses "tolerance is inf": with(Check::new().tolerance(INF));
        returns: with(Check::new().tolerance(0.0));
    }
    Check::single_tolerance {
        refuses "single_tolerance is NaN": with(Check::new().single_tolerance(NAN));
        accepts: with(Check::new().single_tolerance(1.0));
    }
    Check::within {
        refuses "within is 2.0..=3.0 for input 0": with(Check::new().within(0, 2.0..=3.0));
        refuses "within is NaN..=inf for input 0": with(Check::new().within(0, NAN..));
        refuses "bounds of an input that there is": with(Check::new().within(MAX, 0.0..));
        accepts: with(Check::new().within(0, ..));
    }
    Check::orders { refuses "orders is 0": with(Check::new().orders(0)); returns: with(Check::new().orders(MAX)); }
    Check::skip { accepts: with(Probe::ALL.into_iter().fold(Check::new(), |check, probe| check.skip(probe, ""))); }
    Check::op {
        refuses "takes 2 inputs, 1 given": Check::new().op(&Add {}, [ramp([2])]);
        refuses "number of cases is 0": Check::new().op(&Add {}, Vec::new());
        refuses "shapes do not broadcast: [2] × [3]": Check::new().op(&Add {}, [ramp([2]), ramp([3])]);
        returns: Check::new().op(&Square {}, [EXTREMES.into()]);
        accepts: Check::new().op(&Square {}, [ramp([0, HUGE])]);
    }
    check::op {
        refuses "takes 2 inputs, 0 given": check::op(&Add {}, []);
        refuses "panicked": findings(check::op(&Panicking, [ramp([2, 3])]));
    }
    Check::single {
        refuses "takes 2 inputs, 1 given": Check::new().single(&Add {}, [ramp([2])]);
        returns: Check::new().single(&Square {}, [EXTREMES.into()]);
    }
    check::single { returns: findings(check::single(&Panicking, [ramp([2, 3])])); }
    Check::function {
        refuses "index 9": Check::new().function(|[x]| x.index(0, 9), [ramp([2])]);
        returns: Check::new().function(|[x]| x.exp().sum(..), [EXTREMES.into()]);
    }
    check::function {
        refuses "index 9": check::function(|[x]| x.index(0, 9), [ramp([2])]);
        refuses "memory": check::function(|[x]| x.sum(..).broadcast_to([HUGE]).exp(), [ramp([2])]);
    }
    Check::engine { refuses "no engine: never": Check::new().engine(&NoEngine, [ramp([2])]); }
    check::engine { refuses "no engine: never": check::engine(&NoEngine, Vec::from([vec![]])); }
    Check::foreign { refuses "0 numbers for 2 numbers of input": Check::new().foreign(first_of, Gradient(nothing), [("x", ramp([2]))]); }
    check::foreign {
        refuses "0 numbers for 2 numbers of input": check::foreign(first_of, Gradient(nothing), [("x", ramp([2]))]);
        returns: findings(check::foreign(first_of, Gradient(nothing), []));
    }
    Engine::differentiable { returns: NoEngine.differentiable(MAX); }
    Engine::lacks { returns: Probe::ALL.map(|probe| NoEngine.lacks(probe)); }
    Gradient::pull {
        returns: Gradient(first_of).pull(&[], &[]);
        returns: Gradient(first_of).pull(&EXTREMES, &EXTREMES);
    }
    Vjp::pull { returns: Vjp(|_: &[f64], u: &[f64]| u.to_vec()).pull(&[], &EXTREMES); }
    Jvp::pull {
        returns: Jvp(|_: &[f64], _: &[f64]| vec![NAN; 7]).pull(&EXTREMES, &[]);
        returns: Jvp(|x: &[f64], _: &[f64]| x.to_vec()).pull(&[], &EXTREMES);
    }
    Jacobian::pull {
        returns: Jacobian(|_: &[f64]| vec![INF; 7]).pull(&EXTREMES, &[NAN]);
        returns: Jacobian(|_: &[f64]| vec![INF; 7]).pull(&[], &EXTREMES);
    }
    Check::model { refuses "other Params": Check::new().model(&model().0, |t| t.param(other().1).sum(..)); }
    check::model {
        refuses "fc.weight": twice_on_tape(&registered(|p| [0, 1].map(|_| p.scope("fc").parameter("weight", [1], |_, _| {}))));
        returns: check::model(&Params::<f64>::default(), |t| t.input(&Tensor::scalar(Dual::new(1.0, 0.0))));
    }
    Report::assert { panics "FAILED: Panicking: panicked": check::op(&Panicking, [ramp([2, 3])]).unwrap().assert(); }
    strategy::shapes { returns: strategy::shapes(0..=MAX, MAX..=MAX).prop_map(|shape| shape.rank()); }
    strategy::tensors {
        returns: strategy::tensors([0, HUGE], 0.0..1.0).prop_map(|x| x.data().len());
        returns: strategy::tensors([HUGE], NAN..INF).prop_map(|x| x.data().len());
    }

    ops::entries { returns: entries().map(|entry| (entry.draw)(&mut Choices::new(&[u32::MAX; 40]))).collect::<Vec<_>>(); }
    Case::new { returns: Case::new(Square {}, []); }
    Domain::sample { returns: Domain::Between(NAN, INF, &[]).sample([MAX, MAX]); }
    Domain::value {
        returns: Domain::Between(INF, NAN, &[NAN]).value::<f64>(NAN, MAX, 0);
        returns: Domain::Distinct(INF).value::<f64>(NAN, MAX, MAX);
        returns: Domain::Distinct(0.0).value::<f32>(0.0, MAX, 0);
        returns: Domain::Index(MAX).value::<f64>(INF, 0, 0);
        returns: Domain::Mask.value::<f64>(-1.0, MAX, 1);
    }
    Choices::new { returns: Choices::new(&[]); }
    Choices::below { returns: Choices::new(&[]).below(MAX); returns: Choices::new(&[u32::MAX]).below(0); }
    Choices::flag { returns: Choices::new(&[]).flag(); }
    Choices::extent { returns: Choices::new(&[u32::MAX]).extent(); }
    Choices::positive { returns: Choices::new(&[13]).positive(); }
    Choices::shape {
        returns: Choices::new(&[u32::MAX]).shape(0, 0);
        returns: Choices::new(&[1]).shape(3, 1);
        returns: Choices::new(&[1]).shape(0, MAX);
    }
    Choices::full_shape { returns: Choices::new(&[1]).full_shape(2, 0); returns: Choices::new(&[1]).full_shape(0, MAX); }
    Choices::narrower { returns: Choices::new(&[1, u32::MAX, 3]).narrower(&[MAX, 0].into()); }
    Choices::axes { returns: Choices::new(&[1]).axes(0); returns: Choices::new(&[1]).axes(1000); }

    reverse::grad {
        refuses "index 9": grad(|[x]| x.index(0, 9), [&ramp([2])]);
        refuses "[2]": grad(|[x]| x.square(), [&ramp([2])]);
        accepts: grad(|[x]| x.sum(..), [&EXTREMES.into()]);
    }
    reverse::value_and_grad { refuses "[0]": value_and_grad(|[x]| x.square(), [&ramp([0])]); }
    reverse::vjp { refuses "memory": vjp(|[x]| x.square(), [&large()], &ramp([]));
        refuses "[3]": vjp(|[x]| x.square(), [&ramp([2])], &ramp([3])); }
    forward::jvp {
        refuses "[12000000]: out of memory": jvp(|x| x.square(), &large(), &large());
        refuses "the direction has shape [3], the input [2]": jvp(|x| x.square(), &ramp([2]), &ramp([3]));
        refuses "memory": jvp(|x| x.index(0, 0).broadcast_to([HUGE]), &ramp([2]), &ramp([2]));
    }
    forward::jacobian {
        refuses "index 9": jacobian(|x| x.index(0, 9), &ramp([2]));
        refuses "[8000, 8000]": jacobian(|x| x.square(), &ramp([8000]));
        accepts: jacobian(|x| x.square(), &ramp([0, 3]));
        accepts: jacobian(|x| x.square(), &ramp([0]));
    }
    hessian::hvp {
        refuses "[12000000]: out of memory": hvp(|x| x.square().sum(..), &large(), &large());
        refuses "the direction has shape [3], the input [2]": hvp(|x| x.square().sum(..), &ramp([2]), &ramp([3]));
        refuses "[2]": hvp(|x| x.square(), &ramp([2]), &ramp([2]));
    }
    hessian::hessian {
        refuses "[2]": hessian(|x| x.square(), &ramp([2]));
        refuses "[8000, 8000]": hessian(|x| x.square().sum(..), &ramp([8000]));
        accepts: hessian(|x| x.square().sum(..), &ramp([0]));
    }
    model::model_hvp {
        refuses "1": model_hvp(&model().0, &[1.0], |t| t.input(&ramp([]).cast()));
        refuses "other Params": model_hvp(&model().0, &[1.0; 8], |t| t.param(other().1).sum(..));
    }
    model::model_hessian {
        refuses "other Params": model_hessian(&model().0, |t| t.param(other().1).sum(..));
        refuses "[8000, 8000]": { let p = wide(); model_hessian(&p, |t| t.param(first(&p)).sum(..)) };
        returns: black_box(model_hessian(&Params::<f64>::default(), |t| t.variable(&ramp([]).cast())));
    }
    dispatch::dispatch { accepts: dispatch(|| Ok::<(), Error>(())); }
    Reads::of_expressions { accepts: { Reads::of_expressions(&[], &[], ""); Reads::of_expressions(&["", "x +"], &["x", ""], "x"); Ok::<(), Error>(()) }; }
    pointwise::takes_sines { accepts: { takes_sines(&[]); takes_sines(&["", ".sin"]); Ok::<(), Error>(()) }; }
    parts::for_each_part {
        accepts: { for_each_part(&mut [0; 3], 0, |_, _| ()); Ok::<(), Error>(()) };
        accepts: { for_each_part(&mut [0; 0], 2, |_, _| ()); Ok::<(), Error>(()) };
    }
    norm::norm { accepts: { norm::<f64>(&[]); norm(&[f32::NAN, f32::MAX]); Ok::<(), Error>(()) }; }
    product::matmul {
        refuses "no product of [2] and [2, 3] has 4 elements": product(&[2], &[2, 3], 4);
        refuses "no product of [2, 3] and [2, 3] has 4 elements": product(&[2, 3], &[2, 3], 4);
        refuses "no product of [2, 3] and [3, 2] has 6 elements": product(&[2, 3], &[3, 2], 6);
        refuses "no product of [18446744073709551615, 0]": product(&[MAX, 0], &[0, MAX], 1);
        refuses "no product of [35184372088832, 0]": product(&[HUGE, 0], &[0, HUGE], 0);
        accepts: product(&[2, 0], &[0, 3], 6);
        accepts: product(&[0, 2], &[2, HUGE], 0);
        accepts: product(&[HUGE, 2], &[2, 0], 0);
        accepts: product(&[2, 3], &[3, 2], 4);
    }
    op::expect_inputs {
        refuses "takes 1 inputs, 0 given": expect_inputs::<1>(&[]);
        accepts: expect_inputs::<0>(&[]);
    }
}

/// 96 MB; as much again for a direction, and as duals twice that.
fn large() -> Tensor<f64> {
    Tensor::full([12_000_000], 0.5)
}

/// Eight thousand parameters: their Hessian is 512 MB.
fn wide() -> Params<f64> {
    registered(|params| params.scope("fc").parameter("weight", [8000], |_, _| {}))
}

fn first(params: &Params<f64>) -> ParamId {
    params.ids().next().unwrap()
}
