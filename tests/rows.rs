//! The gradient of an embedding is known by the rows that were read: optimizers and clipping visit them alone, for the same numbers.

use autodiff::{Gradients, Mode, Params, Program, Real, Recording, Shards, Tape, Tensor, Var, input};
use nn::{Embedding, Linear, Module};
use optim::{AdaGrad, Adam, L2, Optimizer, Rule, Sgd};

const COUNT: usize = 50;

type Model = (Embedding, Linear);

fn model<T: Real>(params: &mut Params<T>) -> Model {
    let embedding = Embedding::new(params.scope("embedding"), COUNT, 4);
    (embedding, Linear::new(params.scope("readout"), 4, 3))
}

/// Other indices in each step; some twice, neighbors, the first and the last.
fn indices(step: usize) -> Tensor<f64> {
    Tensor::from_fn([2, 4], |k| match k {
        0 => 0.0,
        1 => (COUNT - 1 - step) as f64,
        k => ((step * 7 + k / 2 * 11) % COUNT) as f64,
    })
}

fn loss<'t>(model: &Model, indices: Var<'t, f64>) -> Var<'t, f64> {
    model.forward(indices).square().sum(..)
}

fn backward(params: &Params<f64>, model: &Model, step: usize, grads: &mut Gradients<f64>) {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    loss(model, t.input(&indices(step))).backward(grads).unwrap();
}

/// The parameters after some steps; with `everywhere`, nothing is known of the rows.
fn trained<R: Rule<f64>>(mut optimizer: Optimizer<f64, R>, everywhere: bool) -> Vec<f64> {
    let mut params = Params::new(1);
    let model = model(&mut params);
    let mut grads = params.gradients();
    for step in 0..6 {
        backward(&params, &model, step, &mut grads);
        if everywhere {
            grads.flat_mut();
        }
        optimizer.step(&mut params, &grads).unwrap();
    }
    params.flat().to_vec()
}

fn agrees<R: Rule<f64>>(optimizer: impl Fn() -> Optimizer<f64, R>) {
    let (found, expected) = (trained(optimizer(), false), trained(optimizer(), true));
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-14 * expected.abs(), "{found} is not {expected}");
    }
}

#[test]
fn steps_on_rows_are_those_on_everything() {
    assert_eq!(trained(Sgd::new(0.01), false), trained(Sgd::new(0.01), true));
    assert_eq!(trained(AdaGrad::new(0.1), false), trained(AdaGrad::new(0.1), true));
    assert_eq!(trained(Adam::new(0.1), false), trained(Adam::new(0.1), true));
    assert_eq!(trained(Adam::new(0.1).strict_dropout(), false), trained(Adam::new(0.1).strict_dropout(), true));
    agrees(|| Sgd::new(0.01).momentum(0.9).clip_norm(0.5));
    agrees(|| Sgd::new(0.01).clip_norm(0.5).clip_value(0.05));
    agrees(|| AdaGrad::new(0.1).clip_each(0.3));
    agrees(|| Sgd::new(0.01).clip_norm(0.5).regularize(L2(0.1)));
    agrees(|| Sgd::new(0.01).decay(0.1, optim::ParamFilter::all()));
}

#[test]
fn rows_that_were_not_read_stay_as_they_are() {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let (before, mut grads) = (params.flat().to_vec(), params.gradients());
    backward(&params, &model, 0, &mut grads);
    Adam::new(0.1).strict_dropout().step(&mut params, &grads).unwrap();
    let read: Vec<usize> = indices(0).data().iter().map(|&index| index as usize).collect();
    for row in 0..COUNT {
        let (old, new) = (&before[4 * row..4 * row + 4], &params.flat()[4 * row..4 * row + 4]);
        assert_eq!(old != new, read.contains(&row), "row {row}");
    }
}

#[test]
fn a_pass_leaves_nothing_of_the_pass_before() {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let mut reused = params.gradients();
    for step in 0..6 {
        backward(&params, &model, step, &mut reused);
        let mut fresh = params.gradients();
        backward(&params, &model, step, &mut fresh);
        assert_eq!(reused.flat(), fresh.flat());
        let touched = |k: usize| reused.touched().any(|range| range.contains(&k));
        assert!(reused.flat().iter().enumerate().all(|(k, g)| touched(k) || *g == 0.0));
        let ranges: Vec<_> = reused.touched().collect();
        assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start), "{ranges:?}");
        // Eight indices of four numbers at most, and the readout.
        assert!(ranges.iter().map(ExactSizeIterator::len).sum::<usize>() <= 8 * 4 + 15);
        if step == 3 {
            reused.flat_mut().fill(1.0); // by hand, everywhere
        }
    }
    reused.zero();
    assert!(reused.flat().iter().all(|g| *g == 0.0) && reused.touched().next().is_none());
}

