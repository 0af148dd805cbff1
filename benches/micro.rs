//! Micro benchmarks: matrix products, convolutions, whole training steps, updates, gradient checks.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros make the items; a bench fails by panicking")]

use autodiff::ops::{Conv2d, ConvGeometry, Matmul};
use autodiff::{Mode, Params, Program, Shards, Tape, Tensor, check, input, variable};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Dropout, Embedding, Linear, Module, Relu, ResNet, ResNetSettings, Residual, Sigmoid, Tanh};
use optim::{Adam, Optimizer, Rule, Sgd};

/// `[m, k] × [k, n]` forward; the left matrix by rows or, as in the gradient of a weight, transposed; the right one by rows or, as
/// in a dense layer, transposed.
fn products(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("product");
    let thin = [[1, 512, 512], [4, 512, 512], [8, 512, 512], [128, 64, 10], [512, 1, 512]];
    let square = [16, 64, 128, 256, 512, 1024].map(|n| [n; 3]);
    for [m, k, n] in thin.into_iter().chain(square).chain([[128, 784, 128], [64, 512, 16_000]]) {
        group.throughput(Throughput::Elements(2 * (m * k * n) as u64));
        for (order, left, right) in
            [("rows", [m, k], [k, n]), ("right transposed", [m, k], [n, k]), ("left transposed", [k, m], [k, n])]
        {
            // Parameters: they are read in place, and a product of constants would be computed once.
            let mut params = Params::<f32>::default();
            let fill = |values: &mut [f64]| values.iter_mut().enumerate().for_each(|(k, x)| *x = (k % 7) as f64 - 3.0);
            let a = params.scope("a").parameter("matrix", left, |values, _| fill(values));
            let b = params.scope("b").parameter("matrix", right, |values, _| fill(values));
            let mut program = Program::record(&params, Mode::Eval, [], |t, []| {
                let (a, b) = (t.param(a), t.param(b));
                let a = if order == "left transposed" { a.t() } else { a };
                [a.matmul(if order == "right transposed" { b.t() } else { b })]
            })
            .unwrap();
            group.bench_function(BenchmarkId::new(order, format!("{m}x{k}x{n}")), |bencher| {
                bencher.iter(|| {
                    program.forward(&params, []).unwrap();
                });
            });
        }
    }
}

/// Forward and backward of the convolutions of ResNet-20, and of larger ones: samples, channels in and out, extent, kernel,
/// stride.
fn convolutions(criterion: &mut Criterion) {
    let params = Params::<f32>::default();
    let mut grads = params.gradients();
    let mut group = criterion.benchmark_group("convolution");
    let small = [[32, 16, 16, 32, 3, 1], [32, 32, 32, 16, 3, 1], [32, 64, 64, 8, 3, 1], [32, 16, 32, 32, 3, 2]];
    let large = [[4, 64, 64, 56, 3, 1], [4, 256, 256, 14, 3, 1], [4, 64, 256, 56, 1, 1]];
    for [samples, channels, out, extent, kernel, stride] in small.into_iter().chain(large) {
        let (x, w) = ([samples, channels, extent, extent], [out, channels, kernel, kernel]);
        let padding = [[kernel / 2; 2]; 2];
        let geometry = ConvGeometry { stride: [stride; 2], padding, ..ConvGeometry::default() };
        let inputs = [variable("x", x), variable("w", w)];
        let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, w]| [x.conv2d(w, geometry)]).unwrap();
        let fill = |shape: [usize; 4]| Tensor::from_fn(shape, |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
        let (x, w, y) = (fill(x), fill(w), fill([samples, out, extent / stride, extent / stride]));
        let name = format!("{samples}x{channels}x{extent}x{extent} to {out}, kernel {kernel}, stride {stride}");
        let products = samples * out * (extent / stride).pow(2) * channels * kernel * kernel;
        group.throughput(Throughput::Elements(2 * products as u64));
        group.bench_function(BenchmarkId::new("forward", &name), |bencher| {
            bencher.iter(|| {
                program.forward(&params, [&x, &w]).unwrap();
            });
        });
        group.throughput(Throughput::Elements(4 * products as u64));
        let run = program.forward(&params, [&x, &w]).unwrap();
        group.bench_function(BenchmarkId::new("backward", &name), |bencher| {
            bencher.iter(|| run.backward_with(&y, &mut grads).unwrap());
        });
    }
}

type Model = Box<dyn Module<f32>>;

