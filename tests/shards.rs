//! A batch in shards has the loss, the gradients and the statistics of the whole batch, whatever the number of threads.

use autodiff::{Error, Gradients, Mode, Params, Shards, Tensor, Var, input};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Conv2d, Dropout, GlobalPool, LayerNorm, Linear, Module, Pooling, Relu, Residual};

type Model = Box<dyn Module<f64> + Send + Sync>;

/// Convolution, batch and layer normalization, a residual block.
fn model(params: &mut Params<f64>) -> Model {
    Box::new((
        (Conv2d::new(params.scope("conv"), 2, 4, [3, 3]), BatchNorm::new(params.scope("bn1"), 4), Relu),
        GlobalPool(Pooling::Average),
        Residual::new((Linear::new(params.scope("fc1"), 4, 4), BatchNorm::new(params.scope("bn2"), 4), Relu)),
        (LayerNorm::new(params.scope("ln"), [4]), Linear::new(params.scope("fc2"), 4, 3)),
    ))
}

fn batch(samples: usize) -> [Tensor<f64>; 2] {
    let images = Tensor::from_fn([samples, 2, 5, 4], |k| ((k * 37) % 101) as f64 / 50.0 - 1.0);
    [images, Tensor::from_fn([samples], |k| (k % 3) as f64)]
}

fn loss<'t>(model: &Model, [x, labels]: [Var<'t, f64>; 2]) -> Var<'t, f64> {
    cross_entropy(model.forward(x), labels)
}

/// Loss and gradients of a batch in this many shards, and the state after the step.
fn step(model: &Model, params: &Params<f64>, samples: usize, shards: usize) -> (f64, Gradients<f64>, Vec<f64>) {
    let [x, labels] = batch(samples);
    let inputs = [input("x", x.shape().clone()), input("labels", [samples])];
    let mut shards = Shards::record(params, Mode::Train, shards, inputs, |_, vars| loss(model, vars)).unwrap();
    let mut grads = params.gradients();
    let value = shards.backward(params, [&x, &labels], &mut grads).unwrap();
    let mut after = params.clone();
    after.commit(&grads).unwrap();
    (value, grads, after.states().flat_map(|(_, _, values)| values.to_vec()).collect())
}

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= 1e-12 * (1.0 + y.abs()))
}

#[test]
fn shards_compute_what_the_whole_batch_computes() {
    let mut params = Params::new(3);
    let model = model(&mut params);
    for samples in [8, 7] {
        let (value, whole, state) = step(&model, &params, samples, 1);
        for shards in [2, 3, 7, 100] {
            let (sharded, grads, own_state) = step(&model, &params, samples, shards);
            assert!((sharded - value).abs() < 1e-12, "{shards} shards of {samples}: {sharded}, {value}");
            assert!(close(grads.flat(), whole.flat()), "{shards} shards of {samples}");
            assert!(close(&own_state, &state), "{shards} shards of {samples}: {own_state:?}, {state:?}");
        }
    }
}

#[test]
fn the_bits_are_the_same_for_any_number_of_threads() {
    let mut params = Params::new(3);
    let model: Model = Box::new((Dropout::new(0.5), model(&mut params)));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (value, grads, state) = pool.install(|| step(&model, &params, 7, 3));
        let numbers = grads.flat().iter().chain(&state).chain([&value]);
        numbers.map(|x| x.to_bits()).collect::<Vec<_>>()
    };
    let one = run(1);
    assert!([2, 3, 4].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn shards_draw_different_numbers() {
    let mut params = Params::<f64>::new(0);
    let w = params.scope("w").parameter("value", [1], |values, _| values.fill(1.0));
    let masked = |shards| {
        let mut shards = Shards::record(&params, Mode::Train, shards, [input("x", [64])], |t, [x]| {
            (nn::functional::dropout(x, 0.5) * t.param(w)).mean(..)
        })
        .unwrap();
        shards.backward(&params, [&Tensor::from_fn([64], |k| 1.0 + (k % 32) as f64)], &mut params.gradients()).unwrap()
    };
    // Two shards with equal inputs and equal masks would have the loss of one of them.
    let half = Tensor::from_fn([32], |k| 1.0 + k as f64);
    let mut one = Shards::record(&params, Mode::Train, 1, [input("x", [32])], |t, [x]| {
        (nn::functional::dropout(x, 0.5) * t.param(w)).mean(..)
    })
    .unwrap();
    let first = one.backward(&params, [&half], &mut params.gradients()).unwrap();
    assert_ne!(masked(2), first);
}

fn refused(shards: Result<Shards<f64>, Error>) -> String {
    shards.map(drop).unwrap_err().to_string()
}

#[test]
fn what_shards_cannot_divide_is_refused() {
    let params = Params::<f64>::default();
    let record = |shards, inputs| Shards::record(&params, Mode::Train, shards, inputs, |_, [x, y]| (x * y).mean(..));
    let two = |x: &[usize], y: &[usize]| [input("x", x), input("y", y)];
    assert!(refused(record(0, two(&[4], &[4]))).contains("shards"));
    assert!(refused(record(2, two(&[], &[4]))).contains("input x has no axis of samples"));
    assert!(refused(record(2, two(&[4], &[3]))).contains("4 samples of x and 3 of y"));
    let met = Shards::record(&params, Mode::Train, 2, [input("x", [3])], |_, [x]| x.stack_shards().mean(..));
    assert!(refused(met).contains("meet in values of different shapes"));
}

#[test]
fn an_infinity_in_one_shard_is_named() {
    let params = Params::<f64>::default();
    let inputs = [autodiff::variable("x", [4])];
    let mut shards = Shards::record(&params, Mode::Train, 2, inputs, |_, [x]| x.ln().mean(..)).unwrap();
    let value = shards.backward(&params, [&[1.0, 2.0, 0.0, 1.0].into()], &mut params.gradients()).unwrap();
    assert_eq!(value, f64::NEG_INFINITY);
    let error = shards.check_finite(&params).unwrap_err().to_string();
    assert!(error.starts_with("ln first produced -inf in forward at tests/shards.rs"), "{error}");
}
