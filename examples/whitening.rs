//! Batch normalization and whitening batch normalization of correlated features: what each leaves of the correlation, and how
//! fast softmax regression learns after it, each with the best of five learning rates. Every pixel of the digits has five
//! times the mean of all pixels added, so that one direction is much longer than the others, which standardizing each feature
//! cannot mend.

use autodiff::{Error, Mode, Params, Scope, Tape, Tensor};
use nn::data::{Dataset, Digits};
use nn::metrics::accuracy;
use nn::{BatchNorm, Linear, Module, WhitenNorm, Whitening, loss::cross_entropy};
use optim::Sgd;

type Norm = Box<dyn Module<f32>>;
type MakeNorm<'a> = &'a dyn Fn(Scope<'_, f32>, usize) -> Norm;

/// The mean absolute correlation between two columns of `[samples, features]`; constant columns correlate with nothing.
fn correlation(y: &Tensor<f32>) -> f64 {
    let [samples, features] = [y.shape()[0], y.shape()[1]];
    let column = |j: usize| (0..samples).map(move |i| f64::from(y.data()[i * features + j]));
    let centered = |j: usize| {
        let mean = column(j).sum::<f64>() / samples as f64;
        let values: Vec<f64> = column(j).map(|x| x - mean).collect();
        let norm = values.iter().map(|x| x * x).sum::<f64>().sqrt().max(1e-6);
        values.into_iter().map(|x| x / norm).collect::<Vec<_>>()
    };
    let columns: Vec<Vec<f64>> = (0..features).map(centered).collect();
    let dot = |i: usize, j: usize| columns[i].iter().zip(&columns[j]).map(|(a, b)| a * b).sum::<f64>().abs();
    let pairs = (0..features).flat_map(|i| (0..i).map(move |j| (i, j)));
    pairs.map(|(i, j)| dot(i, j)).sum::<f64>() / (features * (features - 1) / 2) as f64
}

struct Run {
    rate: f64,
    /// After the normalization.
    correlation: f64,
    /// The mean of each epoch.
    losses: Vec<f64>,
    accuracy: f64,
}

/// `None` where the rate is too large and the loss becomes infinite.
fn run((train, test): &(Dataset<f32>, Dataset<f32>), norm: MakeNorm<'_>, rate: f64) -> Result<Option<Run>, Error> {
    let mut params = Params::new(3);
    let model = vec![norm(params.scope("norm"), 64), Box::new(Linear::new(params.scope("fc"), 64, 10))];
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let white = model[0].forward(tape.start(&params, Mode::Train).input(train.features())).value()?;
    let mut sgd = Sgd::new(rate);
    let mut losses = Vec::new();
    for epoch in 0..8 {
        let mut sum = 0.0;
        for (images, labels) in train.batches(128, epoch)? {
            let t = tape.start(&params, Mode::Train);
            let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
            let mean = loss.item()?;
            if !mean.is_finite() {
                return Ok(None);
            }
            loss.backward(&mut grads)?;
            sum += f64::from(mean) * images.shape()[0] as f64;
            sgd.step(&mut params, &grads)?;
        }
        losses.push(sum / train.len() as f64);
    }
    let scores = model.forward(tape.start(&params, Mode::Eval).input(test.features())).value()?;
    let accuracy = 100.0 * accuracy(&scores, test.labels())?;
    Ok(Some(Run { rate, correlation: correlation(&white), losses, accuracy }))
}

/// Every pixel with five times the mean of its image added.
fn tilted(data: &Dataset<f32>) -> Result<Dataset<f32>, Error> {
    let pixels = data.features();
    let mean = |image: usize| pixels.data()[64 * image..64 * (image + 1)].iter().sum::<f32>() / 64.0;
    let features = Tensor::from_fn(pixels.shape(), |k| pixels.data()[k] + 5.0 * mean(k / 64));
    Dataset::labeled(features, data.labels())
}

fn main() -> Result<(), Error> {
    let (train, test) = Digits::load()?.split(0.75, 0)?;
    let data = (tilted(&train)?, tilted(&test)?);
    println!("normalization        mean |correlation|   rate   loss after epochs 1, 2, 4, 8          test accuracy");
    let whiten = |how: Whitening, groups: usize| {
        move |scope: Scope<'_, f32>, n: usize| -> Norm {
            Box::new(WhitenNorm::grouped(scope, n, groups, how).epsilon(1e-3))
        }
    };
    let rows: [(&str, MakeNorm<'_>); 4] = [
        ("batch norm", &|scope, n| Box::new(BatchNorm::new(scope, n))),
        ("ZCA, groups of 1/4", &whiten(Whitening::Zca, 4)),
        ("ZCA", &whiten(Whitening::Zca, 1)),
        ("Newton–Schulz, 5", &whiten(Whitening::NewtonSchulz(5), 1)),
    ];
    for (name, norm) in rows {
        let runs = [0.1, 0.3, 1.0, 3.0, 10.0].map(|rate| run(&data, norm, rate));
        let runs = runs.into_iter().collect::<Result<Vec<_>, Error>>()?;
        let best = runs.iter().flatten().min_by(|a, b| a.losses[7].total_cmp(&b.losses[7]));
        let Some(Run { rate, correlation, losses, accuracy }) = best else {
            println!("{name:18}   diverges at every rate");
            continue;
        };
        let shown = [0, 1, 3, 7].map(|epoch| format!("{:.3}", losses[epoch])).join("  ");
        println!("{name:18}   {correlation:18.4}   {rate:4}   {shown:36}   {accuracy:.1} %");
    }
    Ok(())
}