/// Forward, softmax cross-entropy of ten classes, backward and an update with momentum, on the tape and replayed.
fn step(criterion: &mut Criterion, name: &str, input_shape: &[usize], build: impl FnOnce(&mut Params<f32>) -> Model) {
    let mut params = Params::<f32>::new(0);
    let model = build(&mut params);
    let images = Tensor::from_fn(input_shape, |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([input_shape[0]], |k| (k % 10) as f32);
    let mut sgd = Sgd::new(1e-4).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut group = criterion.benchmark_group(name);
    group.bench_function("tape", |bencher| {
        bencher.iter(|| {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            loss.backward(&mut grads).unwrap();
            sgd.step(&mut params, &grads).unwrap();
        });
    });
    let inputs = [input("images", input_shape), input("labels", [input_shape[0]])];
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [images, labels]| {
        [cross_entropy(model.forward(images), labels)]
    })
    .unwrap();
    group.bench_function("program", |bencher| {
        bencher.iter(|| {
            program.forward(&params, [&images, &labels]).unwrap().backward(&mut grads).unwrap();
            sgd.step(&mut params, &grads).unwrap();
        });
    });
    let inputs = [input("images", input_shape), input("labels", [input_shape[0]])];
    let mut shards = Shards::record(&params, Mode::Train, 2, inputs, |_, [images, labels]| {
        cross_entropy(model.forward(images), labels)
    })
    .unwrap();
    group.bench_function("two shards", |bencher| {
        bencher.iter(|| {
            shards.backward(&params, [&images, &labels], &mut grads).unwrap();
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

/// Forward of 64-512-512-10 for few samples: the weights are read once for all of them.
fn few_samples(criterion: &mut Criterion) {
    let mut params = Params::<f32>::new(0);
    let mut layer = |name: &str, from, to| Linear::new(params.scope(name), from, to);
    let model = (layer("fc1", 64, 512), Relu, layer("fc2", 512, 512), Relu, layer("fc3", 512, 10));
    let mut group = criterion.benchmark_group("64-512-512-10");
    for samples in [1, 2, 4, 8, 64] {
        let x = Tensor::from_fn([samples, 64], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
        let mut program =
            Program::record(&params, Mode::Eval, [input("x", x.shape())], |_, [x]| [model.forward(x)]).unwrap();
        group.throughput(Throughput::Elements(samples as u64));
        group.bench_function(BenchmarkId::new("forward", samples), |bencher| {
            bencher.iter(|| {
                program.forward(&params, [&x]).unwrap();
            });
        });
    }
}

/// An update of one parameter, by gradients that stay.
fn optimizers(criterion: &mut Criterion) {
    fn step<R: Rule<f32>>(criterion: &mut Criterion, name: &str, count: usize, mut optimizer: Optimizer<f32, R>) {
        let mut params = Params::<f32>::new(0);
        params.scope("fc").parameter("weight", [count], |values, _| values.fill(1.0));
        let mut grads = params.gradients();
        grads.flat_mut().iter_mut().enumerate().for_each(|(k, g)| *g = ((k * 37) % 101) as f32 / 50.0 - 1.0);
        let mut group = criterion.benchmark_group("optimizer");
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(BenchmarkId::new(name, count), |bencher| {
            bencher.iter(|| optimizer.step(&mut params, &grads).unwrap());
        });
    }
    for count in [50_000, 2_000_000] {
        step(criterion, "SGD with momentum", count, Sgd::new(1e-9).momentum(0.9));
        step(criterion, "Adam", count, Adam::new(1e-9));
    }
}

/// What an author of an operation waits for.
/// A step of an embedding of 64 features on 32 sentences of 64 words: by rows, what it costs does not depend on the vocabulary.
fn embeddings(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("embedding, 2,048 words");
    for count in [1_000, 100_000] {
        let mut params = Params::<f32>::new(1);
        let embedding = Embedding::new(params.scope("embedding"), count, 64);
        let words = Tensor::from_fn([32, 64], |k| ((k * 7919) % count) as f32);
        let declared = [input("words", [32, 64])];
        let mut program =
            Program::record(&params, Mode::Train, declared, |_, [words]| [embedding.forward(words).square().mean(..)])
                .unwrap();
        let (mut grads, mut sgd) = (params.gradients(), Sgd::new(0.1).clip_norm(1.0));
        let mut lazy = Adam::new(1e-3).clip_norm(1.0).strict_dropout();
        group.bench_function(BenchmarkId::new("SGD", count), |bencher| {
            bencher.iter(|| {
                program.forward(&params, [&words]).unwrap().backward(&mut grads).unwrap();
                sgd.step(&mut params, &grads).unwrap();
            });
        });
        group.bench_function(BenchmarkId::new("Adam on rows", count), |bencher| {
            bencher.iter(|| {
                program.forward(&params, [&words]).unwrap().backward(&mut grads).unwrap();
                lazy.step(&mut params, &grads).unwrap();
            });
        });
        group.bench_function(BenchmarkId::new("SGD on everything", count), |bencher| {
            bencher.iter(|| {
                program.forward(&params, [&words]).unwrap().backward(&mut grads).unwrap();
                grads.flat_mut();
                sgd.step(&mut params, &grads).unwrap();
            });
        });
    }
}

fn checks(criterion: &mut Criterion) {
    let numbers = |shape: &[usize]| Tensor::from_fn(shape, |k| ((k * 37) % 29) as f64 / 20.0 - 0.6);
    let mut group = criterion.benchmark_group("check");
    group.sample_size(10);
    let dense = [numbers(&[8, 16]), numbers(&[16, 12])];
    group.bench_function("matmul [8, 16] by [16, 12]", |bencher| {
        bencher.iter(|| check::op(&Matmul {}, dense.clone()).unwrap().assert());
    });
    let images = [numbers(&[2, 3, 7, 6]), numbers(&[4, 3, 3, 2])];
    let convolution = Conv2d { geometry: ConvGeometry::default() };
    group.bench_function("conv2d [2, 3, 7, 6] by [4, 3, 3, 2]", |bencher| {
        bencher.iter(|| check::op(&convolution, images.clone()).unwrap().assert());
    });
    let mut params = Params::<f64>::new(1);
    let model = (Linear::new(params.scope("hidden"), 16, 12), Tanh, Linear::new(params.scope("readout"), 12, 10));
    let labels = Tensor::from_fn([8], |k| (k % 10) as f64);
    group.bench_function("model of two dense layers", |bencher| {
        bencher.iter(|| {
            let loss = check::model(&params, |t| {
                cross_entropy(model.forward(t.constant(&dense[0].cast())), t.constant(&labels.cast()))
            });
            loss.unwrap().assert();
        });
    });
}

criterion_group!(benches, products, convolutions, steps, few_samples, optimizers, embeddings, checks);
criterion_main!(benches);
