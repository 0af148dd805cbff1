//! From the second step on, nothing of ours is allocated: by a replayed program, and by a tape that is started again. A product
//! may take the one buffer into which matrixmultiply packs its matrices, and what runs on several threads the job that wakes each.

use crate::allocator::count;
use autodiff::catalogue::{self, Choices};
use autodiff::{Mode, Params, Program, Tape, Tensor, input, ops, variable};
use nn::loss::{cross_entropy, multiclass_hinge};
use nn::{BatchNorm, Conv2d, Dropout, GlobalPool, Linear, Module, Pooling, Relu, Residual, Tanh};
use optim::{Adam, L1, Sgd};

/// Runs `work`, in which nothing of ours may be allocated, and at most one packing buffer for each of its products.
#[track_caller]
fn assert_allocates_for(products: usize, work: impl FnOnce()) {
    let before = count();
    work();
    let after = count();
    assert_eq!(after.own, before.own, "{} allocations", after.own - before.own);
    let packed = after.packed - before.packed;
    assert!(packed <= products, "{packed} packing buffers for {products} products");
}

/// The products that an operation makes forward and backward: three for each matrix of a batch, or for each sample and group.
fn products(case: &catalogue::Case) -> usize {
    let leading =
        |input: usize, axes: usize| case.inputs[input].shape.iter().take(axes).map(|&n| n.max(1)).product::<usize>();
    let batch = |input: usize| leading(input, case.inputs[input].shape.rank().saturating_sub(2));
    match case.op.double().name() {
        "matmul" => 3 * batch(0) * batch(1),
        "conv2d" | "conv_transpose2d" => 3 * leading(0, 2),
        _ => 0,
    }
}

/// Operations whose work is a library's, which allocates: the decompositions of linear algebra.
const ALLOCATES: [&str; 8] =
    ["cholesky", "eigh", "inverse", "qr", "singular_values", "slogdet", "solve", "symmetric_function"];

/// A few cases of every operation but those: inputs, and which of them are differentiable.
fn cases() -> impl Iterator<Item = (catalogue::Case, Vec<Tensor<f64>>, Vec<bool>)> {
    let entries = ops::entries().filter(|entry| !ALLOCATES.contains(&entry.name));
    entries.flat_map(|entry| (0..12).map(move |seed| (entry, seed))).map(|(entry, seed)| {
        let numbers: Vec<u32> =
            (0..24).map(|k: u32| (k + 1).wrapping_mul(seed).wrapping_mul(2_654_435_761) >> 7).collect();
        let case = (entry.draw)(&mut Choices::new(&numbers));
        let value = |sample: &catalogue::Sample| {
            let size = sample.shape.size();
            Tensor::from_fn(&sample.shape, |k| sample.domain.value(((7 * k + 3) % 10) as f64 / 10.0, k, size))
        };
        let inputs: Vec<_> = case.inputs.iter().map(value).collect();
        let differentiable = (0..inputs.len()).map(|i| case.op.double().differentiable(i)).collect();
        (case, inputs, differentiable)
    })
}

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

#[test]
fn a_second_replay_allocates_nothing() {
    for (case, inputs, differentiable) in cases() {
        let params = Params::default();
        let declare = |(i, x): (usize, &Tensor<f64>)| match differentiable[i] {
            true => variable(NAMES[i], x.shape()),
            false => input(NAMES[i], x.shape()),
        };
        let declared: Vec<_> = inputs.iter().enumerate().map(declare).collect();
        let mut program =
            Program::record_slice(&params, Mode::Train, &declared, |t, inputs| vec![t.apply(case.op.double(), inputs)])
                .unwrap();
        let mut grads = params.gradients();
        let inputs: Vec<&Tensor<f64>> = inputs.iter().collect();
        let mut cotangent = None;
        let mut step = || {
            let run = program.forward(&params, &inputs).unwrap();
            let cotangent = cotangent.get_or_insert_with(|| Tensor::full(run.output(0).unwrap().shape(), 1.0));
            if differentiable.contains(&true) {
                run.backward_with(cotangent, &mut grads).unwrap();
            }
        };
        step();
        assert_allocates_for(products(&case), step);
    }
}

#[test]
fn a_tape_started_again_allocates_nothing() {
    let params = Params::<f32>::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let (x, w) = (Tensor::full([8, 5], 0.3), Tensor::full([4, 5], 0.1));
    let mut step = || {
        let t = tape.start(&params, Mode::Train);
        let (x, w) = (t.input(&x), t.variable(&w));
        let loss = (x.matmul(w.t()).tanh() * 2.0 + 1.0).mean(..);
        loss.backward(&mut grads).unwrap();
    };
    step();
    step();
    assert_allocates_for(2, step);
}

