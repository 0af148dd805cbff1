//! ResNet-20.

use anyhow::Result;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use protocol::{Convolution, ConvolutionalBlock, resnet_blocks};

use crate::weights::Weights;

/// A convolution and its normalization.
#[derive(Module, Debug)]
struct Convolved {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Convolved {
    fn new(of: &Convolution, weights: &Weights<'_>) -> Result<Self> {
        Ok(Convolved { conv: weights.convolution(of)?, norm: weights.norm(&of.norm)? })
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.norm.forward(self.conv.forward(x))
    }
}

#[derive(Module, Debug)]
struct Block {
    first: Convolved,
    second: Convolved,
    shortcut: Option<Convolved>,
}

impl Block {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let branch = self.second.forward(relu(self.first.forward(x.clone())));
        let shortcut = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x),
            None => x,
        };
        relu(branch + shortcut)
    }
}

#[derive(Module, Debug)]
pub(crate) struct ResNet {
    stem: Convolved,
    blocks: Vec<Block>,
    head: Linear,
}

impl ResNet {
    pub(crate) fn new(weights: &Weights<'_>) -> Result<Self> {
        let (stem, blocks) = resnet_blocks();
        let block = |ConvolutionalBlock { branch: [first, second], shortcut }: &ConvolutionalBlock| {
            let shortcut = shortcut.as_ref().map(|of| Convolved::new(of, weights)).transpose()?;
            Ok(Block { first: Convolved::new(first, weights)?, second: Convolved::new(second, weights)?, shortcut })
        };
        Ok(ResNet {
            stem: Convolved::new(&stem, weights)?,
            blocks: blocks.iter().map(block).collect::<Result<_>>()?,
            head: weights.linear("resnet.head")?,
        })
    }

    pub(crate) fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(relu(self.stem.forward(images)), |x, block| block.forward(x));
        let [samples, channels, ..] = x.dims();
        self.head.forward(x.mean_dims(&[2, 3]).reshape([samples, channels]))
    }
}