#[test]
fn sums_of_gradients_touch_the_rows_of_both() {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let [mut first, mut second] = [params.gradients(), params.gradients()];
    backward(&params, &model, 1, &mut first);
    backward(&params, &model, 2, &mut second);
    let expected: Vec<f64> = first.flat().iter().zip(second.flat()).map(|(a, b)| a + b).collect();
    first.add(&second).unwrap();
    assert_eq!(first.flat(), expected);
    assert!((0..expected.len()).all(|k| expected[k] == 0.0 || first.touched().any(|range| range.contains(&k))));
    backward(&params, &model, 2, &mut first);
    assert_eq!(first.flat(), second.flat());
}

/// What is touched of the embedding, and the gradients, when a loss is pulled twice, with a step between that touches other rows.
fn touched(build: impl for<'t> Fn(&'t Recording<'t, f64>, &Model, Var<'t, f64>) -> Var<'t, f64>) -> (usize, bool) {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let pull = |step: usize, grads: &mut Gradients<f64>| {
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        build(&t, &model, t.input(&indices(step))).backward(grads).unwrap();
    };
    let [mut reused, mut fresh] = [params.gradients(), params.gradients()];
    backward(&params, &model, 5, &mut reused);
    pull(1, &mut reused);
    pull(1, &mut fresh);
    let of_table = reused.touched().map(|range| range.end.min(4 * COUNT).saturating_sub(range.start)).sum();
    (of_table, reused.flat() == fresh.flat())
}

#[test]
fn what_else_reads_a_table_touches_all_of_it() {
    // Of eight indices five are different.
    assert_eq!(touched(|_, model, x| loss(model, x)), (5 * 4, true));
    // Twice by rows; transposed as well, as tied weights are; in a checkpoint; not at all; the rows of a view.
    assert_eq!(touched(|_, model, x| loss(model, x) + loss(model, x)), (5 * 4, true));
    assert_eq!(
        touched(|t, model, x| {
            let table = t.param(model.0.weight());
            (model.0.forward(x).flatten(..2).matmul(table.t())).square().sum(..)
        }),
        (4 * COUNT, true)
    );
    assert_eq!(touched(|t, model, x| t.checkpoint([x], |_, [x]| loss(model, x))), (4 * COUNT, true));
    assert_eq!(touched(|t, model, _| t.param(model.1.weight()).square().sum(..)), (4 * COUNT, true));
    assert_eq!(
        touched(|t, model, x| t.param(model.0.weight()).t().index_select(1, x.flatten(..)).square().sum(..)),
        (4 * COUNT, true)
    );
}

#[test]
fn a_program_knows_the_rows_of_each_replay() {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let mut program =
        Program::record(&params, Mode::Train, [input("indices", [2, 4])], |_, [x]| [loss(&model, x)]).unwrap();
    let [mut found, mut expected] = [params.gradients(), params.gradients()];
    for step in 0..4 {
        program.forward(&params, [&indices(step)]).unwrap().backward(&mut found).unwrap();
        backward(&params, &model, step, &mut expected);
        assert_eq!(found.flat(), expected.flat());
        assert!(found.touched().eq(expected.touched()));
    }
}

fn mean<'t>(model: &Model, indices: Var<'t, f64>) -> Var<'t, f64> {
    model.forward(indices).square().mean(..)
}

#[test]
fn a_sum_of_shards_touches_the_rows_of_all() {
    let mut params = Params::<f64>::new(1);
    let model = model(&mut params);
    let mut shards =
        Shards::record(&params, Mode::Train, 2, [input("indices", [2, 4])], |_, [x]| mean(&model, x)).unwrap();
    let [mut found, mut expected] = [params.gradients(), params.gradients()];
    for step in 0..4 {
        shards.backward(&params, [&indices(step)], &mut found).unwrap();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        mean(&model, t.input(&indices(step))).backward(&mut expected).unwrap();
        for (found, expected) in found.flat().iter().zip(expected.flat()) {
            assert!((found - expected).abs() <= 1e-14 * expected.abs().max(1e-3), "{found} is not {expected}");
        }
        assert!(found.touched().eq(expected.touched()));
        if step == 1 {
            found.flat_mut().fill(1.0); // by hand, everywhere
        }
    }
}
