//! Checkpoints: a training state in one safetensors file.

mod format;
mod header;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use autodiff::{Error, Params, Real};
use nn::file;
use optim::{EarlyStopping, Rule};

use crate::state::TrainingState;
use format::{FileTensors, Tensors};
use header::Header;
pub(crate) use header::check_same_settings;

/// Writes a checkpoint; the old file stays until the new one is complete.
pub(crate) fn save<T: Real, R: Rule<T>>(state: &TrainingState<T, R>, path: &Path) -> Result<(), Error> {
    state.check_finite()?;
    let mut tensors = Tensors::default();
    tensors.put_params("model.", &state.params);
    for (name, buffer) in state.optimizer.buffers() {
        tensors.put(format!("optimizer.{name}"), &[buffer.flat().len()], buffer.flat());
    }
    if let Some((_, best)) = state.stopping.as_ref().and_then(|stopping| stopping.best()) {
        tensors.put_params("best.", best);
    }
    let content = Header::new(state).and_then(|header| format::encode(&header, &tensors));
    let content = content.map_err(|reason| file_error(path, reason))?;
    file::replace(path, |file| file.write_all(&content))
}

fn file_error(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}

/// The name of a scalar that a checkpoint can hold.
fn scalar<T: Real>() -> Result<&'static str, String> {
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
    let Some(content) = read(state, path)? else { return Ok(()) };
    let restored = format::decode(&content).and_then(|(header, tensors)| {
        header.check_scalar::<T>()?;
        tensors.check_model("model.", &state.params)?;
        header.check(state, settings)?;
        restore(state, header, &tensors)
    });
    restored.map_err(|reason| file_error(path, reason))
}

/// The bytes of the file, or an error if there are more than a checkpoint of this state can have.
fn read<T: Real, R: Rule<T>>(state: &TrainingState<T, R>, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    /// The length of the longest header that safetensors allows.
    const MAX_HEADER: u64 = 100_000_000;
    let failed = |error: std::io::Error| file_error(path, error.to_string());
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // Opening a pipe would wait for a writer.
        Ok(found) if !found.is_file() => return Err(file_error(path, "not a checkpoint: it is not a file")),
        found => found.map_err(failed)?,
    };
    let model: usize = state.params.iter().chain(state.params.states()).map(|(_, _, values)| values.len()).sum();
    // Up to 16 tensors of 8 bytes for each value: current and best parameters, and buffers.
    let limit = MAX_HEADER.saturating_add((model as u64).saturating_mul(16 * 8));
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut content)).map_err(failed)?;
    if content.len() as u64 == limit {
        return Err(file_error(path, "not a checkpoint: larger than one of this run can be"));
    }
    Ok(Some(content))
}

/// Restores all of the state, or nothing where there is an error.
fn restore<T: Real, R: Rule<T>>(
    state: &mut TrainingState<T, R>,
    header: Header,
    tensors: &FileTensors<'_>,
) -> Result<(), String> {
    let restored = |prefix: &str, step: u64| -> Result<Params<T>, String> {
        let mut params = state.params.clone();
        tensors.copy_to(&mut params, prefix)?;
        params.set_step(step);
        Ok(params)
    };
    let params = restored("model.", header.step)?;
    let best = match header.best() {
        Some((loss, step)) => Some((loss, restored("best.", step)?)),
        None => None,
    };
    let names = if header.optimizer_steps > 0 { state.optimizer.buffer_names() } else { &[] };
    let mut buffers = BTreeMap::new();
    for name in names {
        buffers.insert(*name, tensors.values("optimizer.", name, &[params.flat().len()])?);
    }
    let model = params.iter().count() + params.states().count();
    let expected = model * (1 + usize::from(best.is_some())) + buffers.len();
    if tensors.len() != expected {
        return Err(format!(
            "of another model: it holds {} tensors, a checkpoint of this run {expected}",
            tensors.len()
        ));
    }
    let buffer = |name: &str| buffers.get(name).map(Vec::as_slice);
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
