//! Layers with the weights of the data.

use anyhow::Result;
use burn::module::Param;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};
use protocol::{Array, Convolution, Data};

/// The data, and where its tensors are put.
pub(crate) struct Weights<'d> {
    pub(crate) data: &'d Data,
    pub(crate) device: Device,
}

impl Weights<'_> {
    pub(crate) fn tensor<const D: usize>(&self, name: &str) -> Result<Tensor<D>> {
        Ok(self.place(self.data.get(name)?))
    }

    fn place<const D: usize>(&self, array: Array) -> Tensor<D> {
        Tensor::from_data(TensorData::new(array.values, array.shape), &self.device)
    }

    /// Burn has weights as `[fan_in, fan_out]`.
    pub(crate) fn linear(&self, name: &str) -> Result<Linear> {
        let weight = self.data.get(&format!("{name}.weight"))?;
        let mut layer = LinearConfig::new(weight.shape[1], weight.shape[0]).init(&self.device);
        layer.weight = Param::from_tensor(self.place(weight.transposed()?));
        layer.bias = Some(Param::from_tensor(self.tensor(&format!("{name}.bias"))?));
        Ok(layer)
    }

    pub(crate) fn norm(&self, name: &str) -> Result<BatchNorm> {
        let (gamma, beta) = (self.tensor::<1>(&format!("{name}.weight"))?, self.tensor(&format!("{name}.bias"))?);
        let mut layer = BatchNormConfig::new(gamma.dims()[0]).init(&self.device);
        (layer.gamma, layer.beta) = (Param::from_tensor(gamma), Param::from_tensor(beta));
        Ok(layer)
    }

    pub(crate) fn convolution(&self, of: &Convolution) -> Result<Conv2d> {
        let padding = of.kernel / 2;
        let config = Conv2dConfig::new([of.from, of.to], [of.kernel; 2])
            .with_stride([of.stride; 2])
            .with_padding(PaddingConfig2d::Explicit(padding, padding, padding, padding))
            .with_bias(false);
        let mut layer = config.init(&self.device);
        layer.weight = Param::from_tensor(self.tensor(&format!("{}.weight", of.conv))?);
        Ok(layer)
    }
}
