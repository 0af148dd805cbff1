//! The file format: safetensors, whose metadata holds the header and a checksum of everything.

use std::collections::{BTreeMap, HashMap};

use autodiff::{ParamId, Params, Real, Shape, StateId, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::header::Header;

/// Tensors to be written, by name: shapes and bytes.
#[derive(Default)]
pub(super) struct Tensors(BTreeMap<String, (Vec<usize>, Vec<u8>)>);

impl Tensors {
    pub(super) fn put<T: Real>(&mut self, name: String, shape: &[usize], values: &[T]) {
        // As f64, which represents every f32 exactly.
        let bytes = values.iter().flat_map(|x| x.to_f64().to_le_bytes()).collect();
        self.0.insert(name, (shape.to_vec(), bytes));
    }

    /// Puts parameters and state under `prefix`.
    pub(super) fn put_params<T: Real>(&mut self, prefix: &str, params: &Params<T>) {
        for (name, shape, values) in params.iter().chain(params.states()) {
            self.put(format!("{prefix}{name}"), shape, values);
        }
    }
}

pub(super) fn encode(header: &Header, Tensors(tensors): &Tensors) -> Result<Vec<u8>, String> {
    let header = serde_json::to_string(header).map_err(|error| error.to_string())?;
    let mut views = Vec::new();
    for (name, (shape, bytes)) in tensors {
        let view = TensorView::new(Dtype::F64, shape.clone(), bytes).map_err(|error| error.to_string())?;
        views.push((name.clone(), view));
    }
    let sum = checksum(&header, tensors.iter().map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice())));
    let about = HashMap::from([(HEADER.to_owned(), header), (CHECKSUM.to_owned(), format!("{sum:08x}"))]);
    safetensors::serialize(views, Some(about)).map_err(|error| error.to_string())
}

/// The keys of the metadata.
const HEADER: &str = "training_state";
const CHECKSUM: &str = "crc32c";

/// The CRC-32C of the header, and of names and bytes in the order of the names.
fn checksum<'a>(header: &str, tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> u32 {
    tensors.fold(crc32c::crc32c(header.as_bytes()), |sum, (name, bytes)| {
        crc32c::crc32c_append(crc32c::crc32c_append(sum, name.as_bytes()), bytes)
    })
}

/// The tensors of a file, of which none is copied before its shape is checked.
pub(super) struct FileTensors<'c> {
    views: BTreeMap<String, TensorView<'c>>,
}

pub(super) fn decode(content: &[u8]) -> Result<(Header, FileTensors<'_>), String> {
    let text = |error: &dyn std::error::Error| format!("not a checkpoint: {error}");
    let (_, metadata) = SafeTensors::read_metadata(content).map_err(|error| text(&error))?;
    let file = SafeTensors::deserialize(content).map_err(|error| text(&error))?;
    let about = metadata.metadata().clone().unwrap_or_default();
    let (Some(header), Some(sum)) = (about.get(HEADER), about.get(CHECKSUM)) else {
        return Err("not a checkpoint: it holds parameters, but no training state".into());
    };
    let views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    if *sum != format!("{:08x}", checksum(header, views.iter().map(|(name, view)| (name.as_str(), view.data())))) {
        return Err("damaged: the checksum does not match".into());
    }
    Ok((serde_json::from_str(header).map_err(|error| text(&error))?, FileTensors { views }))
}

impl FileTensors<'_> {
    pub(super) fn len(&self) -> usize {
        self.views.len()
    }

    /// An error unless there is a tensor for each parameter and state under `prefix`.
    pub(super) fn check_model<T: Real>(&self, prefix: &str, params: &Params<T>) -> Result<(), String> {
        let mut tensors = params.iter().chain(params.states());
        tensors.try_for_each(|(name, shape, _)| self.view(prefix, name, shape).map(|_| ()))
    }

    /// The tensor of this name, which must have this shape.
    fn view(&self, prefix: &str, name: &str, shape: &[usize]) -> Result<&TensorView<'_>, String> {
        let view = self.views.get(&format!("{prefix}{name}"));
        let view = view.ok_or_else(|| format!("of another model: {name} is missing"))?;
        if view.dtype() == Dtype::F64 && view.shape() == shape {
            return Ok(view);
        }
        Err(format!("of another model: {name} is {:?} {:?}, not F64 {shape:?}", view.dtype(), view.shape()))
    }

    /// The values of the tensor of this name, which must have this shape, and values that are finite and exact in this scalar.
    pub(super) fn values<T: Real>(&self, prefix: &str, name: &str, shape: &[usize]) -> Result<Vec<T>, String> {
        let view = self.view(prefix, name, shape)?;
        let numbers = view.data().as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        let number = |x: f64| {
            let value = T::from_f64(x);
            if x.is_finite() && value.to_f64() == x { Ok(value) } else { Err(format!("damaged: {name} holds {x}")) }
        };
        numbers.map(number).collect()
    }

    /// Copies parameters and state from under `prefix`.
    pub(super) fn copy_to<T: Real>(&self, params: &mut Params<T>, prefix: &str) -> Result<(), String> {
        let text = |error: autodiff::Error| error.to_string();
        let tensor = |name: &str, shape: &Shape| -> Result<Tensor<T>, String> {
            Tensor::new(shape.clone(), self.values(prefix, name, shape)?).map_err(text)
        };
        let mut parameters: Vec<(ParamId, Tensor<T>)> = Vec::new();
        for (name, shape, _) in params.iter() {
            parameters.push((params.id(name).map_err(text)?, tensor(name, shape)?));
        }
        let mut states: Vec<(StateId, Tensor<T>)> = Vec::new();
        for (name, shape, _) in params.states() {
            states.push((params.state_id(name).map_err(text)?, tensor(name, shape)?));
        }
        parameters.iter().try_for_each(|(id, value)| params.set(*id, value)).map_err(text)?;
        states.iter().try_for_each(|(id, value)| params.set_state(*id, value)).map_err(text)
    }
}
