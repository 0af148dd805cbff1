//! What a training step costs by depth, width and threads, and a recording of a million operations.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use std::time::Duration;

use autodiff::{Mode, Params, Program, Tape, Tensor, input};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn::loss::cross_entropy;
use nn::{Linear, Module, Relu};
use optim::Sgd;
use rayon::ThreadPoolBuilder;

const BATCH: usize = 32;

/// Weights that two gigabytes hold, with their gradients and their momentum.
const WEIGHTS: usize = 110_000_000;

/// Forward, backward and an update of a network of equal layers, replayed.
fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for threads in [1, 2] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for depth in [10, 100, 1_000, 10_000] {
            for width in [16, 64, 256, 1024, 4096].into_iter().filter(|width| depth * width * width <= WEIGHTS) {
                let mut params = Params::<f32>::new(0);
                let layer = |k| (Linear::new(params.scope(&format!("fc{k}")), width, width), Relu);
                let layers: Vec<_> = (0..depth).map(layer).collect();
                let x = Tensor::from_fn([BATCH, width], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
                let labels = Tensor::from_fn([BATCH], |k| (k % 10) as f32);
                let inputs = [input("x", x.shape()), input("labels", labels.shape())];
                let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, labels]| {
                    [cross_entropy(layers.forward(x), labels)]
                })
                .unwrap();
                let (mut grads, mut sgd) = (params.gradients(), Sgd::new(1e-6).momentum(0.9));
                let name = BenchmarkId::new(format!("{threads} threads"), format!("depth {depth}, width {width}"));
                group.bench_function(name, |bencher| {
                    pool.install(|| {
                        bencher.iter(|| {
                            program.forward(&params, [&x, &labels]).unwrap().backward(&mut grads).unwrap();
                            sgd.step(&mut params, &grads).unwrap();
                        });
                    });
                });
            }
        }
    }
}

/// Forward and backward of a chain on one element.
fn million(criterion: &mut Criterion) {
    let params = Params::<f32>::default();
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut group = criterion.benchmark_group("chain");
    group.sample_size(10).throughput(Throughput::Elements(1_000_000));
    group.bench_function("1,000,000 operations on the tape", |bencher| {
        bencher.iter(|| {
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&Tensor::full([1], 0.5));
            (0..500_000).fold(x, |y, _| y * x + x).backward(&mut grads).unwrap();
        });
    });
}

criterion_group!(benches, steps, million);
criterion_main!(benches);
