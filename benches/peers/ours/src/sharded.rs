//! In two shards of the batch, each replayed on its own thread.

use anyhow::{Result, ensure};
use autodiff::{Mode, Shards, input};
use nn::Module;
use nn::loss::cross_entropy;
use protocol::{Step, Unsupported};

use crate::model::Training;

const SHARDS: usize = 2;

pub(crate) fn step(training: Training) -> Result<Step> {
    let Training { mut params, model, images, labels, mut sgd } = training;
    ensure!(rayon::current_num_threads() > 1, Unsupported("two shards on one thread are the program and an addition"));
    let inputs = [input("images", images.shape().clone()), input("labels", labels.shape().clone())];
    let mut shards = Shards::record(&params, Mode::Train, SHARDS, inputs, |_, [images, labels]| {
        cross_entropy(model.forward(images), labels)
    })?;
    let mut grads = params.gradients();
    Ok(Box::new(move || {
        let loss = shards.backward(&params, [&images, &labels], &mut grads)?;
        sgd.step(&mut params, &grads)?;
        Ok(loss)
    }))
}
