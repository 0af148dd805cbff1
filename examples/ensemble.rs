//! What several networks gain on the digits, and what they cost, next to one network with dropout: the mean of independent
//! networks, bagging, AdaBoost, and gradient boosting with small networks whose pseudo-residuals the tape gives.

use std::time::Instant;

use autodiff::{Error, Mode, Params, Tape, Tensor, Var};
use nn::data::{Batches, Dataset, Digits};
use nn::ensemble::{AdaBoost, GradientBoosting, Trained, average, bag, vote};
use nn::loss::{CrossEntropy, Loss, Reduction, cross_entropy, squared};
use nn::metrics::zero_one;
use nn::{Dropout, Linear, Module, Relu};
use optim::Sgd;

type Net = (Linear, Relu, Dropout, Linear);

/// A network of `hidden` hidden units, trained by a loss of its outputs and the targets of the samples in each batch.
fn fit(
    features: &Tensor<f32>,
    (hidden, rate, epochs, seed): (usize, f64, u64, u64),
    loss: impl for<'t> Fn(Var<'t, f32>, &[usize]) -> Var<'t, f32>,
) -> Result<Trained<f32, Net>, Error> {
    let mut params = Params::new(seed);
    let first = Linear::new(params.scope("fc1"), 64, hidden);
    let model = (first, Relu, Dropout::new(rate), Linear::new(params.scope("fc2"), hidden, 10));
    // The label of a sample is its number: what it is trained toward may be more than a class.
    let samples = features.shape()[0];
    let numbered = Dataset::new(features.clone(), &(0..samples).collect::<Vec<_>>())?;
    let mut sgd = Sgd::new(0.1).momentum(0.9);
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    for epoch in 0..epochs {
        for (images, numbers) in Batches::new(32).shuffled(seed).epoch(&numbered, epoch)? {
            let places: Vec<usize> = numbers.data().iter().map(|&number| number as usize).collect();
            let t = tape.start(&params, Mode::Train);
            loss(model.forward(t.input(&images)), &places).backward(&mut grads)?;
            sgd.step(&mut params, &grads)?;
        }
    }
    Ok(Trained { params, model })
}

/// The rows of `[samples, ..]` that stand at these places.
fn rows(of: &Tensor<f32>, places: &[usize]) -> Tensor<f32> {
    let width = of.data().len() / of.shape()[0];
    let shape = of.shape().with(0, places.len());
    Tensor::from_fn(&shape, |k| of.data()[places[k / width] * width + k % width])
}

fn classifier(data: &Dataset<f32>, settings: (usize, f64, u64, u64)) -> Result<Trained<f32, Net>, Error> {
    fit(data.features(), settings, |scores, places| {
        cross_entropy(scores, scores.recording().input(&rows(data.labels(), places)))
    })
}

fn main() -> Result<(), Error> {
    let (pool, test) = Digits::load()?.standardized().split(0.75, 0)?;
    let train = pool.subset(&(0..300).collect::<Vec<_>>())?;
    println!("300 training digits, networks of 64 hidden units; errors on {} others\n", test.len());
    println!("method                          networks   test error    seconds");
    let show = |method: &str, networks: usize, scores: Tensor<f32>, start: Instant| -> Result<(), Error> {
        let error = 100.0 * zero_one(&scores, test.labels())?;
        println!("{method:30}  {networks:8}   {error:8.2} %   {:8.2}", start.elapsed().as_secs_f64());
        Ok(())
    };

    let start = Instant::now();
    show("one network", 1, classifier(&train, (64, 0.0, 60, 0))?.predict(test.features())?, start)?;
    let start = Instant::now();
    show("one network, dropout 0.5", 1, classifier(&train, (256, 0.5, 60, 0))?.predict(test.features())?, start)?;

    let start = Instant::now();
    let members: Vec<Trained<f32, Net>> =
        (0..10).map(|seed| classifier(&train, (64, 0.0, 60, seed))).collect::<Result<_, _>>()?;
    let predictions: Vec<Tensor<f32>> =
        members.iter().map(|member| member.predict(test.features())).collect::<Result<_, _>>()?;
    show("mean of ten", 10, average(&predictions)?, start)?;
    show("vote of ten", 10, vote(&predictions)?, start)?;

    let start = Instant::now();
    let bagged = bag(&train, 10, 0, |number, drawn| classifier(drawn, (64, 0.0, 60, number as u64)))?;
    show("bagging, mean", 10, bagged.average(test.features())?, start)?;

    let start = Instant::now();
    let boosted = AdaBoost::fit(&train, 20, |round, data, weights| {
        // Weak members: few units and epochs. One that errs nowhere would end it.
        fit(data.features(), (16, 0.0, 8, round as u64), |scores, places| {
            let input = |of| scores.recording().input(&rows(of, places));
            (CrossEntropy::new().reduced(scores, input(data.labels()), Reduction::None) * input(weights)).mean(..)
        })
    })?;
    show("AdaBoost (SAMME), 16 units", boosted.members().count(), boosted.vote(test.features())?, start)?;

    let start = Instant::now();
    let mut boosting = GradientBoosting::new(Tensor::full([10], 0.0), 2.0);
    boosting.boost(
        train.features(),
        train.labels(),
        15,
        |scores, labels| CrossEntropy::new().reduced(scores, labels, Reduction::Sum),
        |round, features, residuals| {
            fit(features, (32, 0.0, 40, round as u64), |outputs, places| {
                squared(outputs, outputs.recording().input(&rows(residuals, places))) * 5.0
            })
        },
    )?;
    show("gradient boosting, 32 units", 15, boosting.predict(test.features())?, start)
}
