//! The training loop.

use autodiff::{Alone, Error, ProcessGroup, Real, Var};
use nn::data::Dataset;
use optim::{Plateau, Rule, StoppingStatus};

use crate::agreement;
use crate::callback::{Callback, check_same_metrics, metric_of};
use crate::checkpoint;
use crate::logs::Logs;
use crate::progress::Bar;
use crate::recorded::{LossFn, Recorded};
use crate::state::{Cursor, EpochReport, TrainingState};
use crate::trainer::{Trainer, training_error};

impl Trainer {
    /// Trains up to the last epoch, from where `state` is, or from the checkpoint if there is one. `loss` records the mean loss of
    /// some samples from their features and labels. It is called once for each shape of a batch and replayed, so that what it
    /// captures must not change, and it cannot read values.
    ///
    /// # Errors
    /// - a setting out of range;
    /// - any error of the tape, and of `callback`;
    /// - a loss or gradient that is infinite or NaN, with the operation that made it; the step is not taken;
    /// - an epoch without batches;
    /// - files that cannot be read or written, and a checkpoint of another run.
    ///
    /// The last checkpoint stays intact.
    pub fn fit<T: Real, R: Rule<T>>(
        &self,
        state: &mut TrainingState<T, R>,
        data: &Dataset<T>,
        loss: impl for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
        callback: &mut impl Callback<T>,
    ) -> Result<(), Error> {
        self.fit_among(&Alone, state, data, loss, callback)
    }

    /// As [`Trainer::fit`], with the shards of each batch divided among processes. All call it with the same state, data, loss and
    /// callback, and all end with the same parameters and history, whose bits are the same for any number of processes; of the
    /// optimizer's buffers, each has its share. The first process alone writes files, shows progress and calls
    /// [`Callback::on_epoch_end`]; all read the checkpoint, if there is one.
    ///
    /// # Errors
    /// As [`Trainer::fit`]; a process with another program, settings, data or state than the first; processes that cannot be
    /// reached.
    pub fn fit_among<T: Real, R: Rule<T>>(
        &self,
        group: &impl ProcessGroup<T>,
        state: &mut TrainingState<T, R>,
        data: &Dataset<T>,
        loss: impl for<'t> Fn(Var<'t, T>, Var<'t, T>) -> Var<'t, T>,
        callback: &mut impl Callback<T>,
    ) -> Result<(), Error> {
        let leads = group.rank() == 0;
        let own = if leads { self.clone() } else { self.silent() };
        self.check::<T>(data)?;
        state.optimizer.check()?;
        own.create_folders()?;
        self.resume(state, data)?;
        agreement::check(group, self, state, data)?;
        let mut recorded = Recorded::new(group, &state.params, self.shards)?;
        own.run_epochs(state, data, &loss, &mut recorded, callback)?;
        if state.stopped
            && let Some((_, best)) = state.stopping.as_ref().and_then(|stopping| stopping.best())
        {
            state.params = best.clone();
        }
        Ok(())
    }

    /// Runs the epochs that are left.
    fn run_epochs<T: Real, R: Rule<T>>(
        &self,
        state: &mut TrainingState<T, R>,
        data: &Dataset<T>,
        loss: &impl LossFn<T>,
        recorded: &mut Recorded<'_, T, impl ProcessGroup<T>>,
        callback: &mut impl Callback<T>,
    ) -> Result<(), Error> {
        let mut logs = Logs::new(&self.logs);
        let bar = Bar::new(self.quiet, self.epochs);
        // A checkpoint does not hold the plateau, which follows from the epochs up to now.
        let mut plateau = self.plateau.clone();
        for report in &state.history {
            observe_plateau(&mut plateau, report)?;
        }
        while state.cursor.epoch < self.epochs && !state.stopped {
            let factor = plateau.as_ref().map_or(1.0, |(_, plateau)| plateau.factor());
            self.run_epoch(state, data, loss, recorded, factor, &bar)?;
            state.check_finite()?;
            let report = EpochReport {
                epoch: state.cursor.epoch,
                loss: state.cursor.loss_sum / state.cursor.samples as f64,
                metrics: callback.evaluate(&state.params)?,
            };
            check_same_metrics(state.history.first(), &report)?;
            self.observe_stopping(state, &report)?;
            observe_plateau(&mut plateau, &report)?;
            bar.epoch(&report);
            if recorded.leads() {
                callback.on_epoch_end(&report);
            }
            state.history.push(report);
            state.cursor = Cursor { epoch: state.cursor.epoch + 1, ..Cursor::default() };
            logs.write(&state.history)?;
        }
        if let Some(checkpoint) = &self.checkpoint {
            state.save_among(recorded.group, &checkpoint.path)?;
        }
        bar.finish();
        Ok(())
    }

