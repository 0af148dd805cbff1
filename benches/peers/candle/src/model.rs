//! The networks, of the layers of candle-nn.

use anyhow::{Result, bail};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::{BatchNorm, Conv2d, Conv2dConfig, Dropout, Linear, Module, ModuleT};
use protocol::{Activation, Convolution, ConvolutionalBlock, Data, Dense, ResidualDense, Workload, resnet_blocks};

/// The weights that have been read, in the order of reading.
pub(crate) struct Weights<'d> {
    data: &'d Data,
    pub(crate) vars: Vec<Var>,
}

impl<'d> Weights<'d> {
    pub(crate) fn new(data: &'d Data) -> Self {
        Weights { data, vars: Vec::new() }
    }

    fn get(&mut self, name: &str) -> Result<Tensor> {
        let var = Var::from_tensor(&crate::tensor(self.data, name)?)?;
        self.vars.push(var.clone());
        Ok(var.as_tensor().clone())
    }

    fn linear(&mut self, name: &str) -> Result<Linear> {
        Ok(Linear::new(self.get(&format!("{name}.weight"))?, Some(self.get(&format!("{name}.bias"))?)))
    }

    fn norm(&mut self, name: &str) -> Result<BatchNorm> {
        let (weight, bias) = (self.get(&format!("{name}.weight"))?, self.get(&format!("{name}.bias"))?);
        let channels = weight.dim(0)?;
        let [mean, variance] = [0.0, 1.0].map(|value| Tensor::full(value as f32, channels, &Device::Cpu));
        Ok(BatchNorm::new(channels, mean?.to_dtype(DType::F32)?, variance?, weight, bias, 1e-5)?)
    }

    fn convolution(&mut self, of: &Convolution) -> Result<Convolved> {
        let config = Conv2dConfig { padding: of.kernel / 2, stride: of.stride, ..Conv2dConfig::default() };
        let conv = Conv2d::new(self.get(&format!("{}.weight", of.conv))?, None, config);
        Ok(Convolved { conv, norm: self.norm(&of.norm)? })
    }
}

pub(crate) enum Model {
    Dense(Dense, Vec<Linear>),
    Residual(Vec<(Linear, BatchNorm)>, Linear),
    ResNet(ResNet),
}

pub(crate) struct ResNet {
    stem: Convolved,
    blocks: Vec<([Convolved; 2], Option<Convolved>)>,
    head: Linear,
}

/// A convolution and its normalization.
struct Convolved {
    conv: Conv2d,
    norm: BatchNorm,
}

impl Convolved {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        self.norm.forward_train(&self.conv.forward(x)?)
    }
}

impl Model {
    pub(crate) fn new(workload: Workload, weights: &mut Weights<'_>) -> Result<Self> {
        Ok(match workload {
            Workload::Dense(dense) => {
                let layers = (0..dense.layers).map(|k| weights.linear(&format!("fc{k}")));
                Model::Dense(dense, layers.collect::<Result<_>>()?)
            }
            Workload::ResidualDense(ResidualDense { blocks, .. }) => {
                let block = |k| Ok((weights.linear(&format!("fc{k}"))?, weights.norm(&format!("bn{k}"))?));
                let blocks = (0..blocks).map(block).collect::<Result<_>>()?;
                Model::Residual(blocks, weights.linear("readout")?)
            }
            Workload::ResNet => {
                let (stem, blocks) = resnet_blocks();
                let stem = weights.convolution(&stem)?;
                let block = |ConvolutionalBlock { branch, shortcut }: &ConvolutionalBlock| {
                    let branch = [weights.convolution(&branch[0])?, weights.convolution(&branch[1])?];
                    Ok((branch, shortcut.as_ref().map(|of| weights.convolution(of)).transpose()?))
                };
                let blocks = blocks.iter().map(block).collect::<Result<_>>()?;
                Model::ResNet(ResNet { stem, blocks, head: weights.linear("resnet.head")? })
            }
            other => bail!("{other:?} is not a network"),
        })
    }

    pub(crate) fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        match self {
            Model::Dense(dense, layers) => {
                let mut x = images.clone();
                for (k, layer) in layers.iter().enumerate() {
                    x = layer.forward(&x)?;
                    if k + 1 < layers.len() {
                        x = activate(dense, &x)?;
                    }
                }
                Ok(x)
            }
            Model::Residual(blocks, readout) => {
                let mut x = images.clone();
                for (linear, norm) in blocks {
                    x = (norm.forward_train(&linear.forward(&x)?)?.relu()? + x)?;
                }
                readout.forward(&x)
            }
            Model::ResNet(net) => net.forward(images),
        }
    }
}

impl ResNet {
    fn forward(&self, images: &Tensor) -> candle_core::Result<Tensor> {
        let mut x = self.stem.forward(images)?.relu()?;
        for ([first, second], shortcut) in &self.blocks {
            let branch = second.forward(&first.forward(&x)?.relu()?)?;
            let shortcut = shortcut.as_ref().map_or_else(|| Ok(x.clone()), |shortcut| shortcut.forward(&x))?;
            x = (branch + shortcut)?.relu()?;
        }
        self.head.forward(&x.mean((2, 3))?)
    }
}

fn activate(dense: &Dense, x: &Tensor) -> candle_core::Result<Tensor> {
    let y = match dense.activation {
        Activation::Tanh => x.tanh()?,
        Activation::Sigmoid => candle_nn::ops::sigmoid(x)?,
        Activation::Relu => x.relu()?,
    };
    if dense.dropout { Dropout::new(0.5).forward_t(&y, true) } else { Ok(y) }
}
