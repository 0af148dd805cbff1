//! All of a run in one file: safetensors that Python can read, with the rest in the header and a checksum over everything.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use autodiff::{Error, Params, Real, Tensor};
use nn::file;
use optim::Rule;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::run::{Epoch, Position, Run};

/// What is no tensor. Numbers are kept as their bits, so that a NaN comes back as well.
#[derive(Serialize, Deserialize)]
struct Header {
    step: u64,
    optimizer_steps: u64,
    rate: u64,
    epoch: u64,
    batch: usize,
    loss: u64,
    samples: usize,
    stopped: bool,
    waited: usize,
    best: Option<u64>,
    history: Vec<SavedEpoch>,
}

/// Number, loss and metrics.
type SavedEpoch = (u64, u64, Vec<(String, u64)>);

type Numbers = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

fn bytes<T: Real>(values: &[T]) -> Vec<u8> {
    // Every f32 is an f64: one type keeps all bits of either.
    values.iter().flat_map(|x| x.to_f64().to_le_bytes()).collect()
}

/// Puts parameters and state under `prefix`.
fn put<T: Real>(numbers: &mut Numbers, prefix: &str, params: &Params<T>) {
    for (name, shape, values) in params.iter().chain(params.states()) {
        numbers.insert(format!("{prefix}{name}"), (shape.to_vec(), bytes(values)));
    }
}

/// Writes the run; the old file stays until the new one is whole.
pub(crate) fn save<T: Real, R: Rule<T>>(run: &Run<T, R>, path: &Path) -> Result<(), Error> {
    let mut numbers = Numbers::new();
    put(&mut numbers, "model.", &run.params);
    for (name, values) in run.optimizer.buffers() {
        numbers.insert(format!("optimizer.{name}"), (vec![values.len()], bytes(values)));
    }
    let best = run.stopping.as_ref().and_then(|stopping| stopping.best());
    if let Some((_, params)) = best {
        put(&mut numbers, "best.", params);
    }
    let metrics = |epoch: &Epoch| epoch.metrics.iter().map(|(name, value)| (name.clone(), value.to_bits())).collect();
    let header = Header {
        step: run.params.step(),
        optimizer_steps: run.optimizer.steps(),
        rate: run.rate.to_bits(),
        epoch: run.position.epoch,
        batch: run.position.batch,
        loss: run.position.loss.to_bits(),
        samples: run.position.samples,
        stopped: run.stopped,
        waited: run.stopping.as_ref().map_or(0, |stopping| stopping.waited()),
        best: best.map(|(loss, _)| loss.to_bits()),
        history: run.history.iter().map(|epoch| (epoch.epoch, epoch.loss.to_bits(), metrics(epoch))).collect(),
    };
    let content = encode(&header, &numbers).map_err(|reason| refused(path, reason))?;
    file::replace(path, |file| file.write_all(&content))
}

fn encode(header: &Header, numbers: &Numbers) -> Result<Vec<u8>, String> {
    let header = serde_json::to_string(header).map_err(|error| error.to_string())?;
    let mut views = Vec::new();
    for (name, (shape, bytes)) in numbers {
        let view = TensorView::new(Dtype::F64, shape.clone(), bytes).map_err(|error| error.to_string())?;
        views.push((name.clone(), view));
    }
    let sum = checksum(&header, numbers.iter().map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice())));
    let about = HashMap::from([("run".to_owned(), header), ("crc32c".to_owned(), format!("{sum:08x}"))]);
    safetensors::serialize(views, Some(about)).map_err(|error| error.to_string())
}

/// Over the header, and names and numbers in the order of the names.
fn checksum<'a>(header: &str, numbers: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    numbers.fold(crc32c::crc32c(header.as_bytes()), |sum, (name, bytes)| {
        crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes)
    })
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::File { path: path.to_owned(), reason: reason.into() }
}

