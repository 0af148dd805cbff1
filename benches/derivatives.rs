//! A training step whose loss holds derivatives: by `second_derivatives`, by hand in dual numbers, and by rules written out.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use autodiff::{Dual, Mode, ParamId, Params, Program, Real, Tape, Tensor, Var, input};
use criterion::{Criterion, criterion_group, criterion_main};
use nn::loss::cross_entropy;
use nn::{Linear, Module, Relu, Tanh};

const POINTS: usize = 256;

type Second = Dual<Dual<f64>>;
type Network = (Linear, Tanh, Linear, Tanh, Linear);

fn network<T: Real>(params: &mut Params<T>) -> Network {
    let mut layer = |name: &str, inputs, outputs| Linear::new(params.scope(name), inputs, outputs);
    (layer("first", 1, 64), Tanh, layer("second", 64, 64), Tanh, layer("third", 64, 1))
}

fn points() -> Tensor<f64> {
    Tensor::from_fn([POINTS, 1], |k| k as f64 / 32.0)
}

/// The squared residual of ü + 0.4 u̇ + u = 0.
fn residual<'t>([u, velocity, acceleration]: [Var<'t, f64>; 3]) -> Var<'t, f64> {
    (acceleration + velocity * 0.4 + u).square().mean(..)
}

/// A network, its first and its second derivative, by the rules of the layers.
fn taylor<'t>(x: Var<'t, f64>, layers: &[[ParamId; 2]; 3]) -> [Var<'t, f64>; 3] {
    let t = x.recording();
    let affine = |k: usize, [u, first, second]: [Var<'t, f64>; 3]| {
        let [weight, bias] = layers[k].map(|id| t.param(id));
        let product = |x: Var<'t, f64>| x.matmul(weight.transpose(0, 1));
        [product(u) + bias, product(first), product(second)]
    };
    let tanh = |[u, first, second]: [Var<'t, f64>; 3]| {
        let y = u.tanh();
        let slope = 1.0 - y.square();
        [y, slope * first, slope * (second - y * first.square() * 2.0)]
    };
    let start = [x, t.constant(&Tensor::full([POINTS, 1], 1.0)), t.constant(&Tensor::full([POINTS, 1], 0.0))];
    affine(2, tanh(affine(1, tanh(affine(0, start)))))
}

fn physics(criterion: &mut Criterion) {
    let mut params = Params::<f64>::new(1);
    let network = network(&mut params);
    let (x, mut grads) = (points(), params.gradients());
    let mut group = criterion.benchmark_group("physics-informed step, 1-64-64-1, 256 points");
    let mut program = Program::record(&params, Mode::Train, [input("x", [POINTS, 1])], |t, [x]| {
        let one = t.constant(&Tensor::full([POINTS, 1], 1.0));
        let [u, velocity, _, acceleration] = t.second_derivatives(x, [one, one], [], |_, x, []| network.forward(x));
        [residual([u, velocity, acceleration])]
    })
    .unwrap();
    group.bench_function("second_derivatives", |bencher| {
        bencher.iter(|| {
            params.flat_mut(); // as an optimizer does, so that the parameters are lifted again
            program.forward(&params, [&x]).unwrap().backward(&mut grads).unwrap();
        });
    });
    let expected = grads.flat().to_vec();
    let agree = |found: &[f64]| found.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()));
    let seeded = Tensor::from_fn([POINTS, 1], |k| Dual::new(Dual::new(x.data()[k], 1.0), Dual::new(1.0, 0.0)));
    let mut tape = Tape::<Second>::new();
    let mut lifted_grads = params.cast::<Second>().gradients();
    group.bench_function("by hand in dual numbers", |bencher| {
        bencher.iter(|| {
            let lifted = params.cast::<Second>();
            let t = tape.start(&lifted, Mode::Train);
            let u = network.forward(t.input(&seeded));
            let cotangent = |u: &Second| {
                let residual = 2.0 / POINTS as f64 * (u.tangent.tangent + 0.4 * u.value.tangent + u.value.value);
                Dual::new(Dual::new(residual, 0.0), Dual::new(0.4 * residual, residual))
            };
            let value = u.value().unwrap();
            let cotangent = Tensor::from_fn([POINTS, 1], |k| cotangent(&value.data()[k]));
            u.backward_with(&cotangent, &mut lifted_grads).unwrap();
            grads.flat_mut().iter_mut().zip(lifted_grads.flat()).for_each(|(to, from)| *to = from.tangent.tangent);
        });
    });
    assert!(agree(grads.flat()));
    let id = |name: &str| params.id(name).unwrap();
    let layers =
        ["first", "second", "third"].map(|layer| ["weight", "bias"].map(|name| id(&format!("{layer}.{name}"))));
    let inputs = [input("x", [POINTS, 1])];
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [x]| [residual(taylor(x, &layers))]).unwrap();
    group.bench_function("by rules written out", |bencher| {
        bencher.iter(|| {
            program.forward(&params, [&x]).unwrap().backward(&mut grads).unwrap();
        });
    });
    assert!(agree(grads.flat()));
}

fn samples(criterion: &mut Criterion) {
    let mut params = Params::<f32>::new(1);
    let mut layer = |name: &str, inputs, outputs| Linear::new(params.scope(name), inputs, outputs);
    let model = (layer("fc1", 64, 512), Relu, layer("fc2", 512, 512), Relu, layer("fc3", 512, 10));
    let x = Tensor::from_fn([128, 64], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([128], |k| (k % 10) as f32);
    let mut grads = params.gradients();
    let mut group = criterion.benchmark_group("128 samples through 64-512-512-10");
    let inputs = || [input("x", [128, 64]), input("labels", [128])];
    let mut whole =
        Program::record(&params, Mode::Train, inputs(), |_, [x, labels]| [cross_entropy(model.forward(x), labels)])
            .unwrap();
    group.bench_function("the gradient of their mean", |bencher| {
        bencher.iter(|| whole.forward(&params, [&x, &labels]).unwrap().backward(&mut grads).unwrap());
    });
    let mut clipped = Program::record(&params, Mode::Train, inputs(), |t, [x, labels]| {
        let samples = t.per_sample([x, labels], |_, [x, labels]| cross_entropy(model.forward(x), labels).sum(..));
        [(samples.losses() * samples.norms().recip().clamp(0.0, 1.0)).sum(..)]
    })
    .unwrap();
    group.bench_function("their gradients, each clipped", |bencher| {
        bencher.iter(|| clipped.forward(&params, [&x, &labels]).unwrap().backward(&mut grads).unwrap());
    });
    let mut varied = Program::record_forward(&params, Mode::Train, inputs(), |t, [x, labels]| {
        let samples = t.per_sample([x, labels], |_, [x, labels]| cross_entropy(model.forward(x), labels).sum(..));
        [samples.variances()]
    })
    .unwrap();
    group.bench_function("the variances of their gradients", |bencher| {
        bencher.iter(|| varied.forward(&params, [&x, &labels]).unwrap().output(0).unwrap());
    });
}

criterion_group!(benches, physics, samples);
criterion_main!(benches);
