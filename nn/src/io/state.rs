//! All parameters and states of a model in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use autodiff::{Error, Params, Real, Shape, Tensor};

use super::fault::{Fault, NAME, listed, shortened};
use super::safetensors::{RESERVED, Safetensors};

/// The key of the metadata for the prefix of the model's names, in a file that holds more than one set of parameters, such as
/// a trainer's checkpoint.
const PREFIX: &str = "model_prefix";

/// The differences between a file and the parameters it is loaded into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Names that the file lacks.
    pub missing: Vec<String>,
    /// Names that the parameters lack.
    pub unexpected: Vec<String>,
    /// Names whose shape differs: name, shape of the parameter, shape in the file.
    pub misshapen: Vec<(String, Shape, Shape)>,
}

impl Differences {
    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshapen.is_empty()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = |(name, wanted, found): &(String, Shape, Shape)| {
            format!("{} is {wanted}, in the file {found}", shortened(name, NAME))
        };
        let shapes: Vec<String> = self.misshapen.iter().map(shape).collect();
        let parts = [("missing", &self.missing), ("unexpected", &self.unexpected), ("of another shape", &shapes)];
        let named = parts.into_iter().filter(|(_, names)| !names.is_empty());
        let named = named.map(|(what, names)| format!("{what}: {}", listed(names.iter().map(String::as_str))));
        f.write_str(&named.collect::<Vec<_>>().join("; "))
    }
}

/// Writes all parameters and states. The file is replaced whole or left as it was.
///
/// # Errors
/// A file that cannot be written; a mistake made while registering; the name `__metadata__`, which the format reserves.
pub fn save<T: Real>(params: &Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    params.check()?;
    if let Some((name, ..)) = tensors(params).find(|(name, ..)| *name == RESERVED) {
        let reason = "cannot be saved: safetensors keeps this name for itself; register it under another".into();
        return Err(Error::Parameter { name: name.into(), reason });
    }
    Safetensors::write(path, tensors(params), [])
}

/// Reads all parameters and states, from a file of [`save`] or a trainer's checkpoint. Either all are set or none.
///
/// Reading takes the memory of the parameters once more.
///
/// # Errors
/// A file that cannot be read or is damaged; names or shapes that differ from those of the parameters, which are listed;
/// a finite number that is infinite in `T`; a mistake made while registering.
pub fn load<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    let (found, differences) = read(params, path.as_ref())?;
    if !differences.is_empty() {
        return Err(Fault::new(differences.to_string()).at(path.as_ref()));
    }
    set(params, &found)
}

/// Reads the parameters and states that the file holds in the same shape, and returns the differences: to start from the
/// weights of another model.
///
/// # Errors
/// A file that cannot be read or is damaged; a finite number that is infinite in `T`; a mistake made while registering.
pub fn load_matching<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<Differences, Error> {
    let (found, differences) = read(params, path.as_ref())?;
    set(params, &found)?;
    Ok(differences)
}

/// Every parameter and state.
fn tensors<T: Real>(params: &Params<T>) -> impl Iterator<Item = (&str, &Shape, &[T])> {
    params.iter().chain(params.states())
}

type Found<T> = BTreeMap<String, Tensor<T>>;

/// The tensors of a file for these parameters, and the differences.
fn read<T: Real>(params: &Params<T>, path: &Path) -> Result<(Found<T>, Differences), Error> {
    params.check()?;
    let mut file = Safetensors::open(path)?;
    let prefix = file.metadata(PREFIX).unwrap_or("").to_owned();
    let mut unexpected: BTreeSet<String> =
        file.names().iter().filter_map(|name| name.strip_prefix(&prefix)).map(str::to_owned).collect();
    let (mut found, mut differences) = (Found::new(), Differences::default());
    for (name, shape, _) in tensors(params) {
        unexpected.remove(name);
        let stored = format!("{prefix}{name}");
        match file.shape(&stored) {
            None => differences.missing.push(name.to_owned()),
            Some(other) if other != &shape[..] => {
                differences.misshapen.push((name.to_owned(), shape.clone(), Shape::new(other)));
            }
            Some(_) => drop(found.insert(name.to_owned(), file.tensor(&stored)?)),
        }
    }
    differences.unexpected = unexpected.into_iter().collect();
    Ok((found, differences))
}

fn set<T: Real>(params: &mut Params<T>, found: &Found<T>) -> Result<(), Error> {
    for (name, tensor) in found {
        match params.id(name) {
            Ok(id) => params.set(id, tensor)?,
            Err(_) => params.set_state(params.state_id(name)?, tensor)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