/// Brings `run` to where the file says it stood; without a file, it stays where it is.
pub(crate) fn resume<T: Real, R: Rule<T>>(run: &mut Run<T, R>, path: &Path) -> Result<(), Error> {
    let content = match fs::read(path) {
        Ok(content) => content,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(refused(path, error.to_string())),
    };
    let (header, numbers) =
        decode::<T>(&content).map_err(|reason| refused(path, format!("no checkpoint: {reason}")))?;
    let mut params = run.params.clone();
    take(&mut params, "model.", &numbers).map_err(|reason| refused(path, reason))?;
    params.set_step(header.step);
    let mut best = None;
    if let Some(loss) = header.best {
        let mut of_best = run.params.clone();
        take(&mut of_best, "best.", &numbers).map_err(|reason| refused(path, reason))?;
        best = Some((f64::from_bits(loss), of_best));
    }
    let buffer = |name: &str| numbers.get(&format!("optimizer.{name}")).map(Tensor::data);
    run.optimizer.resume(&params, header.optimizer_steps, buffer).map_err(|error| refused(path, error.to_string()))?;
    if let Some(stopping) = &mut run.stopping {
        stopping.resume(header.waited, best);
    }
    run.params = params;
    run.rate = f64::from_bits(header.rate);
    let loss = f64::from_bits(header.loss);
    run.position = Position { epoch: header.epoch, batch: header.batch, loss, samples: header.samples };
    run.stopped = header.stopped;
    let metrics = |of: Vec<(String, u64)>| of.into_iter().map(|(name, bits)| (name, f64::from_bits(bits))).collect();
    let epoch = |(epoch, loss, of)| Epoch { epoch, loss: f64::from_bits(loss), metrics: metrics(of) };
    run.history = header.history.into_iter().map(epoch).collect();
    Ok(())
}

fn decode<T: Real>(content: &[u8]) -> Result<(Header, BTreeMap<String, Tensor<T>>), String> {
    let text = |error: &dyn std::error::Error| error.to_string();
    let (_, metadata) = SafeTensors::read_metadata(content).map_err(|error| text(&error))?;
    let file = SafeTensors::deserialize(content).map_err(|error| text(&error))?;
    let about = metadata.metadata().clone().unwrap_or_default();
    let (Some(header), Some(sum)) = (about.get("run"), about.get("crc32c")) else {
        return Err("it holds parameters only, not a run".into());
    };
    let views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    if *sum != format!("{:08x}", checksum(header, views.iter().map(|(name, view)| (name.as_str(), view.data())))) {
        return Err("it is damaged: the checksum is another".into());
    }
    let mut numbers = BTreeMap::new();
    for (name, view) in views {
        let values = view.data().as_chunks::<8>().0.iter().map(|&x| T::from_f64(f64::from_le_bytes(x))).collect();
        numbers.insert(name, Tensor::new(view.shape(), values).map_err(|error| text(&error))?);
    }
    Ok((serde_json::from_str(header).map_err(|error| text(&error))?, numbers))
}

/// Takes parameters and state from under `prefix`; all of them must be there, in their shapes.
fn take<T: Real>(params: &mut Params<T>, prefix: &str, numbers: &BTreeMap<String, Tensor<T>>) -> Result<(), String> {
    let names = |of: &mut dyn Iterator<Item = &str>| of.map(str::to_owned).collect::<Vec<_>>();
    let parameters = names(&mut params.iter().map(|(name, ..)| name));
    let states = names(&mut params.states().map(|(name, ..)| name));
    let value =
        |name: &str| numbers.get(&format!("{prefix}{name}")).ok_or(format!("of another model: {name} is missing"));
    for name in &parameters {
        let id = params.id(name).map_err(|error| error.to_string())?;
        params.set(id, value(name)?).map_err(|error| error.to_string())?;
    }
    for name in &states {
        let id = params.state_id(name).map_err(|error| error.to_string())?;
        params.set_state(id, value(name)?).map_err(|error| error.to_string())?;
    }
    let due = parameters.len() + states.len();
    match numbers.keys().filter(|name| name.starts_with(prefix)).count() {
        found if found == due => Ok(()),
        found => Err(format!("of another model: it holds {found} parameters and states, this one has {due}")),
    }
}
