//! A transformer that predicts the next character: it learns this project's README and writes like it.

use std::collections::BTreeSet;

use autodiff::{Mode, Params, Program, Tape, Tensor, input};
use nn::{Embedding, Linear, Module, TransformerEncoder, TransformerSettings, loss::cross_entropy};
use optim::Adam;
use rand::distr::{Distribution, weighted::WeightedIndex};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const TEXT: &str = include_str!("../README.md");
const SAMPLES: usize = 32;
const STEPS: usize = 48;
const FEATURES: usize = 64;
const ITERATIONS: usize = 300;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let known: Vec<char> = TEXT.chars().collect::<BTreeSet<_>>().into_iter().collect();
    let codes: Vec<f32> = TEXT.chars().filter_map(|c| known.binary_search(&c).ok()).map(|code| code as f32).collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut params = Params::<f32>::new(1);
    // Causal: what is predicted after a character depends on it and those before. Rotary: and on how far those are.
    let settings = TransformerSettings {
        dropout: 0.0,
        norm_first: true,
        final_norm: true,
        causal: true,
        rotary: Some(10_000.0),
        ..TransformerSettings::new(FEATURES, 4)
    };
    let model = (
        Embedding::new(params.scope("embedding"), known.len(), FEATURES),
        TransformerEncoder::new(params.scope("layers"), 2, &settings),
        Linear::new(params.scope("readout"), FEATURES, known.len()),
    );
    let (mut tape, mut grads, mut adam) = (Tape::new(), params.gradients(), Adam::new(3e-3).clip_norm(1.0));
    for iteration in 0..=ITERATIONS {
        let starts: Vec<usize> = (0..SAMPLES).map(|_| random.random_range(0..codes.len() - STEPS)).collect();
        let part = |shift: usize| Tensor::from_fn([SAMPLES, STEPS], |k| codes[starts[k / STEPS] + k % STEPS + shift]);
        let t = tape.start(&params, Mode::Train);
        let scores = model.forward(t.input(&part(0)));
        let loss = cross_entropy(scores.flatten(..2), t.input(&part(1)).flatten(..));
        loss.backward(&mut grads)?;
        if iteration % 50 == 0 {
            println!("iteration {iteration:3}: loss {:.3}", loss.item()?);
        }
        adam.step(&mut params, &grads)?;
    }

    // The next character after a window of the last ones, which moves on by one.
    let inputs = [input("window", [1, STEPS])];
    let mut next = Program::record_forward(&params, Mode::Eval, inputs, |_, [window]| {
        [(model.forward(window).index(1, STEPS - 1) / 0.5).softmax(1)]
    })?;
    let mut written = codes[..STEPS].to_vec();
    for _ in 0..300 {
        let window = Tensor::new([1, STEPS], written[written.len() - STEPS..].to_vec())?;
        let chances = next.forward(&params, [&window])?.output(0)?;
        written.push(WeightedIndex::new(chances.data())?.sample(&mut random) as f32);
    }
    println!("{}", written[STEPS..].iter().map(|&code| known[code as usize]).collect::<String>());
    Ok(())
}
