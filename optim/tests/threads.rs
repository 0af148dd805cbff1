//! A step of many parameters is divided among threads, and gives the same bits on any number of them.

use autodiff::{Gradients, Params};
use optim::{Adam, L1, L2, Lion, Muon, Optimizer, ParamGroup, RmsProp, Rule, Sgd};
use rayon::ThreadPoolBuilder;

/// Parameters of very different sizes, more than a part has; every seventh gradient is zero.
fn model() -> (Params<f32>, Gradients<f32>) {
    let mut params = Params::new(3);
    for (k, size) in [1, 300_001, 0, 64, 131_072, 7, 200_000, 5].into_iter().enumerate() {
        let mut scope = params.scope(&format!("fc{k}"));
        let shape = if size == 131_072 { [256, 512] } else { [size, 1] };
        scope.parameter("weight", shape, |values, _| {
            values.iter_mut().enumerate().for_each(|(k, value)| *value = (k as f64).sin());
        });
    }
    let mut grads = params.gradients();
    for (k, g) in grads.flat_mut().iter_mut().enumerate() {
        *g = if k % 7 == 0 { 0.0 } else { (0.3 * k as f32).cos() };
    }
    (params, grads)
}

/// Parameters and buffers after three steps, as bits.
fn steps<R: Rule<f32>>(threads: usize, mut optimizer: Optimizer<f32, R>) -> Vec<u32> {
    let (mut params, grads) = model();
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| (0..3).for_each(|_| optimizer.step(&mut params, &grads).unwrap()));
    let buffers = optimizer.buffers().flat_map(|(_, buffer)| buffer);
    params.flat().iter().chain(buffers).map(|x| x.to_bits()).collect()
}

fn assert_same<R: Rule<f32>>(make: impl Fn() -> Optimizer<f32, R>) {
    let expected = steps(1, make());
    for threads in [2, 3, 4] {
        assert!(steps(threads, make()) == expected, "{threads} threads");
    }
}

#[test]
fn a_step_gives_the_same_bits_on_any_number_of_threads() {
    assert_same(|| Sgd::new(0.1).momentum(0.9).nesterov().max_norm(0.5, "*"));
    assert_same(|| Adam::new(0.1).regularize(L2(0.1)).clip_norm(1.0).decay(0.1, "*").strict_dropout());
    let group = || Adam::new(0.1).amsgrad().group("fc1.*", ParamGroup::frozen());
    assert_same(|| group().group("fc4.*", ParamGroup::rate_factor(0.5)));
    assert_same(|| Lion::new(0.1).decay(0.1, "*"));
    assert_same(|| Muon::new(0.1).clip_norm(1.0).decay(0.1, "*"));
    assert_same(|| Muon::new(0.1).strict_dropout().group("fc1.*", ParamGroup::default().entrywise()));
    assert_same(|| RmsProp::new(0.1).momentum(0.9).centered().proximal(L1(0.1), "*"));
}

/// What a division leaves out, or does twice, would differ.
#[test]
fn many_parameters_step_as_few_do() {
    let (mut params, grads) = model();
    let before: Vec<f32> = params.flat().to_vec();
    Sgd::new(0.5).step(&mut params, &grads).unwrap();
    let expected = before.iter().zip(grads.flat()).map(|(p, g)| p - 0.5 * g);
    assert!(params.flat().iter().copied().eq(expected));
}
