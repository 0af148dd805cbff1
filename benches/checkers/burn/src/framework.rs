//! Burn's primitives for the sweep.

use adapters::Framework;
use autodiff::check::Storage;
use burn_tensor::{Device, FloatDType, TensorData};

use crate::ranks::{Any, Rank};

/// Burn on a CPU backend in f64.
pub struct Burn {
    device: Device,
}

pub fn text(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

impl Burn {
    pub fn flex() -> Result<Self, String> {
        Self::on(Device::flex())
    }

    #[allow(deprecated)]
    pub fn ndarray() -> Result<Self, String> {
        Self::on(Device::ndarray())
    }

    fn on(mut device: Device) -> Result<Self, String> {
        device.configure(FloatDType::F64).map_err(text)?;
        Ok(Burn { device: device.autodiff() })
    }

    fn tensor(&self, values: &autodiff::Tensor<f64>, needs_gradient: bool) -> Result<Any, String> {
        let data = TensorData::new(values.data().to_vec(), values.shape().to_vec());
        Any::new(data, &self.device, needs_gradient)
    }
}

impl Framework for Burn {
    type Tensor = Any;

    fn leaf(&self, values: &autodiff::Tensor<f64>, needs_gradient: bool) -> Result<Any, String> {
        self.tensor(values, needs_gradient)
    }

    fn view(&self, leaf: &Any, storage: Storage, shape: &[usize]) -> Result<Any, String> {
        Ok(match storage {
            Storage::Dense => leaf.clone(),
            Storage::Transposed => leaf.reversed(),
            Storage::Narrowed => leaf.odd(),
            Storage::Broadcast => leaf.spread(shape),
        })
    }

    fn inner(&self, x: &Any, weights: &autodiff::Tensor<f64>) -> Result<Any, String> {
        x.inner(&self.tensor(weights, false)?).map(Any::R1)
    }

    fn sum(&self, x: Any, y: Any) -> Result<Any, String> {
        let (x, y): (burn_tensor::Tensor<1>, burn_tensor::Tensor<1>) = (x.get()?, y.get()?);
        Ok(Any::R1(x + y))
    }

    fn values(&self, x: &Any) -> Result<autodiff::Tensor<f64>, String> {
        autodiff::Tensor::new(x.dims().as_slice(), x.values()?).map_err(text)
    }

    fn backward(&self, loss: &Any, leaves: &[Any]) -> Result<Vec<Option<autodiff::Tensor<f64>>>, String> {
        let loss: burn_tensor::Tensor<1> = loss.get()?;
        if !loss.is_tracked() {
            return Ok(leaves.iter().map(|_| None).collect());
        }
        let gradients = loss.backward();
        leaves.iter().map(|leaf| leaf.gradient(&gradients).map(|gradient| self.values(&gradient)).transpose()).collect()
    }

    fn storages(&self) -> &[Storage] {
        &Storage::ALL
    }
}
