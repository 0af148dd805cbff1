//! Training with a schedule, parameter groups, CSV and TensorBoard logs, and a checkpoint from which the same command resumes; then
//! the table of gradients. The first argument is the folder to write into, `target/logged-run` by default.

use std::path::PathBuf;

use autodiff::{Error, Mode, Params, Tape};
use nn::data::{Batches, Dataset, Digits};
use nn::loss::cross_entropy;
use nn::metrics::zero_one;
use nn::{BatchNorm, Linear, Module, Relu};
use optim::{Adam, ParamFilter, ParamGroup, Schedule, gradient_table};
use train::{Callback, Trainer, TrainingState};

type Net = (Linear, BatchNorm, Relu, Linear);

struct TestError<'a>(&'a Net, &'a Dataset<f32>);

impl Callback<f32> for TestError<'_> {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
        let mut tape = Tape::new();
        let t = tape.start(params, Mode::Eval);
        let scores = self.0.forward(t.input(self.1.features())).value()?;
        Ok(vec![("test error".into(), zero_one(&scores, self.1.labels())?)])
    }
}

fn main() -> Result<(), Error> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/logged-run"), PathBuf::from);
    let (data, test) = Digits::load()?.standardized().split(0.75, 0)?;
    let mut params = Params::new(1);
    let (first, norm) = (Linear::new(params.scope("fc1"), 64, 64), BatchNorm::new(params.scope("bn"), 64));
    let model = (first, norm, Relu, Linear::new(params.scope("fc2"), 64, 10));
    let adam = Adam::new(5e-3).decay(1e-2, ParamFilter::except(["*bias", "bn.*"])).clip_norm(5.0);
    let mut state = TrainingState::new(params, adam.group("bn.*", ParamGroup::rate_factor(0.5)));
    let warm = (20, Schedule::WarmUp { steps: 20, start: 0.1 });
    let steps = 10 * (data.len() as u64).div_ceil(32) - 20;
    let cosine = (steps, Schedule::Cosine { steps, end: 0.01, stretch: 1.0 });
    let trainer = Trainer::new(10, Batches::new(32).shuffled(0))
        .schedule(Schedule::Sequential(vec![warm, cosine]))
        .tensorboard(folder.join("events"))
        .csv(folder.join("log.csv"))
        .checkpoint(folder.join("run.safetensors"), 50);
    let mut callback = TestError(&model, &test);
    trainer.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut callback)?;
    for report in state.history() {
        println!("epoch {}: loss {:.4}, test error {:.1} %", report.epoch, report.loss, 100.0 * report.metrics[0].1);
    }

    let (before, mut grads, mut tape) = (state.params.clone(), state.params.gradients(), Tape::new());
    let t = tape.start(&before, Mode::Train);
    cross_entropy(model.forward(t.input(data.features())), t.input(data.labels())).backward(&mut grads)?;
    state.optimizer.step(&mut state.params, &grads)?;
    println!("\none more step, on all digits:\n{}", gradient_table(&before, &state.params, &grads)?);
    Ok(())
}
