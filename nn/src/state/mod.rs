//! Parameters and state on disk, in the safetensors format that Python reads, and a table of them.
//!
//! The names are those they were registered under; `f32` and `f64` are written as they are, row-major, and duals by their
//! values, without derivatives, in the scalar beneath. In Python: `safetensors.numpy.load_file("model.safetensors")`, or for
//! PyTorch `safetensors.torch.load_file`.
//!
//! Reading takes the memory of the parameters once more, and that of the file's header. Of a larger file nothing else is
//! read, so there is no limit to set.

mod format;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use autodiff::{Error, Params, Real, Shape, Tensor};
use comfy_table::{CellAlignment, Table, presets};

use crate::file::{self, Fault, NAME, Source, listed, shortened};
use format::Header;

/// In what a file and the parameters it is loaded into differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Names that the file should have.
    pub missing: Vec<String>,
    /// Names that the file has besides.
    pub unexpected: Vec<String>,
    /// Names of which the file has another shape: name, shape wanted, shape found.
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
/// A file that cannot be written; a mistake made while registering; the name `__metadata__`, which is the format's own.
pub fn save<T: Real>(params: &Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    params.check()?;
    if let Some((name, ..)) = tensors(params).find(|(name, ..)| *name == format::RESERVED) {
        let reason = "cannot be saved: safetensors keeps this name for itself; register it under another".into();
        return Err(Error::Parameter { name: name.into(), reason });
    }
    file::write(path.as_ref(), |mut file| format::write(tensors(params), &mut file))
}

/// Reads all parameters and states. Either all are taken or none.
///
/// # Errors
/// A file that cannot be read or is damaged; one whose names or shapes differ from those of the parameters, with the list;
/// a number that is finite and would be infinite in `T`; a mistake made while registering.
pub fn load<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    params.check()?;
    let due = tensors(params).map(|(_, shape, _)| 8 * shape.size()).sum();
    let (found, differences) = read(params, path.as_ref(), Some(due))?;
    if !differences.is_empty() {
        return Err(Fault::new(differences.to_string()).at(path.as_ref()));
    }
    take(params, &found)
}

/// Reads those parameters and states that are in the file in the same shape, and says what differs: to start from another
/// model's weights.
///
/// # Errors
/// A file that cannot be read or is damaged; a number that is finite and would be infinite in `T`; a mistake made while
/// registering.
pub fn load_matching<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<Differences, Error> {
    params.check()?;
    let (found, differences) = read(params, path.as_ref(), None)?;
    take(params, &found)?;
    Ok(differences)
}

/// Every parameter and state.
fn tensors<T: Real>(params: &Params<T>) -> impl Iterator<Item = (&str, &Shape, &[T])> {
    params.iter().chain(params.states())
}

type Found<T> = BTreeMap<String, Tensor<T>>;

/// What a file, which holds at most `due` bytes of numbers, has for these parameters, and in what it differs.
fn read<T: Real>(params: &Params<T>, path: &Path, due: Option<usize>) -> Result<(Found<T>, Differences), Error> {
    Source::new(path).read(|mut file, _| {
        let header = Header::read(&mut file, due)?;
        let mut differences = Differences::default();
        let mut unexpected = header.names();
        let mut found = Found::new();
        for (name, shape, _) in tensors(params) {
            unexpected.remove(name);
            match header.shape(name) {
                None => differences.missing.push(name.to_owned()),
                Some(other) if other != &shape[..] => {
                    differences.misshapen.push((name.to_owned(), shape.clone(), Shape::new(other)));
                }
                Some(_) => {
                    let tensor = header.tensor(name, &mut file).map_err(|fault| fault.within(name))?;
                    found.insert(name.to_owned(), tensor);
                }
            }
        }
        differences.unexpected = unexpected.into_iter().collect();
        Ok((found, differences))
    })
}

fn take<T: Real>(params: &mut Params<T>, found: &Found<T>) -> Result<(), Error> {
    for (name, tensor) in found {
        match params.id(name) {
            Ok(id) => params.set(id, tensor)?,
            Err(_) => params.set_state(params.state_id(name)?, tensor)?,
        }
    }
    Ok(())
}

/// Name, shape and count of every parameter and state, and the totals.
///
/// ```
/// use autodiff::Params;
/// use nn::Linear;
///
/// let mut params = Params::<f32>::new(0);
/// Linear::new(params.scope("fc"), 64, 10);
/// let table = nn::state::summary(&params).to_string();
/// assert!(table.contains("fc.weight") && table.contains("[10, 64]") && table.contains("650"));
/// ```
pub fn summary<T: Real>(params: &Params<T>) -> impl fmt::Display {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["name", "shape", "count"]);
    let mut total = |what: &str, rows: &mut dyn Iterator<Item = (&str, &Shape, &[T])>| {
        let mut sum = 0;
        for (name, shape, values) in rows {
            table.add_row([name.to_owned(), shape.to_string(), values.len().to_string()]);
            sum += values.len();
        }
        if sum > 0 {
            table.add_row([what.to_owned(), String::new(), sum.to_string()]);
        }
    };
    total("all parameters", &mut params.iter());
    total("all state", &mut params.states());
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

#[cfg(test)]
mod tests;
