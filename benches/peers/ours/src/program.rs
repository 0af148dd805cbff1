//! As a program: recorded once, replayed in each step.

use anyhow::Result;
use autodiff::{Error, Mode, Params, Program, Tensor, input};
use nn::loss::cross_entropy;
use protocol::Step;

use crate::model::{Model, Training};

pub(crate) fn step(training: Training) -> Result<Step> {
    let Training { mut params, model, images, labels, mut sgd } = training;
    let mut program = record(&params, &model, &images, &labels)?;
    let mut grads = params.gradients();
    Ok(Box::new(move || {
        let run = program.forward(&params, [&images, &labels])?;
        run.backward(&mut grads)?;
        let loss = run.output(0)?.data()[0];
        sgd.step(&mut params, &grads)?;
        Ok(loss.into())
    }))
}

/// The mean loss of a batch of these shapes.
pub(crate) fn record(
    params: &Params<f32>,
    model: &Model,
    images: &Tensor<f32>,
    labels: &Tensor<f32>,
) -> Result<Program<f32>, Error> {
    let inputs = [input("images", images.shape().clone()), input("labels", labels.shape().clone())];
    Program::record(params, Mode::Train, inputs, |_, [images, labels]| [cross_entropy(model.forward(images), labels)])
}
