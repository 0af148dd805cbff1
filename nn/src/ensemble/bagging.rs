//! Bagging: members of one kind, each fitted to another draw of the data.

use autodiff::{Error, Real, Tensor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Trained, average, predictions, vote};
use crate::data::Dataset;
use crate::module::Module;

/// Members that decide together.
#[derive(Clone, Debug)]
pub struct Bag<T: Real, M> {
    /// The members.
    pub members: Vec<Trained<T, M>>,
}

/// Bagging (Breiman 1996): `count` members, each fitted to as many samples as there are, drawn with replacement, so that each
/// sees about 63 % of them. `fit` is given the number of the member and its samples.
///
/// # Errors
/// What `fit` gives; data without samples.
pub fn bag<T: Real, M>(
    data: &Dataset<T>,
    count: usize,
    seed: u64,
    mut fit: impl FnMut(usize, &Dataset<T>) -> Result<Trained<T, M>, Error>,
) -> Result<Bag<T, M>, Error> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut member = |number: usize| {
        let drawn: Vec<usize> = (0..data.len()).map(|_| random.random_range(0..data.len())).collect();
        fit(number, &data.subset(&drawn)?)
    };
    Ok(Bag { members: (0..count).map(&mut member).collect::<Result<_, _>>()? })
}

impl<T: Real, M: Module<T>> Bag<T, M> {
    /// The mean of the members' predictions.
    ///
    /// # Errors
    /// What goes wrong on a tape; a bag without members.
    #[track_caller]
    pub fn average(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        average(&predictions(&self.members, features)?)
    }

    /// The members' votes, `[samples, classes]`.
    ///
    /// # Errors
    /// As [`Bag::average`]; predictions that are no `[samples, classes]`.
    #[track_caller]
    pub fn vote(&self, features: &Tensor<T>) -> Result<Tensor<T>, Error> {
        vote(&predictions(&self.members, features)?)
    }
}
