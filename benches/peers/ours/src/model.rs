//! The networks, with the weights of the data.

use anyhow::{Result, ensure};
use autodiff::{Params, Tensor};
use nn::{BatchNorm, Dropout, Linear, Module, Relu, ResNet, ResNetSettings, Residual, Sigmoid, Tanh};
use optim::Sgd;
use protocol::{Activation, Data, RESNET, ResidualDense, Workload};

/// A network, its batch and its optimizer.
pub(crate) struct Training {
    pub(crate) params: Params<f32>,
    pub(crate) model: Model,
    pub(crate) images: Tensor<f32>,
    pub(crate) labels: Tensor<f32>,
    pub(crate) sgd: Sgd<f32>,
}

pub(crate) type Model = Box<dyn Module<f32>>;

impl Training {
    pub(crate) fn new(workload: Workload, data: &Data) -> Result<Self> {
        let mut params = Params::new(0);
        let model = build(&mut params, workload, data)?;
        load(&mut params, data)?;
        let (images, labels) = (tensor(data, "images")?, tensor(data, "labels")?);
        Ok(Training { params, model, images, labels, sgd: Sgd::new(data.rate()?).momentum(0.9) })
    }
}

fn build(params: &mut Params<f32>, workload: Workload, data: &Data) -> Result<Model> {
    Ok(match workload {
        Workload::Dense(dense) => {
            let mut layers = Vec::new();
            for k in 0..dense.layers {
                let name = format!("fc{k}");
                let shape = data.get(&format!("{name}.weight"))?.shape;
                let linear = Linear::new(params.scope(&name), shape[1], shape[0]);
                let hidden = k + 1 < dense.layers;
                let dropout = (hidden && dense.dropout).then(|| Dropout::new(0.5));
                layers.push((linear, hidden.then(|| activation(dense.activation)), dropout));
            }
            Box::new(layers)
        }
        Workload::ResidualDense(ResidualDense { blocks, width }) => {
            let mut block = |k: usize| {
                let linear = Linear::new(params.scope(&format!("fc{k}")), width, width);
                Residual::new((linear, BatchNorm::new(params.scope(&format!("bn{k}")), width), Relu))
            };
            let blocks: Vec<_> = (0..blocks).map(&mut block).collect();
            Box::new((blocks, Linear::new(params.scope("readout"), width, 10)))
        }
        Workload::ResNet => {
            let settings = ResNetSettings::small(3, 10, RESNET.to_vec());
            Box::new(ResNet::new(params.scope("resnet"), &settings))
        }
        other => anyhow::bail!("{other:?} is not a network"),
    })
}

fn activation(activation: Activation) -> Model {
    match activation {
        Activation::Tanh => Box::new(Tanh),
        Activation::Sigmoid => Box::new(Sigmoid),
        Activation::Relu => Box::new(Relu),
    }
}

/// Sets every parameter from the data.
fn load(params: &mut Params<f32>, data: &Data) -> Result<()> {
    let names: Vec<String> = params.iter().map(|(name, ..)| name.to_owned()).collect();
    for name in &names {
        params.set(params.id(name)?, &tensor(data, name)?)?;
    }
    let weights = data.names().filter(|name| !["images", "labels", "rate"].contains(name)).count();
    ensure!(weights == names.len(), "{weights} weights in the data, {} in the network", names.len());
    Ok(())
}

pub(crate) fn tensor(data: &Data, name: &str) -> Result<Tensor<f32>> {
    let array = data.get(name)?;
    Ok(Tensor::from_fn(&array.shape[..], |k| array.values[k]))
}
