//! The workloads. The driver knows the same, to make the data (`driver/data.py`).

use std::str::FromStr;

use anyhow::{Error, bail};

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// A dense network: W1, W2, W3, W6.
    Dense(Dense),
    /// Residual blocks with batch normalization: W4.
    ResidualDense(ResidualDense),
    /// ResNet-20: W5, of the convolutions [`RESNET`].
    ResNet,
    /// 1,000 operations on one element: W7.
    Chain,
    /// A product of two matrices: W8.
    Product,
    /// A portfolio of swaptions: the workload of XAD.
    Libor(Libor),
}

/// How the paths of the portfolio are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Libor {
    /// One path a step, in scalars.
    OnePath,
    /// All paths in one step, in the same code: a node for each scalar of a path, which holds those of all paths.
    AllPaths,
    /// All paths in one step, in arrays of all rates of all paths.
    Arrays,
}

/// Dense layers `fc0`, `fc1`, …, each with its activation but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The number of layers, with the readout.
    pub layers: usize,
    /// The activation of the hidden layers.
    pub activation: Activation,
    /// Whether there is dropout of one half after each activation.
    pub dropout: bool,
}

/// An activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// tanh.
    Tanh,
    /// The logistic function.
    Sigmoid,
    /// max(x, 0).
    Relu,
}

/// Blocks `x + relu(bn(fc(x)))` and a readout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidualDense {
    /// The number of blocks.
    pub blocks: usize,
    /// The width.
    pub width: usize,
}

impl FromStr for Workload {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let dense = |layers, activation| Workload::Dense(Dense { layers, activation, dropout: false });
        Ok(match name {
            "W1" => dense(4, Activation::Tanh),
            "W2" | "W2-gain" => dense(101, Activation::Sigmoid),
            "W3" => dense(3, Activation::Relu),
            "W4" => Workload::ResidualDense(ResidualDense { blocks: 50, width: 128 }),
            "W5" => Workload::ResNet,
            "W6" => Workload::Dense(Dense { layers: 3, activation: Activation::Relu, dropout: true }),
            "W7" => Workload::Chain,
            "W8" => Workload::Product,
            "XAD-path" => Workload::Libor(Libor::OnePath),
            "XAD-paths" => Workload::Libor(Libor::AllPaths),
            "XAD-arrays" => Workload::Libor(Libor::Arrays),
            _ => bail!("unknown workload {name}"),
        })
    }
}

/// A convolution of kernel `2 · padding + 1` without bias, followed by batch normalization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// The name of the weight in the data.
    pub conv: String,
    /// The name of its normalization.
    pub norm: String,
    /// The channels it reads.
    pub from: usize,
    /// The channels it makes.
    pub to: usize,
    /// The size of the kernel.
    pub kernel: usize,
    /// The stride.
    pub stride: usize,
}

/// A residual block of W5: `relu(branch(x) + shortcut(x))`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvolutionalBlock {
    /// The convolutions of the branch, with relu between them.
    pub branch: [Convolution; 2],
    /// The shortcut where the shape changes; elsewhere it is the identity.
    pub shortcut: Option<Convolution>,
}

/// The channels and numbers of blocks of the stages of W5.
pub const RESNET: [(usize, usize); 3] = [(16, 3), (32, 3), (64, 3)];

/// The stem of W5, and its blocks.
pub fn resnet_blocks() -> (Convolution, Vec<ConvolutionalBlock>) {
    let layer = |place: &str, names: [&str; 2], [from, to]: [usize; 2], kernel: usize, stride: usize| {
        let [conv, norm] = names.map(|name| format!("resnet.{place}.{name}"));
        Convolution { conv, norm, from, to, kernel, stride }
    };
    let mut from = RESNET[0].0;
    let stem = layer("stem", ["conv", "bn"], [3, from], 3, 1);
    let mut blocks = Vec::new();
    for (stage, (to, count)) in RESNET.into_iter().enumerate() {
        for index in 0..count {
            let place = format!("stages.{stage}.{index}");
            let stride = if stage > 0 && index == 0 { 2 } else { 1 };
            let first = layer(&place, ["conv1", "bn1"], [from, to], 3, stride);
            let second = layer(&place, ["conv2", "bn2"], [to, to], 3, 1);
            let shortcut = (from != to || stride != 1)
                .then(|| layer(&place, ["shortcut.conv", "shortcut.bn"], [from, to], 1, stride));
            blocks.push(ConvolutionalBlock { branch: [first, second], shortcut });
            from = to;
        }
    }
    (stem, blocks)
}
