//! Trains a network on the digits, on all processes: `mpiexec -n 4 cargo run --release --example digits -- DIR`.
//!
//! The folder gets a checkpoint, from which a run with any number of processes goes on, and a table of losses.

use std::path::PathBuf;

use autodiff::{Error, Mode, Params, Tape};
use cluster::World;
use nn::data::{Batches, Dataset, Digits};
use nn::loss::cross_entropy;
use nn::metrics::accuracy;
use nn::{BatchNorm, Dropout, Linear, Module, Relu};
use optim::Adam;
use train::{Callback, Trainer, TrainingState};

type Model = ((Linear, BatchNorm, Relu, Dropout), Linear);

/// The error on samples that are not trained on.
struct Validation<'m> {
    model: &'m Model,
    data: Dataset<f32>,
}

impl Callback<f32> for Validation<'_> {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
        let mut tape = Tape::new();
        let t = tape.start(params, Mode::Eval);
        let logits = self.model.forward(t.input(self.data.features())).value()?;
        Ok(vec![("error".to_owned(), 1.0 - accuracy(&logits, self.data.labels())?)])
    }
}

fn train(world: &World) -> Result<(), Error> {
    let folder = std::env::args().nth(1).map_or_else(|| PathBuf::from("cluster-digits"), PathBuf::from);
    let mut params = Params::<f32>::new(1);
    let hidden = (Linear::new(params.scope("fc1"), 64, 96), BatchNorm::new(params.scope("bn"), 96), Relu);
    let model: Model = ((hidden.0, hidden.1, hidden.2, Dropout::new(0.3)), Linear::new(params.scope("fc2"), 96, 10));
    let (train, validation) = Digits::load()?.standardized().split(0.75, 0)?;
    let mut state = TrainingState::new(params, Adam::new(0.01).clip_norm(1.0));
    Trainer::new(30, Batches::new(60).shuffled(0))
        .shards(4)
        .early_stopping("error", 5, 0.0)
        .checkpoint(folder.join("checkpoint.safetensors"), 10)
        .csv(folder.join("losses.csv"))
        .fit_among(
            world,
            &mut state,
            &train,
            |x, y| cross_entropy(model.forward(x), y),
            &mut Validation { model: &model, data: validation },
        )
}

fn main() -> std::process::ExitCode {
    World::run(train)
}
