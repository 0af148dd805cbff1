//! The workloads in candle, on its CPU backend.

mod model;
mod sgd;

use std::process::ExitCode;

use anyhow::{Result, bail};
use candle_core::{Device, Tensor, Var};
use protocol::{Data, Request, Step, Workload, serve};

use crate::model::{Model, Weights};
use crate::sgd::Sgd;

fn main() -> ExitCode {
    serve(prepare)
}

fn prepare(request: &Request) -> Result<Step> {
    let Request { workload, data, .. } = request;
    match workload {
        Workload::Chain => chain(data),
        Workload::Product => product(data),
        Workload::Libor(_) => bail!("not written for candle"),
        _ => training(*workload, data),
    }
}

fn tensor(data: &Data, name: &str) -> Result<Tensor> {
    let array = data.get(name)?;
    Ok(Tensor::from_vec(array.values, array.shape, &Device::Cpu)?)
}

fn training(workload: Workload, data: &Data) -> Result<Step> {
    let mut weights = Weights::new(data);
    let model = Model::new(workload, &mut weights)?;
    let mut sgd = Sgd::new(weights.vars, data.rate()?, 0.9)?;
    let images = tensor(data, "images")?;
    let labels = Tensor::new(data.labels()?, &Device::Cpu)?;
    Ok(Box::new(move || {
        let loss = candle_nn::loss::cross_entropy(&model.forward(&images)?, &labels)?;
        sgd.step(&loss.backward()?)?;
        Ok(loss.to_scalar::<f32>()?.into())
    }))
}

/// W7; the result is the derivative.
fn chain(data: &Data) -> Result<Step> {
    let x = Var::from_tensor(&tensor(data, "x")?)?;
    Ok(Box::new(move || {
        let mut y = x.as_tensor().clone();
        for _ in 0..500 {
            y = ((&y * x.as_tensor())? + x.as_tensor())?;
        }
        let grads = y.backward()?;
        let Some(gradient) = grads.get(&x) else { bail!("no gradient") };
        Ok(gradient.to_vec1::<f32>()?[0].into())
    }))
}

/// W8; the result is the first element.
fn product(data: &Data) -> Result<Step> {
    let (a, b) = (tensor(data, "a")?, tensor(data, "b")?);
    Ok(Box::new(move || Ok(a.matmul(&b)?.get(0)?.get(0)?.to_scalar::<f32>()?.into())))
}
