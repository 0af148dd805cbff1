//! Eagerly: each step records a tape anew, as a training loop is written first.

use autodiff::{Mode, Tape};
use nn::loss::cross_entropy;
use protocol::Step;

use crate::model::Training;

pub(crate) fn step(training: Training) -> Step {
    let Training { mut params, model, images, labels, mut sgd } = training;
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    Box::new(move || {
        let t = tape.start(&params, Mode::Train);
        let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
        loss.backward(&mut grads)?;
        let value = loss.item()?;
        sgd.step(&mut params, &grads)?;
        Ok(value.into())
    })
}
