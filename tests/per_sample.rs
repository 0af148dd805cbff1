//! Losses sample by sample have the values and the gradients that each sample has by itself.

use autodiff::ops::Distribution;
use autodiff::{Mode, Params, Program, Recording, Tape, Tensor, Var, check, input, variable};
use nn::loss::cross_entropy;
use nn::{Dropout, Linear, Module, Relu};
use rayon::ThreadPoolBuilder;

const SAMPLES: usize = 19;

type Model = (Linear, Relu, Dropout, Linear);

fn model(params: &mut Params<f64>) -> Model {
    let first = Linear::new(params.scope("first"), 5, 12);
    (first, Relu, Dropout::new(0.0), Linear::new(params.scope("second"), 12, 3))
}

fn batch() -> [Tensor<f64>; 2] {
    let x = Tensor::from_fn([SAMPLES, 5], |k| ((k * 29) % 17) as f64 / 9.0 - 0.8);
    [x, Tensor::from_fn([SAMPLES], |k| (k % 3) as f64)]
}

fn loss<'t>(model: &Model, x: Var<'t, f64>, class: Var<'t, f64>) -> Var<'t, f64> {
    cross_entropy(model.forward(x), class).sum(..)
}

/// Losses, norms, variances, and the gradient of the losses weighted by `1 / norm`, one after the other.
fn by_samples(params: &Params<f64>, model: &Model) -> [Vec<f64>; 4] {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let [x, class] = batch().map(|x| t.input(&x));
    let samples = t.per_sample([x, class], |_, [x, class]| loss(model, x, class));
    let mut grads = params.gradients();
    (samples.losses() / samples.norms()).sum(..).backward(&mut grads).unwrap();
    let values =
        [samples.losses(), samples.norms(), samples.variances()].map(|var| var.value().unwrap().data().to_vec());
    let [losses, norms, variances] = values;
    [losses, norms, variances, grads.flat().to_vec()]
}

/// The loss and the gradient of a sample by itself.
fn by_itself(params: &Params<f64>, model: &Model, sample: usize) -> (f64, Vec<f64>) {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let [x, class] = batch().map(|x| t.input(&x).narrow(0, sample..sample + 1));
    let (loss, mut grads) = (loss(model, x, class), params.gradients());
    loss.backward(&mut grads).unwrap();
    (loss.item().unwrap(), grads.flat().to_vec())
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{found} is not {expected}");
    }
}

#[test]
fn losses_norms_variances_and_weighted_sums_are_those_of_the_samples_by_themselves() {
    let mut params = Params::new(3);
    let model = model(&mut params);
    let [losses, norms, variances, weighted] = by_samples(&params, &model);
    let alone: Vec<(f64, Vec<f64>)> = (0..SAMPLES).map(|sample| by_itself(&params, &model, sample)).collect();
    assert_close(&losses, &alone.iter().map(|(loss, _)| *loss).collect::<Vec<_>>());
    let norm = |gradient: &Vec<f64>| gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert_close(&norms, &alone.iter().map(|(_, gradient)| norm(gradient)).collect::<Vec<_>>());
    let of_element = |k: usize| alone.iter().map(move |(_, gradient)| gradient[k]);
    let size = params.flat().len();
    let variance = |k: usize| {
        let mean = of_element(k).sum::<f64>() / SAMPLES as f64;
        of_element(k).map(|g| (g - mean).powi(2)).sum::<f64>() / (SAMPLES - 1) as f64
    };
    assert_close(&variances, &(0..size).map(variance).collect::<Vec<_>>());
    let sum = |k: usize| alone.iter().map(|(_, gradient)| gradient[k] / norm(gradient)).sum();
    assert_close(&weighted, &(0..size).map(sum).collect::<Vec<_>>());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let mut params = Params::new(3);
    let model = model(&mut params);
    let on = |threads: usize| {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            by_samples(&params, &model).map(|values| values.into_iter().map(f64::to_bits).collect::<Vec<_>>())
        })
    };
    let expected = on(1);
    for threads in 2..=4 {
        assert_eq!(on(threads), expected, "{threads} threads");
    }
}

#[test]
fn a_program_gives_what_the_tape_gives() {
    let mut params = Params::new(3);
    let model = model(&mut params);
    let [losses, norms, variances, weighted] = by_samples(&params, &model);
    let declared = [input("x", [SAMPLES, 5]), input("class", [SAMPLES])];
    let mut program = Program::record(&params, Mode::Train, declared, |t, [x, class]| {
        let samples = t.per_sample([x, class], |_, [x, class]| loss(&model, x, class));
        let total = (samples.losses() / samples.norms()).sum(..);
        [total, samples.losses(), samples.norms(), samples.variances()]
    })
    .unwrap();
    let [x, class] = batch();
    for _ in 0..2 {
        let (run, mut grads) = (program.forward(&params, [&x, &class]).unwrap(), params.gradients());
        run.backward(&mut grads).unwrap();
        let found = [1, 2, 3].map(|output| run.output(output).unwrap().data().to_vec());
        assert_eq!([&found[0], &found[1], &found[2]], [&losses, &norms, &variances]);
        assert_eq!(grads.flat(), weighted);
    }
}

