//! Several models that decide together: averages, votes, bagging, boosting, and one model with dropout asked several times.
//!
//! How a member is trained is the caller's: a closure is given what it should fit and returns a [`Trained`].

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
    /// What comes out for `features`, in evaluation.
    ///
    /// # Errors
    /// What goes wrong on the tape.
    #[track_caller]
    pub fn predict(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        let mut tape = Tape::new();
        let t = tape.start(&self.params, Mode::Eval);
        self.model.forward(t.input(features)).value()
    }
}

/// What each member gives for `features`.
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

/// The mean of predictions of one shape: of logits, probabilities or numbers.
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

/// How many of the predictions, scores `[samples, classes]`, have their largest score at each class: votes of the same
/// shape, which [`crate::metrics::accuracy`] takes as scores. A tie within a prediction is its first class.
///
/// # Errors
/// No predictions; shapes that differ, or that are not `[samples, classes]` with at least one class; a score that is NaN, of
/// which there is no largest.
pub fn vote<T: Real>(predictions: &[Tensor<T>]) -> Result<Tensor<T>, Error> {
    weighted_vote(predictions, &vec![1.0; predictions.len()])
}

/// The votes, each counted so many times.
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

/// The number of classes that scores of `[samples, classes]` are for.
fn classes<T: Real>(scores: &Tensor<T>) -> Result<usize, Error> {
    match scores.shape()[..] {
        [_, classes] if classes > 0 => Ok(classes),
        _ => Err(refused(format!(
            "predictions have shape {}: must be [samples, classes] with at least one class",
            scores.shape()
        ))),
    }
}

/// The class of the largest score of each sample, the first of those that tie.
fn choices<T: Real>(scores: &Tensor<T>, classes: usize) -> impl Iterator<Item = Result<usize, Error>> {
    scores.data().chunks(classes).enumerate().map(|(sample, row)| {
        if row.iter().any(|score| score.is_nan()) {
            return Err(refused(format!("the scores of sample {sample} have a NaN, and so no largest")));
        }
        let best = |best: usize, (class, score): (usize, &T)| if *score > row[best] { class } else { best };
        Ok(row.iter().enumerate().fold(0, best))
    })
}

/// An error unless there is a sample to learn from.
fn not_empty(samples: usize) -> Result<(), Error> {
    if samples == 0 { Err(refused("the data have no samples: must be at least 1".into())) } else { Ok(()) }
}

/// An error unless at least one `name` is asked for.
fn at_least_one(name: &'static str, count: u64) -> Result<(), Error> {
    if count > 0 { Ok(()) } else { Err(Error::Setting { name, value: "0".into(), requirement: "at least 1" }) }
}

fn same_shapes<T: Real>(predictions: &[Tensor<T>]) -> Result<&Tensor<T>, Error> {
    let Some(first) = predictions.first() else { return Err(refused("there are no predictions".into())) };
    match predictions.iter().find(|other| other.shape() != first.shape()) {
        Some(other) => Err(refused(format!("predictions have shapes {} and {}", first.shape(), other.shape()))),
        None => Ok(first),
    }
}

fn refused(reason: String) -> Error {
    Error::InvalidInput { what: "ensemble", reason }
}

#[cfg(test)]
mod tests;
