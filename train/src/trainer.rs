//! The loop.

use std::path::PathBuf;

use autodiff::{Error, Params, Real};
use nn::data::{Batches, Dataset};
use optim::{EarlyStopping, Plateau, Progress, Rule, Schedule};

use crate::logs::Logs;
use crate::progress::Bar;
use crate::run::{Epoch, Run};
use crate::step::{LossFn, Shards};

/// What is called while a run goes on. All of it may be left out; `()` watches nothing.
pub trait Watch<T: Real> {
    /// Numbers to judge the parameters by, behind each epoch: names and values.
    ///
    /// # Errors
    /// What goes wrong; the run ends with it.
    fn evaluate(&mut self, params: &Params<T>) -> Result<Vec<(String, f64)>, Error> {
        let _ = params;
        Ok(Vec::new())
    }

    /// Behind each epoch.
    fn epoch(&mut self, epoch: &Epoch) {
        let _ = epoch;
    }
}

impl<T: Real> Watch<T> for () {}

/// Settings of a loop.
#[derive(Clone, Debug)]
pub struct Trainer {
    epochs: u64,
    batches: Batches,
    schedule: Schedule,
    shards: usize,
    checkpoint: Option<(PathBuf, u64)>,
    csv: Option<PathBuf>,
    tensorboard: Option<PathBuf>,
    stopping: Option<(String, usize, f64)>,
    plateau: Option<(String, Plateau)>,
    quiet: bool,
}

impl Trainer {
    /// So many epochs of these batches.
    pub fn new(epochs: u64, batches: Batches) -> Self {
        Trainer {
            epochs,
            batches,
            schedule: Schedule::Constant,
            shards: 1,
            checkpoint: None,
            csv: None,
            tensorboard: None,
            stopping: None,
            plateau: None,
            quiet: false,
        }
    }

    /// The rate of each step is the optimizer's first times the factor of this schedule.
    #[must_use]
    pub fn schedule(self, schedule: Schedule) -> Self {
        Trainer { schedule, ..self }
    }

    /// Each batch is cut into so many parts, which run on as many threads as there are; the result has the same bits for any
    /// number of threads. Batch statistics are those of a part (ghost batch normalisation, Hoffer 2017); the running ones follow the
    /// last. The gradients of the parts are summed, as in gradient accumulation.
    #[must_use]
    pub fn shards(self, shards: usize) -> Self {
        Trainer { shards, ..self }
    }

    /// Writes all that a run is into this file every so many steps and at the end; a run that finds the file goes on from there.
    #[must_use]
    pub fn checkpoint(self, path: impl Into<PathBuf>, every: u64) -> Self {
        Trainer { checkpoint: Some((path.into(), every.max(1))), ..self }
    }

    /// Writes a row for each epoch into this file.
    #[must_use]
    pub fn csv(self, path: impl Into<PathBuf>) -> Self {
        Trainer { csv: Some(path.into()), ..self }
    }

    /// Writes losses and metrics of each epoch into this folder, for TensorBoard.
    #[must_use]
    pub fn tensorboard(self, folder: impl Into<PathBuf>) -> Self {
        Trainer { tensorboard: Some(folder.into()), ..self }
    }

    /// Ends when the metric of this name has not become smaller by more than `minimum` for `patience` epochs; the parameters of the
    /// best epoch are then put back.
    #[must_use]
    pub fn early_stopping(self, metric: &str, patience: usize, minimum: f64) -> Self {
        Trainer { stopping: Some((metric.to_owned(), patience, minimum)), ..self }
    }

    /// Lowers the rate, besides the schedule, when the metric of this name stands still.
    #[must_use]
    pub fn plateau(self, metric: &str, plateau: Plateau) -> Self {
        Trainer { plateau: Some((metric.to_owned(), plateau)), ..self }
    }

    /// Shows no progress.
    #[must_use]
    pub fn quiet(self) -> Self {
        Trainer { quiet: true, ..self }
    }