/// Which of six numbers of a sample are dropped.
fn masked<'t>(t: &'t Recording<'t, f64>, x: Var<'t, f64>) -> Var<'t, f64> {
    (x * t.random([1, 6], Distribution::Bernoulli(0.5))).sum(..)
}

#[test]
fn samples_have_random_numbers_of_their_own_and_pull_those_that_they_drew() {
    let (params, mut tape) = (Params::<f64>::new(1), Tape::new());
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&Tensor::from_fn([8, 6], |k| f64::from(1 << (k % 6))));
    let losses = t.per_sample([x], |t, [x]| masked(t, x)).losses();
    let mut grads = params.gradients();
    losses.sum(..).backward(&mut grads).unwrap();
    let (losses, kept) = (losses.value().unwrap(), grads.of(x).unwrap());
    // The loss is the number whose digits are the mask, and the gradient the mask.
    for (loss, kept) in losses.data().iter().zip(kept.data().chunks(6)) {
        assert_eq!(*loss, kept.iter().enumerate().map(|(k, kept)| kept * f64::from(1 << k)).sum::<f64>());
    }
    let mut distinct = losses.data().to_vec();
    distinct.sort_by(f64::total_cmp);
    distinct.dedup();
    assert!(distinct.len() > 4, "{distinct:?}");
}

#[test]
fn the_checker_finds_nothing_in_losses_of_samples() {
    let inputs =
        [Tensor::from_fn([5, 3], |k| k as f64 * 0.2 - 1.3), Tensor::from_fn([5, 1, 2], |k| 0.9 - k as f64 * 0.15)];
    check::function(
        |[x, y]| {
            let samples =
                x.recording().per_sample([x, y], |_, [x, y]| (x.tanh().sum(1).square() * y.sum(..).exp()).sum(..));
            samples.losses() * x.sum(1)
        },
        inputs,
    )
    .unwrap()
    .assert();
}

#[test]
fn the_gradient_of_a_loss_of_samples_is_a_value() {
    let (params, mut tape) = (Params::<f64>::default(), Tape::new());
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&[[1.0, 2.0], [3.0, -1.0]].into());
    let [slope] = t.gradient([x], [], |t, [x], []| {
        let losses = t.per_sample([x], |_, [x]| (x * x * x).sum(..)).losses();
        (losses * losses.index(0, 0)).sum(..)
    });
    // Of a (a + b), where a = Σ x³ of the first sample is 9 and b of the second 26: (2a + b) · 3x² and a · 3x².
    assert_eq!(slope.value().unwrap(), [[132.0, 528.0], [243.0, 27.0]].into());
    let mut grads = params.gradients();
    slope.sum(..).backward(&mut grads).unwrap();
    assert!(grads.of(x).unwrap().data().iter().all(|g| g.is_finite() && *g != 0.0));
}

/// The message of the first mistake.
fn message(build: impl for<'t> FnOnce(&'t Recording<'t, f64>) -> Var<'t, f64>) -> String {
    let mut params = Params::default();
    params.scope("model").parameter("w", [2], |w, _| w.fill(1.0));
    let program = Program::record(&params, Mode::Train, [variable("x", [4, 2])], |t, [_]| [build(t)]);
    program.unwrap_err().to_string()
}

#[test]
fn mistakes_are_named() {
    let x = |t: &Recording<'_, f64>| Tensor::<f64>::full([4, 2], f64::from(t.mode() == Mode::Train));
    let not_scalar = message(|t| t.per_sample([t.constant(&x(t))], |_, [x]| x).losses());
    assert!(not_scalar.contains("the loss has shape [1, 2]: must be a scalar"), "{not_scalar}");
    let no_axis = message(|t| t.per_sample([t.constant(&1.0.into())], |_, [x]| x).losses());
    assert!(no_axis.contains("input 0 is a scalar: must have an axis of samples"), "{no_axis}");
    let unequal = message(|t| {
        let [a, b] = [t.constant(&x(t)), t.constant(&Tensor::full([3], 1.0))];
        t.per_sample([a, b], |_, [a, b]| a.sum(..) * b.sum(..)).losses()
    });
    assert!(unequal.contains("input 1 has 3 samples, and input 0 4"), "{unequal}");
    let one = message(|t| t.per_sample([t.constant(&Tensor::full([1, 2], 1.0))], |_, [x]| x.sum(..)).variances());
    assert!(one.contains("a variance is that of at least two samples, 1 given"), "{one}");
    let line = line!() + 1;
    let inside = message(|t| t.per_sample([t.constant(&x(t))], |_, [x]| x.reshape([7]).sum(..)).losses());
    assert!(inside.contains(&format!("per_sample.rs:{line}")), "{inside}");
}

#[test]
fn the_first_sample_that_is_refused_is_named_on_any_number_of_threads() {
    let (params, classes) = (Params::<f64>::default(), Tensor::from_fn([64], |k| if k < 9 { 0.0 } else { k as f64 }));
    for threads in 1..=3 {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let error = pool.install(|| {
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let [x, class] = [Tensor::full([64, 3], 0.5), classes.clone()].map(|x| t.input(&x));
            let losses = t.per_sample([x, class], |_, [x, class]| cross_entropy(x, class).sum(..)).losses();
            losses.value().unwrap_err().to_string()
        });
        assert!(error.contains('9') && error.contains("per_sample.rs"), "{threads} threads: {error}");
    }
}