#[test]
fn a_training_step_allocates_nothing() {
    let mut params = Params::<f32>::new(0);
    let model = (Linear::new(params.scope("fc1"), 5, 8), Tanh, Linear::new(params.scope("fc2"), 8, 3));
    let (x, labels) = (Tensor::full([4, 5], 0.3), Tensor::from([0.0, 1.0, 2.0, 0.0]));
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut sgd = Sgd::new(0.1).momentum(0.9).nesterov();
    let mut adam =
        Adam::new(0.01).amsgrad().regularize(L1(1e-4)).clip_norm(1.0).max_norm(2.0, "*.weight").strict_dropout();
    for loss in [cross_entropy, multiclass_hinge] {
        let mut step = || {
            let t = tape.start(&params, Mode::Train);
            loss(model.forward(t.input(&x)), t.input(&labels)).backward(&mut grads).unwrap();
            sgd.step(&mut params, &grads).unwrap();
            adam.step(&mut params, &grads).unwrap();
        };
        step();
        step();
        // Two forward; backward two for weights and one for what the second layer reads.
        assert_allocates_for(5, step);
    }
}

#[test]
fn a_training_step_of_a_convolutional_net_allocates_nothing() {
    let mut params = Params::<f32>::new(0);
    let conv = |scope, from, to| Conv2d::new(scope, from, to, [3, 3]);
    let conv2 = Conv2d::new(params.scope("conv2"), 4, 4, [1, 1]);
    let model = (
        (conv(params.scope("conv1"), 1, 4), BatchNorm::new(params.scope("bn"), 4), Relu),
        Residual::new((Dropout::channels(0.5), conv2)),
        (GlobalPool(Pooling::Average), Linear::new(params.scope("fc"), 4, 3)),
    );
    let (x, labels) = (Tensor::from_fn([4, 1, 8, 8], |k| (k as f32).sin()), Tensor::from([0.0, 1.0, 2.0, 0.0]));
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let mut sgd = Sgd::new(0.1);
    let mut step = || {
        let t = tape.start(&params, Mode::Train);
        cross_entropy(model.forward(t.input(&x)), t.input(&labels)).backward(&mut grads).unwrap();
        sgd.step(&mut params, &grads).unwrap();
    };
    (0..3).for_each(|_| step());
    // Three for each of four samples and two convolutions, less one where the images need no gradient, and two of the readout.
    assert_allocates_for(4 * 5 + 3, step);
}

#[test]
fn a_chain_of_elementwise_operations_allocates_nothing_but_the_jobs_that_wake_threads() {
    let (params, x) = (Params::<f32>::default(), Tensor::from_fn([70, 800], |k| (k as f32).sin()));
    let mut grads = params.gradients();
    let inputs = [variable("x", x.shape()), variable("y", x.shape())];
    let mut program =
        Program::record(&params, Mode::Train, inputs, |_, [x, y]| [((x * y).tanh() + x).relu() * 0.5 - y.square()])
            .unwrap();
    let mut step = || program.forward(&params, [&x, &x]).unwrap().backward_with(&x, &mut grads).unwrap();
    step();
    let before = count();
    step();
    let taken = count().own - before.own;
    // At most once for forward and backward of the chain, and now and then a block of rayon's queue.
    assert!(taken <= 2 * (rayon::current_num_threads() - 1) + 1, "{taken} allocations");
}

#[test]
fn a_convolution_on_several_threads_allocates_but_the_jobs_that_wake_them() {
    let geometry = ops::ConvGeometry { padding: [[1; 2]; 2], ..ops::ConvGeometry::default() };
    let (x, w) = (Tensor::<f32>::full([16, 16, 24, 24], 0.3), Tensor::full([16, 16, 3, 3], 0.1));
    let (params, cotangent) = (Params::<f32>::default(), Tensor::full([16, 16, 24, 24], 1.0));
    let mut grads = params.gradients();
    let inputs = [variable("x", x.shape()), variable("w", w.shape())];
    let mut program = Program::record(&params, Mode::Train, inputs, |_, [x, w]| [x.conv2d(w, geometry)]).unwrap();
    let mut step = || program.forward(&params, [&x, &w]).unwrap().backward_with(&cotangent, &mut grads).unwrap();
    step();
    let before = count();
    step();
    let taken = count().own - before.own;
    // At most once for forward and each of both backwards, and now and then a block of rayon's queue.
    let jobs = 3 * (rayon::current_num_threads() - 1);
    assert!(taken <= jobs + 1, "{taken} allocations");
}
