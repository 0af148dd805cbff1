//! Differentially private training (Abadi et al. 2016): the gradient of each sample is clipped to a norm, and noise hides what is left
//! of any one of them. No sample's gradient is ever in memory with those of the others.

use autodiff::{Error, Mode, Params, Tape};
use nn::data::{Dataset, Digits};
use nn::metrics::zero_one;
use nn::{Linear, Module, Tanh, loss::cross_entropy};
use optim::Sgd;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, StandardNormal};

/// The expected number of samples of a batch, and the number of batches.
const BATCH: f64 = 128.0;
const STEPS: u32 = 300;
/// The largest norm of the gradient of a sample.
const LIMIT: f64 = 1.0;

/// The privacy loss ε at δ = 1e-5 of batches that hold each sample with this probability, with noise of this deviation (in units of
/// the limit): Rényi differential privacy of whole orders (Mironov, Talwar and Zhang 2019).
fn privacy_loss(probability: f64, noise: f64) -> f64 {
    let of_order = |order: u32| {
        let (mut sum, mut choices) = (0.0, 1.0);
        for k in 0..=order {
            let (k, rest) = (f64::from(k), f64::from(order - k));
            sum += choices
                * (1.0 - probability).powf(rest)
                * probability.powf(k)
                * ((k * k - k) / (2.0 * noise * noise)).exp();
            choices *= rest / (k + 1.0);
        }
        (f64::from(STEPS) * f64::ln(sum) - f64::ln(1e-5)) / f64::from(order - 1)
    };
    (2..64).map(of_order).fold(f64::INFINITY, f64::min)
}

/// The test accuracy in percent, and the share of gradients that were clipped.
fn train(data: &Dataset<f32>, test: &Dataset<f32>, noise: Option<f64>) -> Result<[f64; 2], Error> {
    let mut params = Params::new(1);
    let model = (Linear::new(params.scope("fc1"), 64, 64), Tanh, Linear::new(params.scope("fc2"), 64, 10));
    let (mut tape, mut grads, mut sgd) = (Tape::new(), params.gradients(), Sgd::new(1.0).momentum(0.5));
    let (mut random, mut clipped, mut seen) = (StdRng::seed_from_u64(1), 0, 0);
    for _ in 0..STEPS {
        let drawn: Vec<usize> = (0..data.len()).filter(|_| random.random_bool(BATCH / data.len() as f64)).collect();
        let batch = data.subset(&drawn)?;
        let t = tape.start(&params, Mode::Train);
        let samples = t.per_sample([t.input(batch.features()), t.input(batch.labels())], |_, [images, labels]| {
            cross_entropy(model.forward(images), labels).sum(..)
        });
        let norms = samples.norms();
        let weights = (norms.recip() * LIMIT).clamp(0.0, 1.0);
        let losses = if noise.is_some() { samples.losses() * weights } else { samples.losses() };
        (losses.sum(..) / BATCH).backward(&mut grads)?;
        clipped += norms.value()?.data().iter().filter(|&&norm| f64::from(norm) > LIMIT).count();
        seen += drawn.len();
        let deviation = (noise.unwrap_or(0.0) * LIMIT / BATCH) as f32;
        for gradient in grads.flat_mut() {
            let normal: f32 = StandardNormal.sample(&mut random);
            *gradient += deviation * normal;
        }
        sgd.step(&mut params, &grads)?;
    }
    let scores = model.forward(tape.start(&params, Mode::Eval).input(test.features())).value()?;
    Ok([100.0 * (1.0 - zero_one(&scores, test.labels())?), 100.0 * clipped as f64 / seen as f64])
}

fn main() -> Result<(), Error> {
    let (data, test) = Digits::load()?.standardized().split(0.75, 0)?;
    println!("noise   privacy loss at δ = 1e-5   test accuracy   clipped gradients");
    let [accuracy, clipped] = train(&data, &test, None)?;
    println!(" none   {:>24}   {accuracy:11.1} %   {:>17}", "∞", format!("({clipped:.1} % longer)"));
    for noise in [0.7, 1.0, 2.0, 4.0] {
        let [accuracy, clipped] = train(&data, &test, Some(noise))?;
        let loss = privacy_loss(BATCH / data.len() as f64, noise);
        println!("{noise:5.1}   {loss:24.2}   {accuracy:11.1} %   {clipped:15.1} %");
    }
    Ok(())
}
