//! Trains where the process with rank 1 differs in what the first argument names.

use autodiff::{Error, Params, ProcessGroup, Tensor};
use cluster::World;
use nn::data::{Batches, Dataset};
use nn::loss::cross_entropy;
use nn::{Linear, Module};
use optim::Sgd;
use train::{Trainer, TrainingState};

fn train(world: &World) -> Result<(), Error> {
    let differs =
        |what: &str| ProcessGroup::<f64>::rank(world) == 1 && std::env::args().nth(1).as_deref() == Some(what);
    let one = |what| if differs(what) { 1.0 } else { 0.0 };
    let features = Tensor::from_fn([8, 3], |k| k as f64 + one("data"));
    let data = Dataset::new(features, &[0, 1, 0, 1, 0, 1, 0, 1])?;
    let mut params = Params::<f64>::new(if differs("state") { 2 } else { 1 });
    let model = Linear::new(params.scope("fc"), 3, 2);
    if differs("panic") {
        // An index out of range.
        params.flat_mut()[7 * 8] = 1.0;
    }
    let mut state = TrainingState::new(params, Sgd::new(0.1));
    let epochs = if differs("settings") { 3 } else { 2 };
    let trainer = Trainer::new(epochs, Batches::new(4)).shards(2).quiet();
    trainer.fit_among(world, &mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut ())
}

fn main() -> std::process::ExitCode {
    World::run(train)
}
