//! All of a run in one file: safetensors that Python can read, with the rest in the header and a checksum over everything.

mod format;
mod header;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use autodiff::{Error, Params, Real};
use nn::io;
use optim::{EarlyStopping, Rule};

use crate::run::Run;
use format::{Found, Numbers};
use header::Header;
pub(crate) use header::same_settings;

/// Writes the run; the old file stays until the new one is whole.
pub(crate) fn save<T: Real, R: Rule<T>>(run: &Run<T, R>, path: &Path) -> Result<(), Error> {
    run.check_finite()?;
    let mut numbers = Numbers::default();
    numbers.put_params("model.", &run.params);
    for (name, values) in run.optimizer.buffers() {
        numbers.put(format!("optimizer.{name}"), &[values.len()], values);
    }
    if let Some((_, best)) = run.stopping.as_ref().and_then(|stopping| stopping.best()) {
        numbers.put_params("best.", best);
    }
    let content = Header::of(run).and_then(|header| format::encode(&header, &numbers));
    let content = content.map_err(|reason| refused(path, reason))?;
    io::replace(path, |file| file.write_all(&content))
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}

/// The name of a scalar whose numbers a file can hold.
fn scalar<T: Real>() -> Result<&'static str, String> {
    match TypeId::of::<T>() {
        id if id == TypeId::of::<f32>() => Ok("f32"),
        id if id == TypeId::of::<f64>() => Ok("f64"),
        _ => Err(format!("a checkpoint holds f32 or f64, not {}", std::any::type_name::<T>())),
    }
}

/// Restores the run from the file; does nothing where there is none. `settings` are those of the training that goes on.
pub(crate) fn resume<T: Real, R: Rule<T>>(
    run: &mut Run<T, R>,
    path: &Path,
    settings: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let Some(content) = read(run, path)? else { return Ok(()) };
    let restored = format::decode(&content).and_then(|(header, found)| {
        header.check_scalar::<T>()?;
        found.check_model("model.", &run.params)?;
        header.check(run, settings)?;
        restore(run, header, &found)
    });
    restored.map_err(|reason| refused(path, reason))
}

/// The bytes of the file, of which there are no more than a checkpoint of this run can have.
fn read<T: Real, R: Rule<T>>(run: &Run<T, R>, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    /// The longest header that the format allows.
    const HEADER: u64 = 100_000_000;
    let failed = |error: std::io::Error| refused(path, error.to_string());
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        // Opening a pipe waits for someone to write into it.
        Ok(found) if !found.is_file() => return Err(refused(path, "no checkpoint: it is not a file")),
        found => found.map_err(failed)?,
    };
    let model: usize = run.params.iter().chain(run.params.states()).map(|(_, _, values)| values.len()).sum();
    // Parameters and the best of them, and a few buffers.
    let limit = HEADER.saturating_add((model as u64).saturating_mul(16 * 8));
    let mut content = Vec::new();
    File::open(path).and_then(|file| file.take(limit).read_to_end(&mut content)).map_err(failed)?;
    if content.len() as u64 == limit {
        return Err(refused(path, "no checkpoint: larger than one of this run can be"));
    }
    Ok(Some(content))
}

/// Takes all or nothing.
fn restore<T: Real, R: Rule<T>>(run: &mut Run<T, R>, header: Header, found: &Found<'_>) -> Result<(), String> {
    let taken = |prefix: &str, step: u64| -> Result<Params<T>, String> {
        let mut params = run.params.clone();
        found.take(&mut params, prefix)?;
        params.set_step(step);
        Ok(params)
    };
    let params = taken("model.", header.step)?;
    let best = match header.best() {
        Some((loss, step)) => Some((loss, taken("best.", step)?)),
        None => None,
    };
    let names = if header.optimizer_steps > 0 { run.optimizer.buffer_names() } else { &[] };
    let mut buffers = BTreeMap::new();
    for name in names {
        buffers.insert(*name, found.values("optimizer.", name, &[params.flat().len()])?);
    }
    let model = params.iter().count() + params.states().count();
    let due = model * (1 + usize::from(best.is_some())) + buffers.len();
    if found.len() != due {
        return Err(format!("of another model: it holds {} tensors, a checkpoint of this run {due}", found.len()));
    }
    let buffer = |name: &str| buffers.get(name).map(Vec::as_slice);
    run.optimizer.resume(&params, header.optimizer_steps, buffer).map_err(|error| error.to_string())?;
    // From here on nothing fails.
    run.optimizer.set_rate(header.current_rate());
    run.stopping.get_or_insert_with(|| EarlyStopping::new(usize::MAX)).resume(header.waited, best);
    run.params = params;
    run.position = header.position();
    run.stopped = header.stopped;
    run.settings.clone_from(&header.settings);
    run.history = header.history();
    Ok(())
}
