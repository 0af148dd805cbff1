//! Micro benchmarks of operations: what recording one costs, each by itself, and chains of elementwise ones.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use autodiff::ops::Distribution;
use autodiff::{Mode, Params, Program, Tape, Tensor, Var, input, variable};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn::loss::cross_entropy;

/// A chain of 1,000 operations on one element, forward and backward: what an operation costs whatever it computes.
fn recording(criterion: &mut Criterion) {
    let params = Params::<f32>::default();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let start = Tensor::full([1], 0.5);
    let mut group = criterion.benchmark_group("chain of 1000");
    group.throughput(Throughput::Elements(1000));
    group.bench_function("tape", |bencher| {
        bencher.iter(|| {
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&start);
            let y = (0..500).fold(x, |y, _| y * x + x);
            y.backward(&mut grads).unwrap();
        });
    });
    group.bench_function("program", |bencher| {
        let mut program =
            Program::record(&params, Mode::Train, [variable("x", [1])], |_, [x]| [(0..500).fold(x, |y, _| y * x + x)])
                .unwrap();
        bencher.iter(|| {
            program.forward(&params, [&start]).unwrap().backward(&mut grads).unwrap();
        });
    });
}

/// Elementwise operations one after the other, forward and backward, on arrays that fit into the cache and that do not.
fn chains(criterion: &mut Criterion) {
    type Chain = for<'t> fn(Var<'t, f32>, Var<'t, f32>) -> Var<'t, f32>;
    let chains: [(&str, Chain); 3] = [
        ("four of relu(z y) + x", |x, y| (0..4).fold(x, |z, _| (z * y).relu() + x)),
        ("four of tanh(z y + x)", |x, y| (0..4).fold(x, |z, _| (z * y + x).tanh())),
        ("gelu by its parts", |x, _| (((x + x * x * x * 0.044_715) * 0.797_884_56).tanh() + 1.0) * x * 0.5),
    ];
    let params = Params::<f32>::default();
    let mut grads = params.gradients();
    let mut group = criterion.benchmark_group("elementwise");
    for size in [1_000, 10_000, 100_000, 1_000_000] {
        let x = Tensor::from_fn([size], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
        group.throughput(Throughput::Elements(size as u64));
        for (name, chain) in chains {
            let inputs = [variable("x", [size]), variable("y", [size])];
            let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, y]| [chain(x, y)]).unwrap();
            group.bench_function(BenchmarkId::new(name, size), |bencher| {
                bencher.iter(|| {
                    program.forward(&params, [&x, &x]).unwrap().backward_with(&x, &mut grads).unwrap();
                });
            });
        }
    }
}

/// Operations of 100,000 elements, or of rows of them, forward and backward.
fn operations(criterion: &mut Criterion) {
    type Operation = for<'t> fn(Var<'t, f32>, Var<'t, f32>) -> Var<'t, f32>;
    let rows: [(&str, Operation); 31] = [
        ("relu", |x, _| x.relu()),
        ("exp", |x, _| x.exp()),
        ("ln", |x, _| x.square().ln()),
        ("tanh", |x, _| x.tanh()),
        ("silu", |x, _| x.silu()),
        ("gelu", |x, _| x.gelu()),
        ("softplus", |x, _| x.softplus()),
        ("elu", |x, _| x.elu(1.0)),
        ("erf", |x, _| x.erf()),
        ("sin", |x, _| x.sin()),
        ("cos", |x, _| x.cos()),
        ("multiply", |x, _| x * x),
        ("divide", |x, _| x / (x.square() + 1.0)),
        ("maximum", |x, _| x.maximum(x.square())),
        ("add a row", |x, _| x + x.index(0, 0)),
        ("contiguous, transposed", |x, _| x.t().contiguous().t()),
        ("concatenate", |x, _| x.recording().concatenate([x.narrow(1, 0..500), x.narrow(1, 500..1000)], 1)),
        ("cumsum", |x, _| x.cumsum(1)),
        ("normalize rows", |x, _| x.normalize(None, 1, 1e-5).value),
        ("normalize columns", |x, _| x.normalize(None, 0, 1e-5).value),
        ("dropout mask", |x, _| x * x.recording().random([100, 1000], Distribution::Bernoulli(0.5))),
        ("sum rows", |x, _| x.sum(1)),
        ("sum columns", |x, _| x.sum(0)),
        ("variance of rows", |x, _| x.variance(1, 0)),
        ("norm of rows", |x, _| x.norm(1, 2.0)),
        ("log_sum_exp of rows", |x, _| x.log_sum_exp(1)),
        ("max of rows", |x, _| x.max(1)),
        ("max of columns", |x, _| x.max(0)),
        ("softmax", |x, _| x.softmax(1)),
        ("log_softmax", |x, _| x.log_softmax(1)),
        ("cross_entropy", |x, labels| cross_entropy(x, labels)),
    ];
    let params = Params::<f32>::default();
    let mut grads = params.gradients();
    let shapes = [[100, 1000], [10_000, 10]];
    let mut group = criterion.benchmark_group("operation");
    group.throughput(Throughput::Elements(100_000));
    for (index, (name, operation)) in rows.into_iter().enumerate() {
        for shape in shapes.into_iter().take(if index < 21 { 1 } else { 2 }) {
            let x = Tensor::from_fn(shape, |k| ((k * 37) % 101) as f32 / 25.0 - 2.01);
            let labels = Tensor::from_fn([shape[0]], |k| (k % shape[1]) as f32);
            let inputs = [variable("x", shape), input("labels", [shape[0]])];
            let mut program =
                Program::record(&params, Mode::Train, inputs, |_, [x, labels]| [operation(x, labels)]).unwrap();
            let cotangent = program.forward(&params, [&x, &labels]).unwrap().output(0).unwrap();
            let case = format!("{name} {}x{}", shape[0], shape[1]);
            group.bench_function(BenchmarkId::new("forward", &case), |bencher| {
                bencher.iter(|| {
                    program.forward(&params, [&x, &labels]).unwrap();
                });
            });
            group.bench_function(BenchmarkId::new("both", &case), |bencher| {
                bencher.iter(|| {
                    let run = program.forward(&params, [&x, &labels]).unwrap();
                    run.backward_with(&cotangent, &mut grads).unwrap();
                });
            });
        }
    }
}

criterion_group!(benches, recording, chains, operations);
criterion_main!(benches);
