//! Candle's primitives for the sweep.

use adapters::Framework;
use autodiff::check::Storage;
use candle_core::{DType, Device, Tensor, Var};

/// Candle on the CPU in f64.
pub struct Candle;

pub fn text(error: candle_core::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

fn constant(values: &autodiff::Tensor<f64>) -> candle_core::Result<Tensor> {
    Tensor::from_slice(values.data(), values.shape().to_vec(), &Device::Cpu)
}

impl Framework for Candle {
    type Tensor = Tensor;

    fn leaf(&self, values: &autodiff::Tensor<f64>, needs_gradient: bool) -> Result<Tensor, String> {
        let leaf = constant(values).map_err(text)?;
        if needs_gradient { Ok(Var::from_tensor(&leaf).map_err(text)?.into_inner()) } else { Ok(leaf) }
    }

    fn view(&self, leaf: &Tensor, storage: Storage, shape: &[usize]) -> Result<Tensor, String> {
        let view = match storage {
            Storage::Transposed => leaf.permute((0..shape.len()).rev().collect::<Vec<_>>()),
            Storage::Broadcast => leaf.broadcast_as(shape),
            Storage::Dense | Storage::Narrowed => Ok(leaf.clone()),
        };
        view.map_err(text)
    }

    fn inner(&self, x: &Tensor, weights: &autodiff::Tensor<f64>) -> Result<Tensor, String> {
        let weighted = constant(weights).and_then(|weights| x.contiguous()?.mul(&weights));
        weighted.and_then(|weighted| weighted.sum_all()).map_err(text)
    }

    fn sum(&self, x: Tensor, y: Tensor) -> Result<Tensor, String> {
        (x + y).map_err(text)
    }

    fn values(&self, x: &Tensor) -> Result<autodiff::Tensor<f64>, String> {
        let flat = x.to_dtype(DType::F64).and_then(|x| x.flatten_all()?.to_vec1::<f64>()).map_err(text)?;
        autodiff::Tensor::new(x.dims(), flat).map_err(|error| error.to_string())
    }

    fn backward(&self, loss: &Tensor, leaves: &[Tensor]) -> Result<Vec<Option<autodiff::Tensor<f64>>>, String> {
        let gradients = loss.backward().map_err(text)?;
        leaves.iter().map(|leaf| gradients.get(leaf).map(|gradient| self.values(gradient)).transpose()).collect()
    }

    /// Candle has no views with a step: `narrow` takes every element.
    fn storages(&self) -> &[Storage] {
        &[Storage::Dense, Storage::Transposed, Storage::Broadcast]
    }
}
