//! Parameters and state on disk, in the safetensors format that Python reads, and a table of them.
//!
//! The names are those they were registered under; `f32` and `f64` are written as they are, row-major. In Python:
//! `safetensors.numpy.load_file("model.safetensors")`, or for PyTorch `safetensors.torch.load_file`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::Read;
use std::path::Path;

use autodiff::{Error, Params, Real, Shape, Tensor};
use comfy_table::{CellAlignment, Table, presets};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::file::{self, Fault};

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
        let shapes =
            self.misshapen.iter().map(|(name, wanted, found)| format!("{name} is {wanted}, in the file {found}"));
        let parts = [("missing", self.missing.clone()), ("unexpected", self.unexpected.clone())];
        let parts = parts.into_iter().chain([("of another shape", shapes.collect())]);
        let named =
            parts.filter(|(_, names)| !names.is_empty()).map(|(what, names)| format!("{what}: {}", names.join(", ")));
        f.write_str(&named.collect::<Vec<_>>().join("; "))
    }
}

/// Writes all parameters and states. The file is replaced whole or left as it was.
///
/// # Errors
/// A file that cannot be written; a mistake made while registering.
pub fn save<T: Real>(params: &Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    params.check()?;
    let path = path.as_ref();
    file::write(path, |file| Ok(file.write_all(&encode(params)?)?))
}

/// Reads all parameters and states. Either all are taken or none.
///
/// # Errors
/// A file that cannot be read or is damaged; one whose names or shapes differ from those of the parameters, with the list.
pub fn load<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let due: usize = tensors(params).map(|(_, shape, _)| 8 * shape.size()).sum();
    let bytes = read(path, Some(due))?;
    let (found, differences) = compare(params, &bytes).map_err(|fault| fault.at(path))?;
    if !differences.is_empty() {
        return Err(Fault::new(differences.to_string()).at(path));
    }
    take(params, &found)
}

/// Reads those parameters and states that are in the file in the same shape, and says what differs: to start from another
/// model's weights.
///
/// # Errors
/// A file that cannot be read or is damaged.
pub fn load_matching<T: Real>(params: &mut Params<T>, path: impl AsRef<Path>) -> Result<Differences, Error> {
    let path = path.as_ref();
    let bytes = read(path, None)?;
    let (found, differences) = compare(params, &bytes).map_err(|fault| fault.at(path))?;
    take(params, &found)?;
    Ok(differences)
}

/// Room for names in a file's header, as the format limits it.
const HEADER: usize = 100_000_000;

/// The bytes of a file, which hold at most `due` bytes of numbers.
fn read(path: &Path, due: Option<usize>) -> Result<Vec<u8>, Error> {
    file::read(path, |mut reader| {
        let mut bytes = Vec::new();
        match due.map(|due| (due + HEADER) as u64) {
            None => drop(reader.read_to_end(&mut bytes)?),
            Some(most) => {
                if reader.by_ref().take(most + 1).read_to_end(&mut bytes)? as u64 > most {
                    return Err(Fault::new("larger than a file of these parameters can be"));
                }
            }
        }
        Ok(bytes)
    })
}

/// Every parameter and state.
fn tensors<T: Real>(params: &Params<T>) -> impl Iterator<Item = (&str, &Shape, &[T])> {
    params.iter().chain(params.states())
}

/// A number as bytes of its own type, or as `f64` where that is no type of the format.
fn bytes_of<T: Real>(values: &[T]) -> (Dtype, Vec<u8>) {
    if size_of::<T>() == size_of::<f32>() {
        (Dtype::F32, values.iter().flat_map(|x| (x.to_f64() as f32).to_le_bytes()).collect())
    } else {
        (Dtype::F64, values.iter().flat_map(|x| x.to_f64().to_le_bytes()).collect())
    }
}

/// All parameters and states as the content of a safetensors file.
fn encode<T: Real>(params: &Params<T>) -> Result<Vec<u8>, Fault> {
    let data: Vec<_> = tensors(params).map(|(name, shape, values)| (name, shape, bytes_of(values))).collect();
    let mut views = Vec::with_capacity(data.len());
    for (name, shape, (dtype, bytes)) in &data {
        views.push((*name, TensorView::new(*dtype, shape.to_vec(), bytes)?));
    }
    // PyTorch's reader looks for the format.
    let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    Ok(safetensors::serialize(views, Some(about))?)
}

type Found<T> = BTreeMap<String, Tensor<T>>;

/// What the content of a safetensors file has for these parameters, and in what it differs.
fn compare<T: Real>(params: &Params<T>, bytes: &[u8]) -> Result<(Found<T>, Differences), Fault> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| Fault::new(format!("no safetensors file: {error}")))?;
    let mut differences = Differences::default();
    let mut rest: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    let mut found = Found::new();
    for (name, shape, _) in tensors(params) {
        match rest.remove(name) {
            None => differences.missing.push(name.to_owned()),
            Some(view) if view.shape() != &shape[..] => {
                differences.misshapen.push((name.to_owned(), shape.clone(), Shape::new(view.shape())));
            }
            Some(view) => {
                let tensor = decode(&view, shape).map_err(|fault| fault.within(name))?;
                found.insert(name.to_owned(), tensor);
            }
        }
    }
    differences.unexpected = rest.into_keys().collect();
    Ok((found, differences))
}

fn decode<T: Real>(view: &TensorView<'_>, shape: &Shape) -> Result<Tensor<T>, Fault> {
    let data = view.data();
    let values: Vec<T> = match view.dtype() {
        Dtype::F32 => data.as_chunks::<4>().0.iter().map(|&x| T::from_f64(f32::from_le_bytes(x).into())).collect(),
        Dtype::F64 => data.as_chunks::<8>().0.iter().map(|&x| T::from_f64(f64::from_le_bytes(x))).collect(),
        other => return Err(Fault::new(format!("has numbers of type {other:?}; F32 and F64 are read"))),
    };
    Ok(Tensor::new(shape.clone(), values)?)
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
