//! Model-agnostic meta-learning (Finn et al. 2017): weights from which a few steps of gradient descent on ten points of a new sine
//! wave lead to the wave. Each step is a `gradient`, a value, and the loss after all of them is pulled through all of them.

use std::f64::consts::PI;

use autodiff::{Error, Mode, ParamId, Params, Program, Real, Recording, Tensor, Var, input};
use optim::Adam;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const TASKS: usize = 25;
const SHOTS: usize = 10;
const WIDTH: usize = 40;
const RATE: f64 = 0.02;
const ITERATIONS: usize = 1500;

/// The weights of a network for each task, and the numbers that the tasks know, of shape `[tasks, shots, 1]`.
fn predict<'t, T: Real>(weights: &[Var<'t, T>], x: Var<'t, T>) -> Var<'t, T> {
    let layer = |k: usize, x: Var<'t, T>| x.matmul(weights[2 * k]) + weights[2 * k + 1];
    layer(2, layer(1, layer(0, x).tanh()).tanh())
}

/// The mean squared error of each task.
fn losses<'t, T: Real>(weights: &[Var<'t, T>], [x, y]: [Var<'t, T>; 2]) -> Var<'t, T> {
    (predict(weights, x) - y).square().mean([1, 2])
}

/// The mean loss on new points of the tasks before steps on the known points, and after each of them.
fn adapted<'t>(
    t: &'t Recording<'t, f32>,
    ids: &[ParamId],
    steps: usize,
    [x, y, new_x, new_y]: [Var<'t, f32>; 4],
) -> Vec<Var<'t, f32>> {
    // Each task has weights of its own from here on, so that the gradient of the sum is that of each task.
    let of_tasks = |&id: &ParamId| t.stack([t.param(id); TASKS], 0);
    let mut weights: Vec<Var<'t, f32>> = ids.iter().map(of_tasks).collect();
    let mut found = vec![losses(&weights, [new_x, new_y]).mean(..)];
    for _ in 0..steps {
        let slopes =
            t.gradient_slice(&weights, &[x, y], |_, weights, known| losses(weights, [known[0], known[1]]).sum(..));
        weights = weights.iter().zip(slopes).map(|(&weight, slope)| weight - slope * RATE).collect();
        found.push(losses(&weights, [new_x, new_y]).mean(..));
    }
    found
}

/// Points of sine waves, the same waves for known and for new points.
fn waves(random: &mut StdRng) -> [Tensor<f32>; 4] {
    let waves: Vec<[f64; 2]> =
        (0..TASKS).map(|_| [random.random_range(0.1..5.0), random.random_range(0.0..PI)]).collect();
    let mut points = || {
        let x = Tensor::from_fn([TASKS, SHOTS, 1], |_| random.random_range(-5.0..5.0));
        let y = |k: usize| (waves[k / SHOTS][0] * (f64::from(x.data()[k]) - waves[k / SHOTS][1]).sin()) as f32;
        (Tensor::from_fn([TASKS, SHOTS, 1], y), x)
    };
    let ((y, x), (new_y, new_x)) = (points(), points());
    [x, y, new_x, new_y]
}

fn train(name: &str, steps: usize) -> Result<(), Error> {
    let mut params = Params::<f32>::new(1);
    let shapes = [[1, WIDTH], [1, WIDTH], [WIDTH, WIDTH], [1, WIDTH], [WIDTH, 1], [1, 1]];
    let register = |(k, shape): (usize, [usize; 2])| {
        let deviation = if k % 2 == 0 { (shape[0] as f64).recip().sqrt() } else { 0.0 };
        params.scope(&format!("layer{}", k / 2)).parameter(["weight", "bias"][k % 2], shape, |values, random| {
            values.iter_mut().for_each(|value| *value = random.random_range(-1.7..1.7) * deviation);
        })
    };
    let ids: Vec<ParamId> = shapes.into_iter().enumerate().map(register).collect();
    let declared = || ["x", "y", "new x", "new y"].map(|name| input(name, [TASKS, SHOTS, 1]));
    let record = |steps: usize, mode| {
        Program::record_slice(&params, mode, &declared(), |t, inputs| {
            let mut found = adapted(t, &ids, steps, [inputs[0], inputs[1], inputs[2], inputs[3]]);
            found.reverse(); // the last is what is learned
            found
        })
    };
    let (mut learning, mut judging) = (record(steps, Mode::Train)?, record(10, Mode::Eval)?);
    let (mut grads, mut adam, mut random) = (params.gradients(), Adam::new(3e-3), StdRng::seed_from_u64(2));
    for _ in 0..ITERATIONS {
        let [x, y, new_x, new_y] = waves(&mut random);
        learning.forward(&params, [&x, &y, &new_x, &new_y])?.backward(&mut grads)?;
        adam.step(&mut params, &grads)?;
    }
    let mut after = [0.0; 11];
    for _ in 0..40 {
        let [x, y, new_x, new_y] = waves(&mut random);
        let run = judging.forward(&params, [&x, &y, &new_x, &new_y])?;
        for (steps, loss) in after.iter_mut().enumerate() {
            *loss += f64::from(run.output(10 - steps)?.data()[0]) / 40.0;
        }
    }
    println!("{name:24} {:8.3} {:8.3} {:8.3} {:8.3}", after[0], after[1], after[5], after[10]);
    Ok(())
}

fn main() -> Result<(), Error> {
    println!("trained for              loss after 0, 1, 5 and 10 steps on ten points of a wave");
    train("all waves at once", 0)?;
    train("one step", 1)?;
    train("five steps", 5)
}
