//! The networks of dense layers.

use anyhow::Result;
use burn::module::Module;
use burn::nn::{BatchNorm, Dropout, DropoutConfig, Linear};
use burn::tensor::Tensor;
use burn::tensor::activation::{relu, sigmoid, tanh};
use protocol::{Activation, ResidualDense};

use crate::weights::Weights;

/// Layers, each with an activation but the last.
#[derive(Module, Debug)]
pub(crate) struct Dense {
    layers: Vec<Linear>,
    dropout: Dropout,
}

impl Dense {
    pub(crate) fn new(layers: usize, weights: &Weights<'_>) -> Result<Self> {
        let layers = (0..layers).map(|k| weights.linear(&format!("fc{k}"))).collect::<Result<_>>()?;
        Ok(Dense { layers, dropout: DropoutConfig::new(0.5).init() })
    }

    pub(crate) fn forward(&self, settings: &protocol::Dense, images: Tensor<2>) -> Tensor<2> {
        let mut x = images;
        for (k, layer) in self.layers.iter().enumerate() {
            x = layer.forward(x);
            if k + 1 < self.layers.len() {
                x = match settings.activation {
                    Activation::Tanh => tanh(x),
                    Activation::Sigmoid => sigmoid(x),
                    Activation::Relu => relu(x),
                };
                x = if settings.dropout { self.dropout.forward(x) } else { x };
            }
        }
        x
    }
}

/// Residual blocks and a readout.
#[derive(Module, Debug)]
pub(crate) struct Residual {
    layers: Vec<Linear>,
    norms: Vec<BatchNorm>,
    readout: Linear,
}

impl Residual {
    pub(crate) fn new(settings: &ResidualDense, weights: &Weights<'_>) -> Result<Self> {
        Ok(Residual {
            layers: (0..settings.blocks).map(|k| weights.linear(&format!("fc{k}"))).collect::<Result<_>>()?,
            norms: (0..settings.blocks).map(|k| weights.norm(&format!("bn{k}"))).collect::<Result<_>>()?,
            readout: weights.linear("readout")?,
        })
    }

    pub(crate) fn forward(&self, images: Tensor<2>) -> Tensor<2> {
        let block = |x: Tensor<2>, (layer, norm): (&Linear, &BatchNorm)| {
            let branch = relu(norm.forward(layer.forward(x.clone())));
            x + branch
        };
        self.readout.forward(self.layers.iter().zip(&self.norms).fold(images, block))
    }
}
