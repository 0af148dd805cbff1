//! The workloads in dfdx, whose networks are types.

mod model;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use dfdx::optim::{Momentum, Sgd, SgdConfig};
use dfdx::prelude::*;
use protocol::{Data, Request, Step, Unsupported, Workload, serve};

fn main() -> ExitCode {
    serve(prepare)
}

fn prepare(request: &Request) -> Result<Step> {
    let Request { workload, data, .. } = request;
    match workload {
        Workload::Dense(dense) => match (dense.layers, dense.dropout) {
            (4, _) => training::<_, 32, 64>(data, model::w1(data)?),
            (101, _) => training::<_, 64, 64>(data, model::w2(data)?),
            (_, false) => training::<_, 256, 784>(data, model::w3(data)?),
            (_, true) => training::<_, 128, 784>(data, model::w6(data)?),
        },
        Workload::ResidualDense(_) => training::<_, 128, 128>(data, model::w4(data)?),
        Workload::ResNet => Err(Unsupported("dfdx has convolutions on nightly compilers only").into()),
        Workload::Chain => chain(data),
        Workload::Product => product(data),
        Workload::Libor(_) => bail!("not written for dfdx"),
    }
}

type Traced<const B: usize, const I: usize> = Tensor<Rank2<B, I>, f32, Cpu, OwnedTape<f32, Cpu>>;

fn training<M, const B: usize, const I: usize>(data: &Data, mut model: M) -> Result<Step>
where
    M: TensorCollection<f32, Cpu> + ModuleMut<Traced<B, I>, Output = Traced<B, 10>> + 'static,
    M::Error: std::fmt::Debug,
{
    let device = Cpu::default();
    let mut images: Tensor<Rank2<B, I>, f32, Cpu> = device.zeros();
    images.copy_from(&data.get("images")?.values);
    let mut labels = vec![0.0; B * 10];
    data.labels()?.iter().enumerate().for_each(|(sample, &label)| labels[sample * 10 + label as usize] = 1.0);
    let mut targets: Tensor<Rank2<B, 10>, f32, Cpu> = device.zeros();
    targets.copy_from(&labels);
    let config = SgdConfig { lr: data.rate()?, momentum: Some(Momentum::Classic(0.9)), weight_decay: None };
    let mut sgd = Sgd::new(&model, config);
    let mut grads = Some(model.alloc_grads());
    Ok(Box::new(move || {
        let last = grads.take().context("the last step failed")?;
        let logits = model.forward_mut(images.clone().traced(last));
        let loss = cross_entropy_with_logits_loss(logits, targets.clone());
        let value = loss.array();
        let mut found = loss.backward();
        sgd.update(&mut model, &found).map_err(|error| anyhow::anyhow!("{error:?}"))?;
        model.zero_grads(&mut found);
        grads = Some(found);
        Ok(value.into())
    }))
}

/// W7; the result is the derivative.
fn chain(data: &Data) -> Result<Step> {
    let x = Cpu::default().tensor(data.get("x")?.values[0]);
    Ok(Box::new(move || {
        // Times 1, because dfdx does not multiply a tensor by itself: its backward asserts that the factors are two.
        let y = (0..500).fold(x.leaky_trace() * 1.0, |y, _| y * x.clone() + x.clone());
        Ok(y.backward().get(&x).array().into())
    }))
}

/// W8; the result is the first element.
fn product(data: &Data) -> Result<Step> {
    let device = Cpu::default();
    let matrix = |name: &str| -> Result<Tensor<Rank2<1024, 1024>, f32, Cpu>> {
        let mut matrix = device.zeros();
        matrix.copy_from(&data.get(name)?.values);
        Ok(matrix)
    };
    let (a, b) = (matrix("a")?, matrix("b")?);
    Ok(Box::new(move || Ok(a.clone().matmul(b.clone())[[0, 0]].into())))
}