    /// Creates the folders of the files to be written. It does so before the first step, so that a wrong path costs no training.
    fn create_folders(&self) -> Result<(), Error> {
        let files = self.checkpoint.iter().map(|checkpoint| &checkpoint.path).chain(&self.logs.csv);
        files.filter_map(|path| path.parent()).try_for_each(|folder| {
            let created = std::fs::create_dir_all(folder);
            created.map_err(|error| Error::File { path: folder.to_owned(), reason: error.to_string() })
        })
    }

    /// Restores the state from the checkpoint if there is one, and sets up early stopping.
    fn resume<T: Real, R: Rule<T>>(&self, state: &mut TrainingState<T, R>, data: &Dataset<T>) -> Result<(), Error> {
        let settings = self.settings(data);
        if let Some(checkpoint) = &self.checkpoint {
            checkpoint::resume(state, &checkpoint.path, &settings)?;
        }
        if state.cursor.batch > 0 {
            checkpoint::check_same_settings(&state.settings, &settings).map_err(training_error)?;
        }
        state.settings = settings;
        if let Some(stopping) = &self.stopping {
            let mut new = stopping.start();
            if let Some(old) = &state.stopping {
                new.resume(old.waited(), old.best().map(|(loss, params)| (loss, params.clone())));
            }
            state.stopping = Some(new);
        }
        Ok(())
    }

    /// Runs the rest of the current epoch.
    fn run_epoch<T: Real, R: Rule<T>>(
        &self,
        state: &mut TrainingState<T, R>,
        data: &Dataset<T>,
        loss: &impl LossFn<T>,
        recorded: &mut Recorded<'_, T, impl ProcessGroup<T>>,
        plateau_factor: f64,
        bar: &Bar,
    ) -> Result<(), Error> {
        let mut batches = self.batches.epoch(data, state.cursor.epoch)?;
        let Cursor { batch, samples, .. } = state.cursor;
        let skipped: usize = batches.by_ref().take(batch).map(|(_, labels)| labels.data().len()).sum();
        if skipped != samples {
            let reason = format!(
                "the first {batch} batches have {skipped} samples, where those already trained on had {samples}"
            );
            return Err(training_error(reason));
        }
        for (features, labels) in batches {
            let factor = plateau_factor * self.schedule.factor(state.optimizer.steps());
            state.optimizer.set_rate(state.base_rate * factor);
            let group = recorded.group;
            let (mean_loss, grads) = recorded.gradients(&state.params, [&features, &labels], loss)?;
            state.optimizer.step_among(group, &mut state.params, grads)?;
            let cursor = &mut state.cursor;
            cursor.batch += 1;
            cursor.loss_sum += mean_loss * labels.data().len() as f64;
            cursor.samples += labels.data().len();
            bar.step(cursor.epoch, cursor.samples, data.len(), mean_loss);
            if let Some(checkpoint) = &self.checkpoint
                && state.optimizer.steps().is_multiple_of(checkpoint.every)
            {
                state.save_among(group, &checkpoint.path)?;
            }
        }
        if state.cursor.samples == 0 {
            let (epoch, samples) = (state.cursor.epoch, data.len());
            return Err(training_error(format!("epoch {epoch} has no batch: {samples} samples in {:?}", self.batches)));
        }
        Ok(())
    }

    fn observe_stopping<T: Real, R>(&self, state: &mut TrainingState<T, R>, report: &EpochReport) -> Result<(), Error> {
        let (Some(settings), Some(stopping)) = (&self.stopping, &mut state.stopping) else { return Ok(()) };
        let status = stopping.observe(metric_of(report, &settings.metric)?, &state.params);
        state.stopped = status == StoppingStatus::Stop;
        Ok(())
    }
}

fn observe_plateau(plateau: &mut Option<(String, Plateau)>, report: &EpochReport) -> Result<(), Error> {
    if let Some((metric, plateau)) = plateau {
        plateau.observe(metric_of(report, metric)?);
    }
    Ok(())
}
