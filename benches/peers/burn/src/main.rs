//! The workloads in burn, on its flex backend.

mod convolutional;
mod dense;
mod weights;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Int, Tensor};
use protocol::{Data, Request, Step, Workload, serve};

use crate::convolutional::ResNet;
use crate::dense::{Dense, Residual};
use crate::weights::Weights;

fn main() -> ExitCode {
    serve(prepare)
}

fn prepare(request: &Request) -> Result<Step> {
    let Request { workload, data, .. } = request;
    let weights = Weights { data, device: Device::flex().autodiff() };
    match workload {
        Workload::Chain => chain(&weights),
        Workload::Product => product(data),
        Workload::Libor(_) => bail!("not written for burn"),
        Workload::Dense(settings) => {
            let (images, settings) = (weights.tensor::<2>("images")?, *settings);
            let model = Dense::new(settings.layers, &weights)?;
            training(&weights, model, move |model| model.forward(&settings, images.clone()))
        }
        Workload::ResidualDense(settings) => {
            let images = weights.tensor::<2>("images")?;
            training(&weights, Residual::new(settings, &weights)?, move |model| model.forward(images.clone()))
        }
        Workload::ResNet => {
            let images = weights.tensor::<4>("images")?;
            training(&weights, ResNet::new(&weights)?, move |model| model.forward(images.clone()))
        }
    }
}

fn training<M: Module + 'static>(
    weights: &Weights<'_>,
    model: M,
    forward: impl Fn(&M) -> Tensor<2> + 'static,
) -> Result<Step> {
    let labels: Vec<i32> = weights.data.labels()?.into_iter().map(|label| label as i32).collect();
    let labels = Tensor::<1, Int>::from_ints(&labels[..], &weights.device);
    let rate = weights.data.rate()?;
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    let mut sgd = SgdConfig::new().with_momentum(Some(momentum)).init();
    let cross_entropy = CrossEntropyLossConfig::new().init(&weights.device);
    let mut model = Some(model);
    Ok(Box::new(move || {
        let current = model.take().context("the last step failed")?;
        let loss = cross_entropy.forward(forward(&current), labels.clone());
        let value: f32 = loss.clone().into_scalar();
        let grads = GradientsParams::from_grads(loss.backward(), &current);
        model = Some(sgd.step(rate, current, grads));
        Ok(value.into())
    }))
}

/// W7; the result is the derivative.
fn chain(weights: &Weights<'_>) -> Result<Step> {
    let x = weights.tensor::<1>("x")?.require_grad();
    Ok(Box::new(move || {
        let y = (0..500).fold(x.clone(), |y, _| y * x.clone() + x.clone());
        let gradient: f32 = x.grad(&y.backward()).context("no gradient")?.into_scalar();
        Ok(gradient.into())
    }))
}

/// W8; the result is the first element.
fn product(data: &Data) -> Result<Step> {
    let weights = Weights { data, device: Device::flex() };
    let (a, b) = (weights.tensor::<2>("a")?, weights.tensor::<2>("b")?);
    Ok(Box::new(move || {
        let first: f32 = a.clone().matmul(b.clone()).slice([0..1, 0..1]).into_scalar();
        Ok(first.into())
    }))
}
