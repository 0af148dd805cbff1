//! The Wasserstein distance between two clouds of points, as a critic sees it whose gradient is held to a length of 1 by a penalty
//! in its loss (Gulrajani et al. 2017). Clouds that differ by a shift are as far apart as the shift is long.

use autodiff::{Error, Mode, Params, Program, Real, Tensor, Var, input};
use nn::{Linear, Module, Tanh};
use optim::Adam;
use rand::{SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};

const POINTS: usize = 256;

type Critic = (Linear, Tanh, Linear, Tanh, Linear);

fn critic<T: Real>(params: &mut Params<T>) -> Critic {
    let mut layer = |name: &str, inputs, outputs| Linear::new(params.scope(name), inputs, outputs);
    (layer("first", 2, 64), Tanh, layer("second", 64, 64), Tanh, layer("third", 64, 1))
}

/// How much larger the critic's mean is on the one cloud than on the other.
fn difference<'t>(critic: &Critic, [a, b]: [Var<'t, f32>; 2]) -> Var<'t, f32> {
    critic.forward(a).mean(..) - critic.forward(b).mean(..)
}

/// The mean squared deviation of the length of the critic's gradient from 1, at points between the clouds.
fn penalty<'t>(critic: &Critic, [a, b, share]: [Var<'t, f32>; 3]) -> Var<'t, f32> {
    let between = a * share + b * (1.0 - share);
    let [slope] = a.recording().gradient([between], [], |_, [x], []| critic.forward(x).sum(..));
    (slope.norm(1, 2.0) - 1.0).square().mean(..)
}

/// The distance that a critic finds after each quarter of its training.
fn distances(shift: [f32; 2], weight: f64) -> Result<[f32; 4], Error> {
    let mut params = Params::<f32>::new(1);
    let critic = critic(&mut params);
    let inputs = [input("a", [POINTS, 2]), input("b", [POINTS, 2]), input("share", [POINTS, 1])];
    let mut step = Program::record(&params, Mode::Train, inputs, |_, [a, b, share]| {
        let difference = difference(&critic, [a, b]);
        [penalty(&critic, [a, b, share]) * weight - difference, difference]
    })?;
    let (mut grads, mut adam, mut random) = (params.gradients(), Adam::new(1e-3), StdRng::seed_from_u64(1));
    let mut found = [0.0; 4];
    for iteration in 0..1200 {
        let mut cloud = |shift: [f32; 2]| {
            Tensor::from_fn([POINTS, 2], |k| {
                shift[k % 2] + <StandardNormal as Distribution<f32>>::sample(&StandardNormal, &mut random)
            })
        };
        let (a, b) = (cloud(shift), cloud([0.0, 0.0]));
        let share = Tensor::from_fn([POINTS, 1], |_| rand::RngExt::random_range(&mut random, 0.0..1.0));
        let run = step.forward(&params, [&a, &b, &share])?;
        // The mean over the last batches of a quarter.
        if iteration % 300 >= 250 {
            found[iteration / 300] += run.output(1)?.data()[0] / 50.0;
        }
        run.backward(&mut grads)?;
        adam.step(&mut params, &grads)?;
    }
    Ok(found)
}

fn main() -> Result<(), Error> {
    println!("distance   as found after 300, 600, 900 and 1200 steps");
    for shift in [[0.5, 0.0], [1.5, 2.0], [-3.0, 4.0]] {
        let [a, b, c, d] = distances(shift, 100.0)?;
        println!("{:8.3}   {a:8.3} {b:8.3} {c:8.3} {d:8.3}", shift[0].hypot(shift[1]));
    }
    let [a, b, c, d] = distances([1.5, 2.0], 0.0)?;
    println!("   2.500   {a:8.3} {b:8.3} {c:8.3} {d:8.3}   without a penalty");
    Ok(())
}
