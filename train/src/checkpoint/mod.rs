//! Checkpoints: a training state in one safetensors file.

mod format;
mod header;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::Path;

use autodiff::{Alone, Error, ProcessGroup, Real};
use nn::io::Safetensors;
use optim::{EarlyStopping, Rule};

use crate::state::TrainingState;
use format::{BEST, FileTensors, MODEL, OPTIMIZER, Tensors};
use header::Header;
pub(crate) use header::check_same_settings;

impl<T: Real, R: Rule<T>> TrainingState<T, R> {
    /// Saves the state as a checkpoint. An existing file is replaced in one go, or left as it is where writing fails.
    ///
    /// # Errors
    /// A file that cannot be written; a value that is infinite or NaN; a scalar other than `f32` and `f64`.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.save_among(&Alone, path.as_ref())
    }

    /// Saves the state of several processes. All of them call it; the first writes the file.
    pub(crate) fn save_among(&self, group: &impl ProcessGroup<T>, path: &Path) -> Result<(), Error> {
        self.check_finite()?;
        let buffers = self.optimizer.gather_buffers(group, &self.params)?;
        if group.rank() > 0 {
            return Ok(());
        }
        let mut tensors = Tensors::new();
        tensors.add_params(MODEL, &self.params);
        for (name, buffer) in &buffers {
            tensors.add(format!("{OPTIMIZER}{name}"), &[buffer.len()], buffer);
        }
        if let Some((_, best)) = self.stopping.as_ref().and_then(|stopping| stopping.best()) {
            tensors.add_params(BEST, best);
        }
        let header =
            Header::new(self).and_then(|header| serde_json::to_string(&header).map_err(|error| error.to_string()));
        tensors.write(path, &header.map_err(|reason| file_error(path, reason))?)
    }

    /// Restores the state from a checkpoint; does nothing if there is no such file. The state must have been made with the same
    /// model, seed, rate and optimizer. A checkpoint does not hold what a [`Callback`](crate::Callback) keeps for itself.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged; a checkpoint with another model, scalar, seed, rate or optimizer, which the
    /// message names. The state is then unchanged.
    pub fn resume(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        resume(self, path.as_ref(), &BTreeMap::new())
    }
}

fn file_error(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}

/// The name of a scalar that a checkpoint can hold.
pub(crate) fn scalar<T: Real>() -> Result<&'static str, String> {
    match TypeId::of::<T>() {
        id if id == TypeId::of::<f32>() => Ok("f32"),
        id if id == TypeId::of::<f64>() => Ok("f64"),
        _ => Err(format!("a checkpoint holds f32 or f64, not {}", std::any::type_name::<T>())),
    }
}

/// Restores the state from a checkpoint; does nothing if there is no file. `settings` are those of the trainer.
pub(crate) fn resume<T: Real, R: Rule<T>>(
    state: &mut TrainingState<T, R>,
    path: &Path,
    settings: &BTreeMap<String, String>,
) -> Result<(), Error> {
    if !path.try_exists().map_err(|error| file_error(path, error.to_string()))? {
        return Ok(());
    }
    let mut file = Safetensors::open(path)?;
    read(state, &mut file, settings)
        .and_then(|(header, tensors)| restore(state, header, &tensors))
        .map_err(|reason| file_error(path, reason))
}

/// The content of the file, if it is a checkpoint of this state.
fn read<T: Real, R: Rule<T>>(
    state: &TrainingState<T, R>,
    file: &mut Safetensors,
    settings: &BTreeMap<String, String>,
) -> Result<(Header, FileTensors<T>), String> {
    let header = file.metadata("training_state").ok_or("not a checkpoint: it holds parameters only")?;
    let header: Header = serde_json::from_str(header).map_err(|error| format!("not a checkpoint: {error}"))?;
    header.check_scalar::<T>()?;
    let mut tensors = Tensors::new();
    tensors.add_params(MODEL, &state.params);
    tensors.check(file)?;
    header.check(state, settings)?;
    if header.best().is_some() {
        tensors.add_params(BEST, &state.params);
    }
    for name in buffer_names(state, &header) {
        tensors.add(format!("{OPTIMIZER}{name}"), &[state.params.flat().len()], &[]);
    }
    Ok((header, tensors.read(file)?))
}

/// The names of the optimizer's buffers, which it has from its first step on.
fn buffer_names<T: Real, R: Rule<T>>(state: &TrainingState<T, R>, header: &Header) -> &'static [&'static str] {
    if header.optimizer_steps > 0 { state.optimizer.buffer_names() } else { &[] }
}

/// Restores all of the state, or nothing where there is an error.
fn restore<T: Real, R: Rule<T>>(
    state: &mut TrainingState<T, R>,
    header: Header,
    tensors: &FileTensors<T>,
) -> Result<(), String> {
    let mut params = tensors.params(MODEL, &state.params)?;
    params.set_step(header.step);
    let best = match header.best() {
        Some((loss, step)) => {
            let mut best = tensors.params(BEST, &state.params)?;
            best.set_step(step);
            Some((loss, best))
        }
        None => None,
    };
    let mut buffers = BTreeMap::new();
    for &name in buffer_names(state, &header) {
        buffers.insert(name, tensors.tensor(&format!("{OPTIMIZER}{name}"))?.data());
    }
    let buffer = |name: &str| buffers.get(name).copied();
    state.optimizer.resume(&params, header.optimizer_steps, buffer).map_err(|error| error.to_string())?;
    // Nothing fails from here on.
    state.optimizer.set_rate(header.current_rate());
    state.stopping.get_or_insert_with(|| EarlyStopping::new(usize::MAX)).resume(header.waited, best);
    state.params = params;
    state.cursor = header.cursor();
    state.stopped = header.stopped;
    state.settings.clone_from(&header.settings);
    state.history = header.history();
    Ok(())
}
