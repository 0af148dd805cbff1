//! A small residual network on the digits: its test accuracy over five seeds, and what shortcuts are for: the training loss of
//! plain and residual networks of growing depth after the same steps (He et al. 2016, figure 6).

use autodiff::{Error, Mode, Params, Tape};
use nn::data::{Augmentation, Batches, Dataset, Digits};
use nn::{Module, ResNet, ResNetSettings, loss::cross_entropy, metrics::accuracy};
use optim::Sgd;
use rayon::prelude::*;

/// Trains on the digits; returns the mean loss over the last epoch and the test accuracy.
fn train(settings: &ResNetSettings, epochs: u64, rate: f64, seed: u64) -> Result<(f64, f64), Error> {
    let (train, test) = Digits::load::<f32>()?.split(0.75, seed)?;
    let images = |data: Dataset<f32>| data.reshaped([1, 8, 8]);
    let (train, test) = (images(train)?, images(test)?);
    let batches = Batches::new(64).shuffled(seed).drop_last().augmented(Augmentation { padding: 1, flip: false }, seed);
    let mut params = Params::new(seed);
    let model = ResNet::new(params.scope("resnet"), settings);
    let mut sgd = Sgd::new(rate).momentum(0.9).nesterov();
    let (mut tape, mut grads, mut mean) = (Tape::new(), params.gradients(), 0.0);
    for epoch in 0..epochs {
        sgd.set_rate(rate * 0.5 * (1.0 + (std::f64::consts::PI * epoch as f64 / epochs as f64).cos()));
        let mut losses = Vec::new();
        for (images, labels) in batches.epoch(&train, epoch)? {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            loss.backward(&mut grads)?;
            losses.push(f64::from(loss.item()?));
            sgd.step(&mut params, &grads)?;
        }
        mean = losses.iter().sum::<f64>() / losses.len() as f64;
    }
    let t = tape.start(&params, Mode::Eval);
    let scores = model.forward(t.input(test.features())).value()?;
    Ok((mean, accuracy(&scores, test.labels())?))
}

fn main() -> Result<(), Error> {
    println!("depth   plain: loss, test accuracy   residual: loss, test accuracy");
    let networks: Vec<(usize, bool)> = [1, 3, 5, 9].into_iter().flat_map(|n| [(n, false), (n, true)]).collect();
    let trained = networks.par_iter().map(|&(n, shortcuts)| {
        let settings = ResNetSettings::small(1, 10, vec![(8, n), (16, n), (32, n)]);
        train(&if shortcuts { settings } else { settings.plain() }, 6, 0.05, 0)
    });
    for (pair, nets) in trained.collect::<Result<Vec<_>, _>>()?.chunks(2).zip(networks.chunks(2)) {
        let show = |(loss, accuracy): (f64, f64)| format!("{loss:.3}  {:5.1} %", 100.0 * accuracy);
        println!("{:5}   {:>26}   {:>29}", 6 * nets[0].0 + 2, show(pair[0]), show(pair[1]));
    }
    let settings = ResNetSettings::small(1, 10, vec![(16, 1), (32, 1), (64, 1)]);
    let seeds = (0..5_u64).into_par_iter().map(|seed| train(&settings, 30, 0.1, seed));
    let accuracies: Vec<f64> =
        seeds.map(|seed| seed.map(|(_, accuracy)| 100.0 * accuracy)).collect::<Result<_, _>>()?;
    let listed = accuracies.iter().map(|accuracy| format!("{accuracy:.2}")).collect::<Vec<_>>().join(", ");
    println!("\ndepth 8, channels 16 to 64, five seeds: test accuracy {listed} %");
    println!("mean {:.2} %", accuracies.iter().sum::<f64>() / 5.0);
    Ok(())
}
