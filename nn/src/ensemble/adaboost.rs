//! AdaBoost for any number of classes.

use autodiff::{Error, Real, Tensor};

use super::{Trained, at_least_one, choices, invalid, not_empty, predictions, weighted_vote};
use crate::data::Dataset;
use crate::metrics::labeled;
use crate::module::Module;

/// AdaBoost by the SAMME rule (Zhu 2009): each member is fitted to weighted samples, and the weights of those it predicts
/// wrongly grow for the next member. A member with weighted error `e` among `K` classes has the vote
/// `ln((1 − e)/e) + ln(K − 1)`.
#[derive(Clone, Debug)]
pub struct AdaBoost<T: Real, M> {
    members: Vec<Trained<T, M>>,
    votes: Vec<f64>,
}

impl<T: Real, M: Module<T>> AdaBoost<T, M> {
    /// Fits at most `rounds` members. `fit` takes the index of the member, the samples and their weights, `[samples]`, of mean
    /// one. It stops early at a member without errors, which then decides alone, and at one that is no better than chance
    /// (`e ≥ 1 − 1/K`), which is left out.
    ///
    /// # Errors
    /// Data without samples; 0 rounds; an error of `fit` or on a tape; a first member that is no better than chance; scores
    /// that are not `[samples, K]` or contain a NaN; a label that is not one of `K` classes.
    #[track_caller]
    pub fn fit(
        data: &Dataset<T>,
        rounds: usize,
        mut fit: impl FnMut(usize, &Dataset<T>, &Tensor<T>) -> Result<Trained<T, M>, Error>,
    ) -> Result<Self, Error> {
        not_empty(data.len())?;
        at_least_one("rounds", rounds as u64)?;
        let mut weights = vec![1.0; data.len()];
        let (mut members, mut votes) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let given = Tensor::new([data.len()], weights.iter().map(|&weight| T::from_f64(weight)).collect())?;
            let member = fit(round, data, &given)?;
            let (wrong, classes) = mistakes(&member, data)?;
            let total: f64 = weights.iter().sum();
            let missed: f64 = weights.iter().zip(&wrong).filter(|&(_, &wrong)| wrong).map(|(weight, _)| weight).sum();
            let error = missed / total;
            if error == 0.0 {
                return Ok(AdaBoost { members: vec![member], votes: vec![1.0] });
            }
            if error >= 1.0 - 1.0 / classes as f64 {
                break;
            }
            let vote = ((1.0 - error) / error).ln() + (classes as f64 - 1.0).ln();
            weights.iter_mut().zip(&wrong).filter(|&(_, &wrong)| wrong).for_each(|(weight, _)| *weight *= vote.exp());
            let mean = weights.iter().sum::<f64>() / data.len() as f64;
            weights.iter_mut().for_each(|weight| *weight /= mean);
            members.push(member);
            votes.push(vote);
        }
        if members.is_empty() {
            return Err(invalid("no member is better than chance".into()));
        }
        Ok(AdaBoost { members, votes })
    }

    /// The weighted votes, `[samples, classes]`, which [`crate::metrics::accuracy`] takes as scores.
    ///
    /// # Errors
    /// An error on a tape; a score that is NaN.
    #[track_caller]
    pub fn vote(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        weighted_vote(&predictions(&self.members, features)?, &self.votes)
    }

    /// The members and their votes.
    pub fn members(&self) -> impl Iterator<Item = (&Trained<T, M>, f64)> {
        self.members.iter().zip(self.votes.iter().copied())
    }
}

/// Whether a member is wrong, for each sample, and the number of classes.
#[track_caller]
fn mistakes<T: Real, M: Module<T>>(member: &Trained<T, M>, data: &Dataset<T>) -> Result<(Vec<bool>, usize), Error> {
    let scores = member.predict(data.features())?;
    let &[samples, classes] = &scores.shape()[..] else {
        return Err(invalid(format!("a member's scores are {}: must be [samples, classes]", scores.shape())));
    };
    if samples != data.len() {
        return Err(invalid(format!("a member gives {samples} scores for {} samples", data.len())));
    }
    let labels = labeled("ensemble", &scores, data.labels())?;
    let wrong = choices(&scores, classes).zip(labels).map(|(class, (_, label))| Ok(class? != label));
    Ok((wrong.collect::<Result<_, Error>>()?, classes))
}
