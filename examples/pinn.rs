//! Physics-informed networks (Raissi et al. 2019): a network is trained to solve a differential equation, whose derivatives are taken
//! inside of the loss. Both networks have their initial and boundary values by construction.

use std::f64::consts::PI;

use autodiff::{Error, Mode, Params, Program, Real, Tensor, Var, input};
use nn::{Linear, Module, Tanh};
use optim::{Adam, Schedule};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const RATE: f64 = 5e-3;

type Network = (Linear, Tanh, Linear, Tanh, Linear);

fn network<T: Real>(params: &mut Params<T>, inputs: usize, width: usize) -> Network {
    let mut layer = |name: &str, inputs, outputs| Linear::new(params.scope(name), inputs, outputs);
    (layer("first", inputs, width), Tanh, layer("second", width, width), Tanh, layer("third", width, 1))
}

/// Prints the error of `solution` at random points while it learns to make `residual`, a number for each point, vanish.
fn solve(
    (name, points): (&str, [usize; 2]),
    mut params: Params<f64>,
    (iterations, scale): (usize, f64),
    residual: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
    solution: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
    exact: impl Fn(&[f64]) -> f64,
) -> Result<(), Error> {
    let mut random = StdRng::seed_from_u64(1);
    let mut draw = || Tensor::from_fn(points, |_| random.random_range(0.0..scale));
    let mut step =
        Program::record(&params, Mode::Train, [input("points", points)], |_, [x]| [residual(x).square().mean(..)])?;
    let mut found = Program::record_forward(&params, Mode::Eval, [input("points", points)], |_, [x]| [solution(x)])?;
    let (mut grads, mut adam) = (params.gradients(), Adam::new(RATE));
    let schedule = Schedule::Cosine { steps: iterations as u64 + 1, end: 0.0, stretch: 1.0 };
    for iteration in 0..=iterations {
        let x = draw();
        if iteration % (iterations / 4) == 0 {
            let u = found.forward(&params, [&x])?.output(0)?;
            let exact: Vec<f64> = x.data().chunks(points[1]).map(&exact).collect();
            let worst = u.data().iter().zip(&exact).fold(0.0_f64, |worst, (u, exact)| worst.max((u - exact).abs()));
            println!("{name}, iteration {iteration:4}: largest error {worst:.1e}");
        }
        step.forward(&params, [&x])?.backward(&mut grads)?;
        adam.set_rate(RATE * schedule.factor(iteration as u64));
        adam.step(&mut params, &grads)?;
    }
    Ok(())
}

/// ü + 0.4 u̇ + u = 0, u(0) = 1, u̇(0) = 0 for t in [0, 8].
fn oscillation() -> Result<(), Error> {
    let mut params = Params::new(1);
    let network = network(&mut params, 1, 24);
    fn u<'t, T: Real>(network: &Network, time: Var<'t, T>) -> Var<'t, T> {
        network.forward(time / 4.0 - 1.0) * time.square() / (time.square() + 1.0) + 1.0
    }
    let frequency = 0.96_f64.sqrt();
    solve(
        ("oscillation", [128, 1]),
        params,
        (4000, 8.0),
        |time| {
            let one = time.recording().constant(&Tensor::full([128, 1], 1.0));
            let [u, velocity, _, acceleration] =
                time.recording().second_derivatives(time, [one, one], [], |_, time, []| u(&network, time));
            acceleration + velocity * 0.4 + u
        },
        |time| u(&network, time),
        |time| (-0.2 * time[0]).exp() * ((frequency * time[0]).cos() + 0.2 / frequency * (frequency * time[0]).sin()),
    )
}

/// ∂u/∂t = 0.1 Δu on the unit square, 0 at its boundary, with u = sin πx sin πy at time 0.
fn heat() -> Result<(), Error> {
    let mut params = Params::new(2);
    let network = network(&mut params, 3, 32);
    /// The product of the given coordinates, and what vanishes with them at the boundary.
    fn u<'t, T: Real>(network: &Network, points: Var<'t, T>) -> Var<'t, T> {
        let [time, x, y] = [0, 1, 2].map(|k| points.narrow(1, k..k + 1));
        let start = (x * PI).sin() * (y * PI).sin();
        start * (time * network.forward(points) + 1.0)
    }
    solve(
        ("heat", [256, 3]),
        params,
        (2000, 1.0),
        |points| {
            let t = points.recording();
            let along = |k: usize| t.constant(&Tensor::from_fn([256, 3], |i| f64::from(i % 3 == k)));
            let [_, of_time] = t.derivatives(points, along(0), [], |_, points, []| u(&network, points));
            let curvature = |k: usize| {
                t.second_derivatives(points, [along(k), along(k)], [], |_, points, []| u(&network, points))[3]
            };
            of_time - (curvature(1) + curvature(2)) * 0.1
        },
        |points| u(&network, points),
        |point| (-0.2 * PI * PI * point[0]).exp() * (PI * point[1]).sin() * (PI * point[2]).sin(),
    )
}

fn main() -> Result<(), Error> {
    oscillation()?;
    heat()
}
