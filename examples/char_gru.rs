//! A recurrent network that predicts the next character: it learns this project's README and writes like it.

use std::collections::BTreeSet;

use autodiff::{Mode, Params, Program, Real, Scope, Tape, Tensor, Var, input};
use nn::{Embedding, Gru, Linear, Module, loss::cross_entropy};
use optim::Adam;
use rand::distr::{Distribution, weighted::WeightedIndex};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const TEXT: &str = include_str!("../README.md");
const SAMPLES: usize = 32;
const STEPS: usize = 48;
const HIDDEN: usize = 128;
const ITERATIONS: usize = 300;

struct Writer {
    embedding: Embedding,
    gru: Gru,
    readout: Linear,
}

impl Writer {
    fn new<T: Real>(mut scope: Scope<'_, T>, characters: usize) -> Self {
        Writer {
            embedding: Embedding::new(scope.child("embedding"), characters, 32),
            gru: Gru::new(scope.child("gru"), 32, HIDDEN),
            readout: Linear::new(scope.child("readout"), HIDDEN, characters),
        }
    }

    /// The scores of the next character after each, and the last state.
    fn scores<'t, T: Real>(&self, x: Var<'t, T>, state: Option<Var<'t, T>>) -> (Var<'t, T>, Var<'t, T>) {
        let (outputs, last) = self.gru.run(self.embedding.forward(x), None, state);
        (self.readout.forward(outputs), last)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let known: Vec<char> = TEXT.chars().collect::<BTreeSet<_>>().into_iter().collect();
    let codes: Vec<f32> = TEXT.chars().filter_map(|c| known.binary_search(&c).ok()).map(|code| code as f32).collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut params = Params::<f32>::new(1);
    let writer = Writer::new(params.scope("writer"), known.len());
    let (mut tape, mut grads, mut adam) = (Tape::new(), params.gradients(), Adam::new(4e-3).clip_norm(1.0));
    for iteration in 0..=ITERATIONS {
        let starts: Vec<usize> = (0..SAMPLES).map(|_| random.random_range(0..codes.len() - STEPS)).collect();
        let part = |shift: usize| Tensor::from_fn([SAMPLES, STEPS], |k| codes[starts[k / STEPS] + k % STEPS + shift]);
        let t = tape.start(&params, Mode::Train);
        let (scores, _) = writer.scores(t.input(&part(0)), None);
        let loss = cross_entropy(scores.flatten(..2), t.input(&part(1)).flatten(..));
        loss.backward(&mut grads)?;
        if iteration % 50 == 0 {
            println!("iteration {iteration:3}: loss {:.3}", loss.item()?);
        }
        adam.step(&mut params, &grads)?;
    }

    // A program of one step; the state goes round.
    let inputs = [input("character", [1, 1]), input("state", [1, 1, HIDDEN])];
    let mut step = Program::record_forward(&params, Mode::Eval, inputs, |_, [character, state]| {
        let (scores, last) = writer.scores(character, Some(state));
        [(scores / 0.5).softmax(2), last]
    })?;
    let (mut character, mut state) = (codes[0], Tensor::full([1, 1, HIDDEN], 0.0));
    for _ in 0..300 {
        let run = step.forward(&params, [&[[character]].into(), &state])?;
        let next = WeightedIndex::new(run.output(0)?.data())?.sample(&mut random);
        (character, state) = (next as f32, run.output(1)?);
        print!("{}", known[next]);
    }
    println!();
    Ok(())
}
