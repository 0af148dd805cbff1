//! Micro benchmarks: matrix products beside matrixmultiply, the cost of an operation, whole training steps.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use std::hint::black_box;

use autodiff::{MatrixMut, MatrixRef, Mode, Params, Program, Real, Tape, Tensor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Dropout, Linear, Module, Relu, ResNet, ResNetSettings, Residual, Sigmoid, Tanh};
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
                    f32::gemm(a, b, MatrixMut::new(black_box(&mut c), [n, n], [n, 1]).unwrap(), false).unwrap();
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

type Model = Box<dyn Module<f32>>;

/// Forward, softmax cross-entropy of ten classes, backward and an update with momentum.
fn step(criterion: &mut Criterion, name: &str, input: &[usize], build: impl FnOnce(&mut Params<f32>) -> Model) {
    let mut params = Params::<f32>::new(0);
    let model = build(&mut params);
    let images = Tensor::from_fn(input, |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([input[0]], |k| (k % 10) as f32);
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

/// `depth` layers of 64 units and a readout of 10.
fn dense(params: &mut Params<f32>, depth: usize, activation: impl Module<f32> + Copy + 'static) -> Model {
    let layer = |layer| (Linear::new(params.scope(&format!("fc{layer}")), 64, 64), activation);
    let layers: Vec<_> = (0..depth).map(layer).collect();
    Box::new((layers, Linear::new(params.scope("readout"), 64, 10)))
}

/// The workloads of SPEED.md that a training step is measured by.
fn steps(criterion: &mut Criterion) {
    step(criterion, "W1: 3 tanh layers, batch 32", &[32, 64], |params| dense(params, 3, Tanh));
    step(criterion, "W2: 100 sigmoid layers, batch 64", &[64, 64], |params| dense(params, 100, Sigmoid));
    step(criterion, "W4: 50 residual batch-norm blocks of 128, batch 128", &[128, 128], |params| {
        let mut block = |k: usize| {
            let linear = Linear::new(params.scope(&format!("fc{k}")), 128, 128);
            Residual::new((linear, BatchNorm::new(params.scope(&format!("bn{k}")), 128), Relu))
        };
        let blocks: Vec<_> = (0..50).map(&mut block).collect();
        Box::new((blocks, Linear::new(params.scope("readout"), 128, 10)))
    });
    step(criterion, "W5: ResNet-20, batch 32", &[32, 3, 32, 32], |params| {
        let settings = ResNetSettings::small(3, 10, vec![(16, 3), (32, 3), (64, 3)]);
        Box::new(ResNet::new(params.scope("resnet"), &settings))
    });
    step(criterion, "W6: 784-800-800-10 relu, dropout, batch 128", &[128, 784], |params| {
        let mut layer = |name: &str, from, to| Linear::new(params.scope(name), from, to);
        let [first, second, third] = [layer("fc1", 784, 800), layer("fc2", 800, 800), layer("fc3", 800, 10)];
        Box::new((first, Relu, Dropout::new(0.5), second, Relu, Dropout::new(0.5), third))
    });
}

criterion_group!(benches, products, chain, steps);
criterion_main!(benches);
