//! End to end: a small network learns the digits.

use autodiff::{Mode, Params, Tape};
use nn::data::Digits;
use nn::loss::cross_entropy;
use nn::metrics::accuracy;
use nn::{Initial, Linear, Module, Relu};
use optim::Sgd;

#[test]
fn a_network_of_one_hidden_layer_reaches_97_percent_on_the_digits() -> Result<(), autodiff::Error> {
    let (train, test) = Digits::load::<f32>()?.standardized().split(0.75, 0)?;
    let mut params = Params::new(1);
    let hidden = Linear::with(params.scope("hidden"), 64, 64, Initial::HeNormal, Initial::Constant(0.0));
    let model = (hidden, Relu, Linear::new(params.scope("readout"), 64, 10));
    let mut sgd = Sgd::new(0.05).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for epoch in 0..30 {
        for (images, labels) in train.batches(32, epoch)? {
            let t = tape.start(&params, Mode::Train);
            cross_entropy(model.forward(t.input(&images)), t.input(&labels)).backward(&mut grads)?;
            sgd.step(&mut params, &grads)?;
        }
    }
    let t = tape.start(&params, Mode::Eval);
    let scores = model.forward(t.input(test.features())).value()?;
    let reached = accuracy(&scores, test.labels())?;
    assert!(reached >= 0.97, "test accuracy {reached}");
    Ok(())
}
