//! The loop.

use std::collections::BTreeMap;
use std::path::PathBuf;

use autodiff::{Error, Real};
use nn::data::{Batches, Dataset};
use optim::{EarlyStopping, Plateau, Progress, Rule, Schedule};

use crate::checkpoint;
use crate::logs::Logs;
use crate::progress::Bar;
use crate::run::{Epoch, Run};
use crate::step::{LossFn, Shards};
use crate::watch::{Watch, metric_of, same_metrics};

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
    /// `epochs` epochs of these batches.
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

    /// Each batch is cut into this many parts, no more than it has samples, which run on as many threads as there are; the result
    /// has the same bits for any number of threads. Batch statistics are those of a part (ghost batch normalization, Hoffer 2017); the running ones follow the
    /// last. The gradients of the parts are summed, as in gradient accumulation.
    #[must_use]
    pub fn shards(self, shards: usize) -> Self {
        Trainer { shards, ..self }
    }

    /// Writes all that a run is into this file every `every` steps and at the end; a run that finds the file goes on from there. It
    /// must be one with the same model, seed, rate, optimizer, data, batches, shards and metric of early stopping; what remains,
    /// such as the number of epochs or the schedule, may be another.
    #[must_use]
    pub fn checkpoint(self, path: impl Into<PathBuf>, every: u64) -> Self {
        Trainer { checkpoint: Some((path.into(), every)), ..self }
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
    /// A setting out of range, with its name; what goes wrong on the tape; a loss or a gradient that is infinite or NaN, with the
    /// operation that made it, of which nothing is stepped; an epoch without a batch; files that cannot be read or written; a
    /// checkpoint of another run. The last checkpoint stays whole.
    pub fn fit<T: Real, R: Rule<T>>(
        &self,
        run: &mut Run<T, R>,
        data: &Dataset<T>,
        loss: impl for<'t> Fn(autodiff::Var<'t, T>, autodiff::Var<'t, T>) -> autodiff::Var<'t, T> + Sync,
        watch: &mut impl Watch<T>,
    ) -> Result<(), Error> {
        self.check::<T>(data)?;
        run.optimizer.check()?;
        self.create_folders()?;
        self.resume(run, data)?;
        let mut logs = Logs::new(self.csv.as_deref(), self.tensorboard.as_deref());
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
            run.check_finite()?;
            let report = Epoch {
                epoch: run.position.epoch,
                loss: run.position.loss / run.position.samples as f64,
                metrics: watch.evaluate(&run.params)?,
            };
            same_metrics(run.history.first(), &report)?;
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

    /// Whether all settings are in their ranges.
    fn check<T: Real>(&self, data: &Dataset<T>) -> Result<(), Error> {
        let setting =
            |name, value: u64, requirement| Err(Error::Setting { name, value: value.to_string(), requirement });
        if self.epochs == 0 {
            return setting("epochs", 0, "at least 1");
        }
        if self.shards == 0 || self.shards > self.batches.size().min(data.len()).max(1) {
            return setting("shards", self.shards as u64, "at least 1 and at most the samples of a batch");
        }
        if let Some((_, 0)) = self.checkpoint {
            return setting("steps between checkpoints", 0, "at least 1");
        }
        self.schedule.check()?;
        self.plateau.as_ref().map_or(Ok(()), |(_, plateau)| plateau.check())?;
        self.own_stopping::<T>().map_or(Ok(()), |stopping| stopping.check())
    }

    /// Early stopping that has seen nothing.
    fn own_stopping<T: Real>(&self) -> Option<EarlyStopping<T>> {
        let own =
            |(_, patience, minimum): &(String, usize, f64)| EarlyStopping::new(*patience).minimum_change(*minimum);
        self.stopping.as_ref().map(own)
    }

    /// Creates the folders that files are written into: at the start, so that a path that cannot be costs no epoch.
    fn create_folders(&self) -> Result<(), Error> {
        let files = self.checkpoint.iter().map(|(path, _)| path).chain(&self.csv);
        files.filter_map(|path| path.parent()).try_for_each(|folder| {
            let created = std::fs::create_dir_all(folder);
            created.map_err(|error| Error::File { path: folder.to_owned(), reason: error.to_string() })
        })
    }

    /// What the bits of a run depend on besides the run itself, so that it goes on with these alone.
    fn settings<T: Real>(&self, data: &Dataset<T>) -> BTreeMap<String, String> {
        let metric = self.stopping.as_ref().map(|(metric, ..)| ("early stopping's metric", metric.clone()));
        let settings = [
            ("features", data.features().shape().to_string()),
            ("batches", format!("{:?}", self.batches)),
            ("shards", self.shards.to_string()),
        ];
        settings.into_iter().chain(metric).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Brings the run to its checkpoint, and its early stopping to these settings.
    fn resume<T: Real, R: Rule<T>>(&self, run: &mut Run<T, R>, data: &Dataset<T>) -> Result<(), Error> {
        let settings = self.settings(data);
        if let Some((path, _)) = &self.checkpoint {
            checkpoint::resume(run, path, &settings)?;
        }
        if run.position.batch > 0 {
            checkpoint::same_settings(&run.settings, &settings).map_err(refused)?;
        }
        run.settings = settings;
        if let Some(mut own) = self.own_stopping() {
            if let Some(old) = &run.stopping {
                own.resume(old.waited(), old.best().map(|(loss, params)| (loss, params.clone())));
            }
            run.stopping = Some(own);
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
        let mut batches = self.batches.epoch(data, run.position.epoch)?;
        let done: usize = batches.by_ref().take(run.position.batch).map(|(_, labels)| labels.data().len()).sum();
        if done != run.position.samples {
            return Err(refused(format!(
                "its first {} batches are not these: they had {}",
                run.position.batch, run.position.samples
            )));
        }
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
        if run.position.samples == 0 {
            let (epoch, samples) = (run.position.epoch, data.len());
            return Err(refused(format!("epoch {epoch} has no batch: {samples} samples in {:?}", self.batches)));
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

pub(crate) fn refused(reason: String) -> Error {
    Error::Training(reason)
}
