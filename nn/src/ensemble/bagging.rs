//! Bagging: members fitted to random subsets of the data.

use autodiff::{Error, Real, Tensor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Trained, at_least_one, average, not_empty, predictions, vote};
use crate::data::Dataset;
use crate::module::Module;

/// The members of a bagging ensemble.
#[derive(Clone, Debug)]
pub struct Bag<T: Real, M> {
    /// The members.
    pub members: Vec<Trained<T, M>>,
}

/// Bagging (Breiman 1996): `count` members, each fitted to a bootstrap sample, as many samples as the data have, with
/// replacement: about 63 % of them. `fit` takes the index of the member and its samples.
///
/// # Errors
/// An error of `fit`; data without samples; a `count` of 0.
pub fn bag<T: Real, M>(
    data: &Dataset<T>,
    count: usize,
    seed: u64,
    mut fit: impl FnMut(usize, &Dataset<T>) -> Result<Trained<T, M>, Error>,
) -> Result<Bag<T, M>, Error> {
    not_empty(data.len())?;
    at_least_one("count", count as u64)?;
    let mut random = StdRng::seed_from_u64(seed);
    let mut member = |number: usize| {
        let drawn: Vec<usize> = (0..data.len()).map(|_| random.random_range(0..data.len())).collect();
        fit(number, &data.subset(&drawn)?)
    };
    Ok(Bag { members: (0..count).map(&mut member).collect::<Result<_, _>>()? })
}

impl<T: Real, M: Module<T>> Bag<T, M> {
    /// The mean of the predictions of all members.
    ///
    /// # Errors
    /// An error on a tape; no members.
    #[track_caller]
    pub fn average(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        average(&predictions(&self.members, features)?)
    }

    /// The votes of the members, `[samples, classes]`.
    ///
    /// # Errors
    /// As [`Bag::average`]; predictions that are not `[samples, classes]` or contain a NaN.
    #[track_caller]
    pub fn vote(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        vote(&predictions(&self.members, features)?)
    }
}
