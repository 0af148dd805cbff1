//! 100 000 training steps of a small network with batch normalization and dropout: the memory of the process stays as it is.

use autodiff::{Error, Params, Tensor};
use nn::data::{Batches, Dataset};
use nn::{BatchNorm, Dropout, Linear, Module, Relu, loss::cross_entropy};
use optim::Adam;
use train::{Callback, EpochReport, Trainer, TrainingState};

struct Memory;

impl Callback<f32> for Memory {
    fn on_epoch_end(&mut self, report: &EpochReport) {
        let steps = 400 * (report.epoch + 1);
        if [400, 2000, 4000, 10_000, 20_000, 50_000, 100_000].contains(&steps) {
            let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
            let resident = pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
            let shown = resident.map_or("unknown here".to_owned(), |pages| format!("{} KiB", 4 * pages));
            println!("{steps:6} steps: resident memory {shown}");
        }
    }
}

fn main() -> Result<(), Error> {
    let mut params = Params::new(0);
    let (first, norm) = (Linear::new(params.scope("fc1"), 8, 16), BatchNorm::new(params.scope("bn"), 16));
    let model = (first, norm, Relu, Dropout::new(0.2), Linear::new(params.scope("fc2"), 16, 2));
    let features = Tensor::from_fn([12_800, 8], |k| (k as f32 * 0.37).sin());
    let labels: Vec<usize> = (0..12_800).map(|k| k % 2).collect();
    let data = Dataset::new(features, &labels)?;
    let mut state = TrainingState::new(params, Adam::new(1e-3));
    let trainer = Trainer::new(250, Batches::new(32).shuffled(0)).quiet();
    trainer.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut Memory)
}
