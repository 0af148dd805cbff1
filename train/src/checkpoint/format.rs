//! The file: safetensors, with the header and a checksum over everything in its metadata.

use std::collections::{BTreeMap, HashMap};

use autodiff::{ParamId, Params, Real, Shape, StateId, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::header::Header;

/// Shapes and bytes of numbers, by name.
#[derive(Default)]
pub(super) struct Numbers(BTreeMap<String, (Vec<usize>, Vec<u8>)>);

impl Numbers {
    pub(super) fn put<T: Real>(&mut self, name: String, shape: &[usize], values: &[T]) {
        // Every f32 is an f64: one type keeps all bits of either.
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

pub(super) fn encode(header: &Header, Numbers(numbers): &Numbers) -> Result<Vec<u8>, String> {
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

/// The content of a file. Its numbers stay where they are until they are asked for in the shape they must have.
pub(super) struct Found<'c> {
    views: BTreeMap<String, TensorView<'c>>,
}

pub(super) fn decode(content: &[u8]) -> Result<(Header, Found<'_>), String> {
    let text = |error: &dyn std::error::Error| format!("no checkpoint: {error}");
    let (_, metadata) = SafeTensors::read_metadata(content).map_err(|error| text(&error))?;
    let file = SafeTensors::deserialize(content).map_err(|error| text(&error))?;
    let about = metadata.metadata().clone().unwrap_or_default();
    let (Some(header), Some(sum)) = (about.get("run"), about.get("crc32c")) else {
        return Err("no checkpoint: it holds parameters only, not a run".into());
    };
    let views: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
    if *sum != format!("{:08x}", checksum(header, views.iter().map(|(name, view)| (name.as_str(), view.data())))) {
        return Err("no checkpoint: it is damaged: the checksum is another".into());
    }
    Ok((serde_json::from_str(header).map_err(|error| text(&error))?, Found { views }))
}

impl Found<'_> {
    pub(super) fn len(&self) -> usize {
        self.views.len()
    }

    /// An error unless there is a tensor for each parameter and state under `prefix`.
    pub(super) fn check_model<T: Real>(&self, prefix: &str, params: &Params<T>) -> Result<(), String> {
        let mut tensors = params.iter().chain(params.states());
        tensors.try_for_each(|(name, shape, _)| self.view(prefix, name, shape).map(|_| ()))
    }

    /// The numbers of this name, which must have this shape.
    fn view(&self, prefix: &str, name: &str, shape: &[usize]) -> Result<&TensorView<'_>, String> {
        let view = self.views.get(&format!("{prefix}{name}"));
        let view = view.ok_or_else(|| format!("of another model: {name} is missing"))?;
        if view.dtype() == Dtype::F64 && view.shape() == shape {
            return Ok(view);
        }
        Err(format!("of another model: {name} is {:?} {:?}, not F64 {shape:?}", view.dtype(), view.shape()))
    }

    /// The numbers of this name, which must have this shape and be finite numbers of this scalar.
    pub(super) fn values<T: Real>(&self, prefix: &str, name: &str, shape: &[usize]) -> Result<Vec<T>, String> {
        let view = self.view(prefix, name, shape)?;
        let numbers = view.data().as_chunks::<8>().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        let number = |x: f64| {
            let value = T::from_f64(x);
            if x.is_finite() && value.to_f64() == x { Ok(value) } else { Err(format!("damaged: {name} holds {x}")) }
        };
        numbers.map(number).collect()
    }

    /// Takes parameters and state from under `prefix`.
    pub(super) fn take<T: Real>(&self, params: &mut Params<T>, prefix: &str) -> Result<(), String> {
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
