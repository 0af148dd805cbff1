//! Parameters, scopes, gradients, programs.

use autodiff::{input, variable};
use autodiff::*;

use super::given::*;
use super::harness::cases;

/// Registers a parameter of this shape whose entries are all `value`.
fn parameter(name: &str, shape: impl Into<Shape>, value: f64) -> Params<f64> {
    registered(|params| params.scope(name).parameter("weight", shape, |values, _| values.fill(value)))
}

fn state(initial: &Tensor<f64>) -> Params<f32> {
    let mut params = Params::new(0);
    params.scope("bn").state("mean", initial);
    params
}

/// Thirty million parameters: 120 MB in `f32`, too much in `f64`.
fn many() -> Params<f32> {
    let mut params = Params::new(0);
    for part in 0..15 {
        params.scope(&part.to_string()).parameter("weight", [2_000_000], |_, _| {});
    }
    params
}

/// A program of one declared variable and of [`model`]'s weight.
fn program<R>(run: impl FnOnce(&mut Program<f64>, &Params<f64>) -> R) -> R {
    let (params, weight, _) = model();
    let mut program = Program::record(&params, Mode::Train, [variable("x", [2, 3])], |t, [x]| {
        [(x * t.param(weight)).sum(..), t.param(weight)]
    });
    run(program.as_mut().unwrap(), &params)
}

/// The sum of a product of an input with [`model`]'s weight, in two shards.
fn shards<R>(run: impl FnOnce(&mut Shards<f64>, &Params<f64>) -> R) -> R {
    let (params, weight, _) = model();
    let inputs = [input("x", [2, 3])];
    let mut shards = Shards::record(&params, Mode::Train, 2, inputs, |t, [x]| (x * t.param(weight)).sum(..)).unwrap();
    run(&mut shards, &params)
}

