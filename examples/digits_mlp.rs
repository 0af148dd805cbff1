//! A dense network with batch normalization on the digits, trained, saved, loaded into another one and asked again.

use autodiff::{Error, Mode, Params, Tape, Tensor};
use nn::metrics::{ConfusionMatrix, accuracy};
use nn::{BatchNorm, Linear, Module, Relu, data::Digits, io, loss::cross_entropy};
use optim::Sgd;

type Mlp = (Linear, BatchNorm, Relu, Linear, BatchNorm, Relu, Linear);

fn mlp(params: &mut Params<f32>) -> Mlp {
    let first = (Linear::new(params.scope("fc1"), 64, 128), BatchNorm::new(params.scope("bn1"), 128));
    let second = (Linear::new(params.scope("fc2"), 128, 128), BatchNorm::new(params.scope("bn2"), 128));
    (first.0, first.1, Relu, second.0, second.1, Relu, Linear::new(params.scope("fc3"), 128, 10))
}

fn scores(params: &Params<f32>, model: &Mlp, features: &Tensor<f32>) -> Result<Tensor<f32>, Error> {
    let mut tape = Tape::new();
    model.forward(tape.start(params, Mode::Eval).input(features)).value()
}

fn main() -> Result<(), Error> {
    let (train, test) = Digits::load()?.standardized().split(0.75, 0)?;
    let mut params = Params::new(1);
    let model = mlp(&mut params);
    println!("{}", nn::summary(&params));
    let mut sgd = Sgd::new(0.05).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for epoch in 0..20 {
        for (images, labels) in train.batches(64, epoch)? {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            loss.backward(&mut grads)?;
            sgd.step(&mut params, &grads)?;
        }
    }
    let found = scores(&params, &model, test.features())?;
    println!("test accuracy {:.1} %", 100.0 * accuracy(&found, test.labels())?);
    let mut confusion = ConfusionMatrix::new(10);
    confusion.add(&found, test.labels())?;
    println!("{confusion}");

    let path = std::env::temp_dir().join(format!("digits-mlp-{}.safetensors", std::process::id()));
    io::save(&params, &path)?;
    let mut others = Params::new(2);
    let other = mlp(&mut others);
    io::load(&mut others, &path)?;
    println!("loaded into another model: the same scores: {}", scores(&others, &other, test.features())? == found);
    std::fs::remove_file(&path).map_err(|error| Error::File { path, reason: error.to_string() })
}