    /// Trains until the last epoch, from where `run` stands, or the checkpoint if there is one. `loss` is the mean loss of
    /// features and labels of some samples.
    ///
    /// # Errors
    /// What goes wrong on the tape; a loss that is infinite or NaN, with the operation that made it; files that cannot be read or
    /// written. The last checkpoint stays whole.
    pub fn fit<T: Real, R: Rule<T>>(
        &self,
        run: &mut Run<T, R>,
        data: &Dataset<T>,
        loss: impl for<'t> Fn(autodiff::Var<'t, T>, autodiff::Var<'t, T>) -> autodiff::Var<'t, T> + Sync,
        watch: &mut impl Watch<T>,
    ) -> Result<(), Error> {
        if let Some((_, patience, minimum)) = &self.stopping {
            run.stopping.get_or_insert_with(|| EarlyStopping::new(*patience).minimum_change(*minimum));
        }
        if let Some((path, _)) = &self.checkpoint {
            run.resume(path)?;
        }
        let mut logs = Logs::open(self.csv.as_deref(), self.tensorboard.as_deref())?;
        let bar = Bar::new(self.quiet, self.epochs);
        let mut shards = Shards::new(&run.params, self.shards);
        // What a plateau knows follows from the epochs so far, so no checkpoint has to hold it.
        let mut plateau = self.plateau.clone();
        for epoch in &run.history {
            follow(&mut plateau, epoch)?;
        }
        while run.position.epoch < self.epochs && !run.stopped {
            let factor = plateau.as_ref().map_or(1.0, |(_, plateau)| plateau.factor());
            self.epoch(run, data, &loss, &mut shards, factor, &bar)?;
            let report = Epoch {
                epoch: run.position.epoch,
                loss: run.position.loss / run.position.samples.max(1) as f64,
                metrics: watch.evaluate(&run.params)?,
            };
            self.observe(run, &report)?;
            follow(&mut plateau, &report)?;
            bar.epoch(&report);
            watch.epoch(&report);
            run.history.push(report);
            run.position = crate::run::Position { epoch: run.position.epoch + 1, ..Default::default() };
            logs.write(&run.history)?;
        }
        if let Some((path, _)) = &self.checkpoint {
            run.save(path)?;
        }
        bar.finish();
        if run.stopped
            && let Some((_, best)) = run.stopping.as_ref().and_then(EarlyStopping::best)
        {
            run.params = best.clone();
        }
        Ok(())
    }

    /// The rest of the current epoch.
    fn epoch<T: Real, R: Rule<T>>(
        &self,
        run: &mut Run<T, R>,
        data: &Dataset<T>,
        loss: &impl LossFn<T>,
        shards: &mut Shards<T>,
        factor: f64,
        bar: &Bar,
    ) -> Result<(), Error> {
        let batches = self.batches.epoch(data, run.position.epoch)?.skip(run.position.batch);
        for (features, labels) in batches {
            let step = run.optimizer.steps();
            run.optimizer.set_rate(run.rate * factor * self.schedule.factor(step));
            let (value, grads) = shards.gradients(&run.params, (&features, &labels), loss)?;
            run.optimizer.step(&mut run.params, grads)?;
            run.position.batch += 1;
            run.position.loss += value * labels.data().len() as f64;
            run.position.samples += labels.data().len();
            bar.step(run.position.epoch, run.position.samples, data.len(), value);
            if let Some((path, every)) = &self.checkpoint
                && run.optimizer.steps().is_multiple_of(*every)
            {
                run.save(path)?;
            }
        }
        Ok(())
    }

    fn observe<T: Real, R>(&self, run: &mut Run<T, R>, report: &Epoch) -> Result<(), Error> {
        let (Some((metric, ..)), Some(stopping)) = (&self.stopping, &mut run.stopping) else { return Ok(()) };
        run.stopped = stopping.observe(metric_of(report, metric)?, &run.params) == Progress::Stop;
        Ok(())
    }
}

fn follow(plateau: &mut Option<(String, Plateau)>, report: &Epoch) -> Result<(), Error> {
    if let Some((metric, plateau)) = plateau {
        plateau.observe(metric_of(report, metric)?);
    }
    Ok(())
}

fn metric_of(report: &Epoch, metric: &str) -> Result<f64, Error> {
    let found = report.metrics.iter().find(|(name, _)| name == metric).map(|(_, value)| *value);
    found.ok_or_else(|| Error::Foreign {
        what: "training",
        reason: format!("the metric {metric} is watched, which evaluate() does not give"),
    })
}