/// A replay of it, with gradients.
fn replay<R>(run: impl FnOnce(Replay<'_, f64>, &mut Gradients<f64>) -> R) -> R {
    program(|program, params| {
        run(program.forward(params, [&ramp([2, 3])]).unwrap(), &mut params.gradients())
    })
}

/// A backward pass of a program that keeps nothing for one.
fn backward_of_forward_alone() -> Result<(), Error> {
    let params = Params::<f64>::default();
    let mut program = Program::record_forward(&params, Mode::Eval, [variable("x", [2])], |_, [x]| [x.sum(..)])?;
    program.forward(&params, [&ramp([2])])?.backward(&mut params.gradients())
}

cases! {
    Params::new { accepts: Params::<f64>::new(u64::MAX); }
    Params::scope {
        accepts: parameter("", [0], 0.0);
        accepts: parameter(".", [], 0.0);
        accepts: registered(|params| params.scope(&"a".repeat(100_000)).parameter("b", [1], |_, _| {}));
    }
    Params::check { refuses "fc.weight": parameter("fc", [1], NAN).check(); }
    Params::flat_mut { returns: Params::<f64>::default().flat_mut().fill(NAN); }
    Params::gradients { panics "out of memory": [many(), many()].map(|params| [params.gradients(), params.gradients()]); }
    Params::id {
        refuses "nowhere: there is none of this name": model().0.id("nowhere");
        refuses "bn.mean: it is a state": model().0.id("bn.mean");
        refuses "parameter : there is none": model().0.id("");
    }
    Params::value {
        refuses "other Params": model().0.value(other().1);
        accepts: { let (p, id, _) = model(); p.value(id) };
    }
    Params::set {
        refuses "other Params": model().0.set(other().1, &ramp([2, 3]));
        refuses "fc.weight: has shape [2, 3], the new value has [3, 2]": { let (mut p, id, _) = model(); p.set(id, &ramp([3, 2])) };
        accepts: { let (mut p, id, _) = model(); p.set(id, &Tensor::full([2, 3], NAN)) };
    }
    Params::zeros { refuses "a number for each parameter: out of memory": [(); 3].map(|()| many()).map(|params| params.zeros()).into_iter().collect::<Result<Vec<_>, _>>(); }
    ParamVec::get { refuses "other Params": model().0.values().get(other().1); }
    ParamVec::set {
        refuses "other Params": model().0.zeros().unwrap().set(other().1, &ramp([2, 3]));
        refuses "fc.weight: has shape [2, 3], the new value has [3, 2]": { let (p, id, _) = model(); p.zeros().unwrap().set(id, &ramp([3, 2])) };
    }
    ParamVec::flat_mut { returns: Params::<f64>::default().zeros().unwrap().flat_mut().fill(NAN); }
    ParamVec::has_layout_of { returns: model().0.values().has_layout_of(other().0.values()); }
    ParamVec::check_layout { refuses "averages: they were made from other Params": model().0.values().check_layout(other().0.values(), "averages"); }
    ParamVec::check_finite { refuses "fc.weight: its mean is NaN at index [0, 0]": { let mut v = model().0.zeros().unwrap(); v.flat_mut().fill(NAN); v.check_finite("mean") }; }
    Params::try_gradients { refuses "a number for each parameter: out of memory": [(); 3].map(|()| many()).map(|params| params.try_gradients()).into_iter().collect::<Result<Vec<_>, _>>(); }
    Params::try_cast { refuses "out of memory": many().try_cast::<f64>(); }
    Params::cast { panics "out of memory": many().cast::<f64>(); refuses "fc.weight: 1e300 at index 0": parameter("fc", [2], 1e300).cast::<f32>(); }
    Params::state_id {
        refuses "nowhere: there is none of this name": model().0.state_id("nowhere");
        refuses "fc.weight: it is a parameter": model().0.state_id("fc.weight");
    }
    Params::state { refuses "other Params": model().0.state(other().2); }
    Params::set_state {
        refuses "other Params": model().0.set_state(other().2, &ramp([2]));
        refuses "bn.mean: has shape [2], the new value has [0]": { let (mut p, _, id) = model(); p.set_state(id, &ramp([0])) };
    }
    Params::set_step {
        accepts: { let mut p = model().0; p.set_step(u64::MAX - 1); p.commit(&p.gradients()) };
        refuses "18446744073709551615": { let mut p = model().0; p.set_step(u64::MAX); p.commit(&p.gradients()) };
    }
    Params::commit { refuses "other Params": model().0.commit(&other().0.gradients()); }
    Scope::child {
        refuses "a.b.weight: is registered twice": registered(|params| [0, 1].map(|_| {
            params.scope("a").child("b").parameter("weight", [1], |_, _| {})
        }));
    }
    Scope::parameter {
        refuses "fc.weight of shape [35184372088832]: out of memory": parameter("fc", [HUGE], 0.0);
        refuses "fc.weight of shape [8589934592, 2147483648]: out of memory": parameter("fc", [1 << 33, 1 << 31], 0.0);
        refuses "out of memory": parameter("fc", [MAX, MAX, 0], 0.0);
        refuses "fc.weight: its initializer gave inf": parameter("fc", [2], INF);
        refuses "fc.weight of shape [20000000]": parameter("fc", [20_000_000], 0.0);
        accepts: parameter("fc", [0, HUGE], NAN);
    }
    Scope::state {
        refuses "bn.mean": state(&Tensor::full([2], NAN));
        refuses "bn.mean": state(&Tensor::full([2], 1e300));
        accepts: state(&ramp([0]));
    }

    Gradients::flat_mut { returns: Params::<f64>::default().gradients().flat_mut().fill(NAN); }
    Gradients::of {
        refuses "no backward pass": on_tape_of_model(|x, grads| grads.of(x.square()).map(drop));
        refuses "no backward pass": on_tape_of_model(|x, _| other().0.gradients().of(x).map(drop));
        refuses "view": on_tape_of_model(|x, grads| { x.sum(..).backward(grads)?; grads.of(x.t()).map(drop) });
        refuses "does not depend": on_tape_of_model(|x, grads| { let y = x.exp(); x.sum(..).backward(grads)?; grads.of(y).map(drop) });
    }
    Gradients::parameter {
        refuses "other Params": model().0.gradients().parameter(&other().0, model().1);
        refuses "other Params": { let (p, ..) = model(); p.gradients().parameter(&p, other().1) };
    }
    Gradients::received {
        refuses "fc.weight": { let (p, id, _) = model(); p.gradients().received(&p, id) };
        refuses "other Params": { let (p, ..) = model(); p.gradients().received(&p, other().1) };
        refuses "other Params": { let (p, id, _) = model(); other().0.gradients().received(&p, id) };
    }
    Gradients::add { refuses "other Params": model().0.gradients().add(&other().0.gradients()); }
    Gradients::zero { returns: Params::<f64>::default().gradients().zero(); }
    Gradients::check_layout { refuses "other Params": model().0.gradients().check_layout(&other().0); }

    program::input { returns: input("", [MAX, MAX]); }
    program::variable { returns: variable("x", [MAX, MAX]); }
    Program::record {
        refuses "out of memory": Program::<f64>::record(&Params::default(), Mode::Train, [input("x", [30_000_000])], |_, [x]| [x.exp()]);
        refuses "memory": Program::<f64>::record(&Params::default(), Mode::Eval, [variable("x", [HUGE])], |_, [x]| [x]);
        refuses "memory": Program::<f64>::record(&Params::default(), Mode::Eval, [variable("x", [MAX, MAX])], |_, [x]| [x]);
        refuses "index 9": Program::<f64>::record(&Params::default(), Mode::Train, [input("x", [2])], |_, [x]| [x.index(0, 9)]);
        refuses "on another tape": Program::record(&Params::default(), Mode::Train, [], |_, []| [foreign_forever()]);
        refuses "fc.weight": Program::record(&parameter("fc", [HUGE], 0.0), Mode::Eval, [], |_, []| []);
        accepts: Program::<f64>::record(&Params::default(), Mode::Train, [], |_, []| []);
    }
    Program::record_forward {
        refuses "fc.weight": Program::record_forward(&parameter("fc", [HUGE], 0.0), Mode::Eval, [], |_, []| []);
        refuses "recorded by record_forward": backward_of_forward_alone();
    }
    Program::record_slice {
        refuses "on another tape": Program::record_slice(&Params::default(), Mode::Train, &[], |_, _| vec![foreign_forever()]);
        refuses "memory": Program::<f64>::record_slice(&Params::default(), Mode::Eval, &[input("x", [HUGE])], |_, x| x.to_vec());
        accepts: Program::<f64>::record_slice(&Params::default(), Mode::Eval, &[], |_, x| x.to_vec());
    }
    Program::set_pass { returns: program(|program, _| program.set_pass(u64::MAX)); }
    Program::forward {
        refuses "1 inputs were declared, 0 given": program(|program, params| program.forward(params, []).map(drop));
        refuses "input x was declared [2, 3], [3] given": program(|program, params| program.forward(params, [&ramp([3])]).map(drop));
        refuses "not the Params": program(|program, _| program.forward(&other().0, [&ramp([2, 3])]).map(drop));
        accepts: program(|program, params| program.forward(params, [&Tensor::full([2, 3], NAN)]).map(drop));
    }
    Shards::record {
        refuses "shards is 0": Shards::<f64>::record(&Params::default(), Mode::Train, 0, [input("x", [2])], |_, [x]| x.sum(..)).map(drop);
        refuses "no inputs were declared": Shards::<f64>::record(&Params::default(), Mode::Train, 2, [], |_, []| foreign_forever()).map(drop);
        refuses "input x has no axis of samples": Shards::<f64>::record(&Params::default(), Mode::Train, 2, [input("x", [])], |_, [x]| x).map(drop);
        refuses "on another tape": Shards::record(&Params::default(), Mode::Train, 2, [input("x", [2])], |_, [_]| foreign_forever()).map(drop);
        accepts: Shards::<f64>::record(&Params::default(), Mode::Train, usize::MAX, [input("x", [2])], |_, [x]| x.sum(..)).map(drop);
    }
    Shards::backward {
        refuses "1 inputs were declared, 0 given": shards(|shards, params| shards.backward(params, [], &mut params.gradients()));
        refuses "input x was declared [2, 3], [3] given": shards(|shards, params| shards.backward(params, [&ramp([3])], &mut params.gradients()));
        refuses "other Params": shards(|shards, _| shards.backward(&other().0, [&ramp([2, 3])], &mut other().0.gradients()));
        refuses "other Params": shards(|shards, params| shards.backward(params, [&ramp([2, 3])], &mut other().0.gradients()));
        accepts: shards(|shards, params| shards.backward(params, [&Tensor::full([2, 3], NAN)], &mut params.gradients()));
    }
    Shards::record_among {
        refuses "shards is 0": Shards::<f64>::record_among(&Alone, &Params::default(), Mode::Train, 0, [input("x", [2])], |_, [x]| x.sum(..)).map(drop);
    }
    Shards::backward_among {
        refuses "1 inputs were declared, 0 given": shards(|shards, params| shards.backward_among(&Alone, params, [], &mut params.gradients()));
    }
    Alone::all_gather { returns: Alone.all_gather(&[1.0, 2.0], &[], &mut [0.0]); }
    Alone::all_to_all { returns: Alone.all_to_all(&[1.0], &[7], &[], &mut [0.0, 0.0]); }
    Shards::check_finite {
        refuses "NaN": shards(|shards, params| {
            shards.backward(params, [&Tensor::full([2, 3], NAN)], &mut params.gradients())?;
            shards.check_finite(params)
        });
    }
    Replay::backward {
        refuses "other Params": replay(|run, _| run.backward(&mut other().0.gradients()));
        refuses "output 0 asked for, 0 were recorded": no_output(|run, grads| run.backward(grads));
    }
    Replay::backward_with {
        refuses "[3]": replay(|run, grads| run.backward_with(&ramp([3]), grads));
        refuses "output 0 asked for": no_output(|run, grads| run.backward_with(&ramp([]), grads));
    }
    Replay::check_finite {
        refuses "output 0 asked for": no_output(|run, _| run.check_finite());
        accepts: replay(|run, _| run.check_finite());
    }
    Replay::check_finite_gradients { refuses "no backward pass": replay(|run, grads| run.check_finite_gradients(grads)); }
    Replay::output { refuses "output 18446744073709551615": replay(|run, _| run.output(MAX)); }
    Replay::gradient {
        refuses "no input is called nowhere": replay(|run, grads| run.gradient("nowhere", grads));
        refuses "no input is called ": replay(|run, grads| run.gradient("", grads));
        refuses "no backward pass": replay(|run, _| run.gradient("x", &other().0.gradients()));
    }
}

fn on_tape_of_model(run: impl for<'t> Fn(Var<'t, f64>, &mut Gradients<f64>) -> Result<(), Error>) -> Result<(), Error> {
    let (params, weight, _) = model();
    let mut tape = Tape::new();
    run(tape.start(&params, Mode::Train).param(weight), &mut params.gradients())
}

/// A value that lives for ever: no other gets into the closure of a program.
fn foreign_forever() -> Var<'static, f64> {
    let (params, tape) = (Box::leak(Box::<Params<f64>>::default()), Box::leak(Box::<Tape<f64>>::default()));
    Box::leak(Box::new(tape.start(params, Mode::Train))).variable(&ramp([]))
}

fn no_output<R>(run: impl FnOnce(Replay<'_, f64>, &mut Gradients<f64>) -> R) -> R {
    let params = Params::default();
    let mut program = Program::record(&params, Mode::Train, [], |_, []| []).unwrap();
    run(program.forward(&params, []).unwrap(), &mut params.gradients())
}
