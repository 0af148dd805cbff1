//! All of a run in one file: safetensors that Python can read, with the rest in the header and a checksum over everything.

mod format;
mod header;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::path::Path;

use autodiff::{Error, Real};
use nn::io::Safetensors;
use optim::{EarlyStopping, Rule};

use crate::run::Run;
use format::{BEST, Found, MODEL, OPTIMIZER, Tensors};
use header::Header;
pub(crate) use header::same_settings;

/// Writes the run; the old file stays until the new one is whole.
pub(crate) fn save<T: Real, R: Rule<T>>(run: &Run<T, R>, path: &Path) -> Result<(), Error> {
    run.check_finite()?;
    let mut tensors = Tensors::new();
    tensors.add_params(MODEL, &run.params);
    for (name, values) in run.optimizer.buffers() {
        tensors.add(format!("{OPTIMIZER}{name}"), &[values.len()], values);
    }
    if let Some((_, best)) = run.stopping.as_ref().and_then(|stopping| stopping.best()) {
        tensors.add_params(BEST, best);
    }
    let header = Header::of(run).and_then(|header| serde_json::to_string(&header).map_err(|error| error.to_string()));
    tensors.write(path, &header.map_err(|reason| refused(path, reason))?)
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
    if !path.try_exists().map_err(|error| refused(path, error.to_string()))? {
        return Ok(());
    }
    let mut file = Safetensors::open(path)?;
    read(run, &mut file, settings)
        .and_then(|(header, found)| restore(run, header, &found))
        .map_err(|reason| refused(path, reason))
}

/// The content of the file, if it is a checkpoint of this run.
fn read<T: Real, R: Rule<T>>(
    run: &Run<T, R>,
    file: &mut Safetensors,
    settings: &BTreeMap<String, String>,
) -> Result<(Header, Found<T>), String> {
    let header = file.metadata("run").ok_or("no checkpoint: it holds parameters only, not a run")?;
    let header: Header = serde_json::from_str(header).map_err(|error| format!("no checkpoint: {error}"))?;
    header.check_scalar::<T>()?;
    let mut tensors = Tensors::new();
    tensors.add_params(MODEL, &run.params);
    tensors.check(file)?;
    header.check(run, settings)?;
    if header.best().is_some() {
        tensors.add_params(BEST, &run.params);
    }
    for name in buffer_names(run, &header) {
        tensors.add(format!("{OPTIMIZER}{name}"), &[run.params.flat().len()], &[]);
    }
    let found = tensors.read(file)?;
    Ok((header, found))
}

/// The names of the optimizer's buffers, which it has from its first step on.
fn buffer_names<T: Real, R: Rule<T>>(run: &Run<T, R>, header: &Header) -> &'static [&'static str] {
    if header.optimizer_steps > 0 { run.optimizer.buffer_names() } else { &[] }
}

/// Takes all or nothing.
fn restore<T: Real, R: Rule<T>>(run: &mut Run<T, R>, header: Header, found: &Found<T>) -> Result<(), String> {
    let mut params = found.params(MODEL, &run.params)?;
    params.set_step(header.step);
    let best = match header.best() {
        Some((loss, step)) => {
            let mut best = found.params(BEST, &run.params)?;
            best.set_step(step);
            Some((loss, best))
        }
        None => None,
    };
    let mut buffers = BTreeMap::new();
    for &name in buffer_names(run, &header) {
        buffers.insert(name, found.tensor(&format!("{OPTIMIZER}{name}"))?.data());
    }
    let buffer = |name: &str| buffers.get(name).copied();
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
