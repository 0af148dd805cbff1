//! A run with everything that a trainer keeps: a schedule, groups, logs for a spreadsheet and for TensorBoard, a checkpoint from which
//! the same command goes on, and at last the table of gradients. The folder is the first argument, or `target/logged-run`.

use std::path::PathBuf;

use autodiff::{Error, Mode, Params, Tape};
use nn::data::{Batches, Dataset, Digits};
use nn::loss::cross_entropy;
use nn::metrics::zero_one;
use nn::{BatchNorm, Linear, Module, Relu};
use optim::{Adam, Group, Names, Schedule, gradient_table};
use train::{Run, Trainer, Watch};

type Net = (Linear, BatchNorm, Relu, Linear);

struct TestError<'a>(&'a Net, &'a Dataset<f32>);

impl Watch<f32> for TestError<'_> {
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
    let adam = Adam::new(5e-3).decay(1e-2, Names::except(["*bias", "bn.*"])).clip_norm(5.0);
    let mut run = Run::new(params, adam.group("bn.*", Group::rate(0.5)));
    let warm = (20, Schedule::WarmUp { steps: 20, start: 0.1 });
    let steps = 10 * (data.len() as u64).div_ceil(32) - 20;
    let cosine = (steps, Schedule::Cosine { steps, end: 0.01, stretch: 1.0 });
    let trainer = Trainer::new(10, Batches::new(32).shuffled(0))
        .schedule(Schedule::Chained(vec![warm, cosine]))
        .tensorboard(folder.join("events"))
        .csv(folder.join("log.csv"))
        .checkpoint(folder.join("run.safetensors"), 50);
    let mut watch = TestError(&model, &test);
    trainer.fit(&mut run, &data, |x, y| cross_entropy(model.forward(x), y), &mut watch)?;
    for epoch in run.history() {
        println!("epoch {}: loss {:.4}, test error {:.1} %", epoch.epoch, epoch.loss, 100.0 * epoch.metrics[0].1);
    }

    let (before, mut grads, mut tape) = (run.params.clone(), run.params.gradients(), Tape::new());
    let t = tape.start(&before, Mode::Train);
    cross_entropy(model.forward(t.input(data.features())), t.input(data.labels())).backward(&mut grads)?;
    run.optimizer.step(&mut run.params, &grads)?;
    println!("\none more step, on all digits:\n{}", gradient_table(&before, &run.params, &grads)?);
    Ok(())
}
