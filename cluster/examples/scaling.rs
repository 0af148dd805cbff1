//! Measures what SCALING.md is computed from: messages of growing size, and the steps of three models, on all processes.

use std::time::Instant;

use autodiff::{Error, Mode, Params, ProcessGroup, Shards, Tensor, input};
use cluster::World;
use nn::loss::cross_entropy;
use nn::{Linear, Module, Relu};
use optim::Adam;

type Model = (Linear, Relu, Vec<(Linear, Relu)>, Linear);

/// Name, widths of the input and of the hidden layers, number of hidden layers, samples of a batch.
const MODELS: [(&str, [usize; 4]); 3] =
    [("wide", [784, 1024, 1, 256]), ("deep", [64, 64, 100, 256]), ("digits", [64, 96, 0, 64])];
const SHARDS: usize = 4;
const REPEATS: usize = 15;

/// The median time of what all processes do, in microseconds.
fn median(mut work: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    let mut times = Vec::with_capacity(REPEATS);
    work()?;
    for _ in 0..REPEATS {
        let start = Instant::now();
        work()?;
        times.push(1e6 * start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    Ok(times[REPEATS / 2])
}

/// The time of a sum over all processes, each with this many numbers: an all-to-all and an all-gather.
fn exchange(world: &World, numbers: usize) -> Result<f64, Error> {
    let count = ProcessGroup::<f32>::count(world);
    let slice = numbers / count;
    let (own, lengths) = (vec![1.0_f32; slice * count], vec![slice; count]);
    let mut all = own.clone();
    median(|| {
        world.all_to_all(&own, &lengths, &lengths, &mut all)?;
        world.all_gather(&own[..slice], &lengths, &mut all)
    })
}

/// The times of the gradients of a batch and of a step, and the numbers that this process sends for both.
fn step(world: &World, [features, width, hidden, samples]: [usize; 4]) -> Result<(usize, f64, f64, u64), Error> {
    let mut params = Params::<f32>::new(1);
    let mut layer = |name: &str, from, to| Linear::new(params.scope(name), from, to);
    let first = layer("first", features, width);
    let others = (0..hidden).map(|k| (layer(&format!("hidden{k}"), width, width), Relu)).collect();
    let model: Model = (first, Relu, others, layer("last", width, 10));
    let x = Tensor::from_fn([samples, features], |k| ((k * 37) % 101) as f32 / 50.0 - 1.0);
    let labels = Tensor::from_fn([samples], |k| (k % 10) as f32);
    let inputs = [input("x", [samples, features]), input("labels", [samples])];
    let mode = Mode::Train;
    let mut shards = Shards::record_among(world, &params, mode, SHARDS, inputs, |_, [x, labels]| {
        cross_entropy(model.forward(x), labels)
    })?;
    let (mut grads, mut adam) = (params.gradients(), Adam::new(1e-3));
    let mut gradients = || shards.backward_among(world, &params, [&x, &labels], &mut grads).map(drop);
    let of_gradients = median(&mut gradients)?;
    let before = world.sent();
    gradients()?;
    let middle = world.sent();
    let of_step = median(|| adam.step_among(world, &mut params, &grads))?;
    let sent = middle - before + (world.sent() - middle) / (REPEATS as u64 + 1);
    Ok((params.flat().len(), of_gradients, of_step, sent))
}

fn measure(world: &World) -> Result<(), Error> {
    let (rank, count) = (ProcessGroup::<f32>::rank(world), ProcessGroup::<f32>::count(world));
    let print = |line: String| {
        if rank == 0 {
            println!("{line}");
        }
    };
    for power in 1..=7 {
        let numbers = 10_usize.pow(power);
        let time = exchange(world, numbers)?;
        print(format!("{count} processes, {numbers} numbers: {time:.1} µs"));
    }
    for (name, extents) in MODELS {
        let (parameters, gradients, step, sent) = step(world, extents)?;
        print(format!(
            "{count} processes, {name}, {parameters} parameters: gradients {gradients:.0} µs, step {step:.0} µs, \
             sent by process 0: {sent} numbers"
        ));
    }
    Ok(())
}

fn main() -> std::process::ExitCode {
    World::run(measure)
}
