//! In shards, by hand: a program of each part of the batch, all at once on rayon, their gradients added in order.
//!
//! This file is to become a call of the public function that shards a batch, once there is one.

use anyhow::{Error, Result, ensure};
use autodiff::{Gradients, Params, Program, Tensor};
use protocol::{Step, Unsupported};
use rayon::prelude::*;

use crate::model::{Model, Training};
use crate::program::record;

/// A part of the batch, with what computes its gradients.
struct Shard {
    program: Program<f32>,
    images: Tensor<f32>,
    labels: Tensor<f32>,
    grads: Gradients<f32>,
    loss: f32,
}

pub(crate) fn step(training: Training) -> Result<Step> {
    let Training { mut params, model, images, labels, mut sgd } = training;
    let count = rayon::current_num_threads();
    ensure!(count > 1, Unsupported("one thread has one shard, which is the program"));
    let shards: Result<Vec<_>> =
        (0..count).map(|k| Shard::new(&params, &model, [rows(&images, k, count), rows(&labels, k, count)])).collect();
    let mut shards = shards?;
    Ok(Box::new(move || {
        shards.par_iter_mut().try_for_each(|shard| shard.run(&params))?;
        let (first, others) = shards.split_at_mut(1);
        for other in &*others {
            first[0].grads.add(&other.grads)?;
            first[0].loss += other.loss;
        }
        let scale = 1.0 / count as f32;
        first[0].grads.flat_mut().iter_mut().for_each(|gradient| *gradient *= scale);
        sgd.step(&mut params, &first[0].grads)?;
        Ok((first[0].loss * scale).into())
    }))
}

impl Shard {
    fn new(params: &Params<f32>, model: &Model, [images, labels]: [Tensor<f32>; 2]) -> Result<Self> {
        let program = record(params, model, &images, &labels)?;
        Ok(Shard { program, images, labels, grads: params.gradients(), loss: 0.0 })
    }

    fn run(&mut self, params: &Params<f32>) -> Result<(), Error> {
        let run = self.program.forward(params, [&self.images, &self.labels])?;
        run.backward(&mut self.grads)?;
        self.loss = run.output(0)?.data()[0];
        Ok(())
    }
}

/// The part of a batch with index `k` of `count` parts of the same size.
fn rows(batch: &Tensor<f32>, k: usize, count: usize) -> Tensor<f32> {
    let samples = batch.shape()[0] / count;
    let values = &batch.data()[k * samples * batch.data().len() / batch.shape()[0]..];
    Tensor::from_fn(batch.shape().with(0, samples), |k| values[k])
}
