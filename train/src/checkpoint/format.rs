//! The file format: safetensors, whose metadata holds the header and a checksum of everything.

use std::collections::BTreeMap;
use std::path::Path;

use autodiff::{Error, Params, Real, Shape, Tensor};
use nn::io::Safetensors;

use crate::checksum::of_numbers;

/// The prefixes of the names in the file.
pub(super) const MODEL: &str = "model.";
pub(super) const BEST: &str = "best.";
pub(super) const OPTIMIZER: &str = "optimizer.";

/// Names and shapes of tensors, with their values if those are written.
pub(super) struct Tensors<'a, T>(Vec<(String, Shape, &'a [T])>);

impl<'a, T: Real> Tensors<'a, T> {
    pub(super) fn new() -> Self {
        Tensors(Vec::new())
    }

    pub(super) fn add(&mut self, name: String, shape: &[usize], values: &'a [T]) {
        self.0.push((name, Shape::new(shape), values));
    }

    /// Adds all parameters and states, under `prefix`.
    pub(super) fn add_params(&mut self, prefix: &str, params: &'a Params<T>) {
        for (name, shape, values) in params.iter().chain(params.states()) {
            self.add(format!("{prefix}{name}"), shape, values);
        }
    }

    pub(super) fn write(&self, path: &Path, header: &str) -> Result<(), Error> {
        let sum = checksum(header, self.0.iter().map(|(name, _, values)| (name.as_str(), *values)).collect());
        let tensors = self.0.iter().map(|(name, shape, values)| (name.as_str(), shape, *values));
        // `nn::io::load` finds the weights by the prefix.
        Safetensors::write(path, tensors, [("training_state", header), ("crc32c", &sum), ("model_prefix", MODEL)])
    }

    /// An error unless the file has tensors of these names and shapes.
    pub(super) fn check(&self, file: &Safetensors) -> Result<(), String> {
        self.0.iter().try_for_each(|(name, shape, _)| {
            let of_model = name.strip_prefix(MODEL).unwrap_or(name);
            match file.shape(name) {
                None => Err(format!("of another model: {of_model} is missing")),
                Some(found) if found != &shape[..] => {
                    Err(format!("of another model: {of_model} is {}, not {shape}", Shape::new(found)))
                }
                Some(_) => Ok(()),
            }
        })
    }

    /// Reads the file, which must hold tensors of these names and shapes and no others.
    pub(super) fn read(&self, file: &mut Safetensors) -> Result<FileTensors<T>, String> {
        self.check(file)?;
        let (found, expected) = (file.names().len(), self.0.len());
        if found != expected {
            return Err(format!("of another model: it holds {found} tensors, a checkpoint of this run {expected}"));
        }
        let mut tensors = BTreeMap::new();
        for (name, ..) in &self.0 {
            let tensor = file.tensor::<T>(name).map_err(|error| error.to_string())?;
            tensors.insert(name.clone(), tensor);
        }
        let values = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.data())).collect();
        if file.metadata("crc32c") != Some(&checksum(file.metadata("training_state").unwrap_or_default(), values)) {
            return Err("not a checkpoint: it is damaged: the checksum is another".into());
        }
        match tensors.iter().find(|(_, tensor)| !T::all_finite(tensor.data())) {
            Some((name, _)) => Err(format!("damaged: {name} holds an infinity or a NaN")),
            None => Ok(FileTensors(tensors)),
        }
    }
}

/// The checksum of the header, and of names and numbers, as bytes of the file, in the order of the names.
fn checksum<T: Real>(header: &str, mut tensors: Vec<(&str, &[T])>) -> String {
    tensors.sort_by_key(|&(name, _)| name);
    let sum = tensors.into_iter().fold(crc32c::crc32c(header.as_bytes()), |sum, (name, values)| {
        of_numbers(crc32c::crc32c_append(sum, name.as_bytes()), values)
    });
    format!("{sum:08x}")
}

/// The tensors of a file.
pub(super) struct FileTensors<T: Real>(BTreeMap<String, Tensor<T>>);

impl<T: Real> FileTensors<T> {
    /// The tensor of this name.
    pub(super) fn tensor(&self, name: &str) -> Result<&Tensor<T>, String> {
        self.0.get(name).ok_or_else(|| format!("of another model: {name} is missing"))
    }

    /// The parameters and states under `prefix`, in the layout of `params`.
    pub(super) fn params(&self, prefix: &str, params: &Params<T>) -> Result<Params<T>, String> {
        let text = |error: Error| error.to_string();
        let mut read = params.clone();
        for (name, ..) in params.iter() {
            let id = params.id(name).map_err(text)?;
            read.set(id, self.tensor(&format!("{prefix}{name}"))?).map_err(text)?;
        }
        for (name, ..) in params.states() {
            let id = params.state_id(name).map_err(text)?;
            read.set_state(id, self.tensor(&format!("{prefix}{name}"))?).map_err(text)?;
        }
        Ok(read)
    }
}
