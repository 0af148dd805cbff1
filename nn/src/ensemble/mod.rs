//! Ensembles: averages, votes, bagging, boosting, and Monte-Carlo dropout.
//!
//! The caller trains the members: a closure takes the data to fit and returns a [`Trained`] model.

mod adaboost;
mod bagging;
mod gradient;
mod monte_carlo;

use autodiff::{Error, Mode, Params, Real, Tape, Tensor};

pub use adaboost::AdaBoost;
pub use bagging::{Bag, bag};
pub use gradient::GradientBoosting;
pub use monte_carlo::{MonteCarlo, monte_carlo};

use crate::module::Module;

/// A model with its parameters.
#[derive(Clone, Debug)]
pub struct Trained<T: Real, M> {
    /// The parameters.
    pub params: Params<T>,
    /// The model.
    pub model: M,
}

impl<T: Real, M: Module<T>> Trained<T, M> {
    /// The output of the model for `features`, in evaluation.
    ///
    /// # Errors
    /// An error on the tape.
    #[track_caller]
    pub fn predict(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let mut tape = Tape::new();
        let t = tape.start(&self.params, Mode::Eval);
        self.model.forward(t.input(features)).value()
    }
}

/// The output of each member for `features`.
#[track_caller]
fn predictions<T: Real, M: Module<T>>(
    members: &[Trained<T, M>],
    features: &Tensor<T>,
) -> Result<Vec<Tensor<T>>, Error> {
    let mut predictions = Vec::with_capacity(members.len());
    for member in members {
        predictions.push(member.predict(features)?);
    }
    Ok(predictions)
}

/// The mean of predictions of one shape: logits, probabilities, or numbers.
///
/// # Errors
/// No predictions; shapes that differ.
pub fn average<T: Real>(predictions: &[Tensor<T>]) -> Result<Tensor<T>, Error> {
    let first = same_shapes(predictions)?;
    let share = T::ONE / T::from_f64(predictions.len() as f64);
    Tensor::try_from_fn(first.shape(), |k| {
        share * T::narrow(predictions.iter().map(|prediction| prediction.data()[k].widen()).sum())
    })
}

/// For each sample and class, the number of predictions whose largest score is that of the class: votes, which
/// [`crate::metrics::accuracy`] takes as scores. Of equal scores the first class gets the vote.
///
/// # Shapes
/// Predictions and votes `[samples, classes]`.
///
/// # Errors
/// No predictions; shapes that differ, or that are not `[samples, classes]` with at least one class; a score that is NaN.
pub fn vote<T: Real>(predictions: &[Tensor<T>]) -> Result<Tensor<T>, Error> {
    weighted_vote(predictions, &vec![1.0; predictions.len()])
}

/// The votes, each multiplied by its weight.
fn weighted_vote<T: Real>(predictions: &[Tensor<T>], weights: &[f64]) -> Result<Tensor<T>, Error> {
    let first = same_shapes(predictions)?;
    let classes = classes(first)?;
    let mut votes = Tensor::try_from_fn(first.shape(), |_| T::ZERO)?;
    for (prediction, &weight) in predictions.iter().zip(weights) {
        for (sample, class) in choices(prediction, classes).enumerate() {
            votes.data_mut()[sample * classes + class?] += T::from_f64(weight);
        }
    }
    Ok(votes)
}

/// The number of classes of scores `[samples, classes]`.
fn classes<T: Real>(scores: &Tensor<T>) -> Result<usize, Error> {
    match scores.shape()[..] {
        [_, classes] if classes > 0 => Ok(classes),
        _ => Err(invalid(format!(
            "predictions have shape {}: must be [samples, classes] with at least one class",
            scores.shape()
        ))),
    }
}

/// The class of the largest score of each sample, the first of equal ones.
fn choices<T: Real>(scores: &Tensor<T>, classes: usize) -> impl Iterator<Item = Result<usize, Error>> {
    scores.data().chunks(classes).enumerate().map(|(sample, row)| {
        if row.iter().any(|score| score.is_nan()) {
            return Err(invalid(format!("a score of sample {sample} is NaN: there is no largest")));
        }
        let best = |best: usize, (class, score): (usize, &T)| if *score > row[best] { class } else { best };
        Ok(row.iter().enumerate().fold(0, best))
    })
}

/// An error without samples.
fn not_empty(samples: usize) -> Result<(), Error> {
    if samples == 0 { Err(invalid("the data have no samples: must be at least 1".into())) } else { Ok(()) }
}

/// An error if the setting `name` is 0.
fn at_least_one(name: &'static str, count: u64) -> Result<(), Error> {
    if count > 0 { Ok(()) } else { Err(Error::Setting { name, value: "0".into(), requirement: "at least 1" }) }
}

fn same_shapes<T: Real>(predictions: &[Tensor<T>]) -> Result<&Tensor<T>, Error> {
    let Some(first) = predictions.first() else { return Err(invalid("there are no predictions".into())) };
    match predictions.iter().find(|other| other.shape() != first.shape()) {
        Some(other) => Err(invalid(format!("predictions have shapes {} and {}", first.shape(), other.shape()))),
        None => Ok(first),
    }
}

fn invalid(reason: String) -> Error {
    Error::InvalidInput { what: "ensemble", reason }
}

#[cfg(test)]
mod tests;
