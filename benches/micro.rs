//! Micro benchmarks: matrix products beside matrixmultiply, the cost of an operation, whole training steps.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use std::hint::black_box;

use autodiff::{MatrixMut, MatrixRef, Mode, Params, Program, Real, Tape, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn::loss::cross_entropy;
use nn::{Linear, Module, Sigmoid, Tanh};
use optim::Sgd;

fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("product");
    for n in [16, 64, 256, 512] {
        let a: Vec<f32> = (0..n * n).map(|k| (k % 7) as f32 - 3.0).collect();
        let b: Vec<f32> = (0..n * n).map(|k| (k % 5) as f32 - 2.0).collect();
        let mut c = vec![0.0; n * n];
        group.throughput(Throughput::Elements(2 * (n * n * n) as u64));
        for (order, strides) in [("rows", [n, 1]), ("transposed", [1, n])] {
            group.bench_function(BenchmarkId::new(format!("own, {order}"), n), |bencher| {
                bencher.iter(|| {
                    let a = MatrixRef::new(&a, [n, n], [n, 1]).unwrap();
                    let b = MatrixRef::new(&b, [n, n], strides).unwrap();
                    f32::gemm(a, b, MatrixMut::new(black_box(&mut c), [n, n], [n, 1]).unwrap(), false);
                });
            });
            group.bench_function(BenchmarkId::new(format!("matrixmultiply, {order}"), n), |bencher| {
                let [row, column] = strides.map(|stride| stride as isize);
                let wide = n as isize;
                bencher.iter(|| {
                    let (a, b, c) = (a.as_ptr(), b.as_ptr(), black_box(&mut c).as_mut_ptr());
                    #[allow(unsafe_code, reason = "the peer's interface")]
                    // SAFETY: three n × n matrices of these strides lie in vectors of n² elements.
                    unsafe {
                        matrixmultiply::sgemm(n, n, n, 1.0, a, wide, 1, b, row, column, 0.0, c, wide, 1);
                    }
                });
            });
        }
    }
}

/// A chain of 1,000 operations on one element, forward and backward: what an operation costs whatever it computes.
fn chain(criterion: &mut Criterion) {
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
        let mut program = Program::record(&params, Mode::Train, |t| {
            let x = t.declare_variable("x", [1]);
            [(0..500).fold(x, |y, _| y * x + x)]
        })
        .unwrap();
        bencher.iter(|| {
            program.forward(&params, &[&start]).unwrap();
            program.backward(&params, &mut grads).unwrap();
        });
    });
}

fn step(
    criterion: &mut Criterion,
    name: &str,
    depth: usize,
    batch: usize,
    model: impl Fn(&mut Params<f32>, usize) -> Box<dyn Module<f32>>,
) {
    let mut params = Params::<f32>::new(0);
    let layers: Vec<Box<dyn Module<f32>>> = (0..depth).map(|layer| model(&mut params, layer)).collect();
    let model = (layers, Linear::new(params.scope("readout"), 64, 10));
    let images = Tensor::from_fn([batch, 64], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([batch], |k| (k % 10) as f32);
    let mut sgd = Sgd::new(1e-4).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            loss.backward(&mut grads).unwrap();
            sgd.step(&mut params, &grads).unwrap();
        });
    });
}

/// Forward, loss, backward and update of W1 and W2: 64-64-64-64-10 tanh at batch 32, 100 sigmoid layers at batch 64.
fn steps(criterion: &mut Criterion) {
    let scope = |layer: usize| format!("fc{layer}");
    step(criterion, "step of 3 tanh layers, batch 32", 3, 32, |params, layer| {
        Box::new((Linear::new(params.scope(&scope(layer)), 64, 64), Tanh))
    });
    step(criterion, "step of 100 sigmoid layers, batch 64", 100, 64, |params, layer| {
        Box::new((Linear::new(params.scope(&scope(layer)), 64, 64), Sigmoid))
    });
}

criterion_group!(benches, products, chain, steps);
criterion_main!(benches);
