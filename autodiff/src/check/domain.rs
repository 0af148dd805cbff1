//! The bounds within which each input is probed.

use std::ops::{Bound, RangeBounds};

use super::CaseInputs;
use crate::array::Tensor;
use crate::error::Error;

/// The bounds of the inputs, both ends included.
#[derive(Clone, Debug, Default)]
pub(super) struct Domain(Vec<(usize, f64, f64)>);

impl Domain {
    /// Bounds an input.
    pub(super) fn bound(&mut self, input: usize, bounds: &impl RangeBounds<f64>) {
        let low = match bounds.start_bound() {
            Bound::Included(&low) => low,
            Bound::Excluded(low) => low.next_up(),
            Bound::Unbounded => f64::NEG_INFINITY,
        };
        let high = match bounds.end_bound() {
            Bound::Included(&high) => high,
            Bound::Excluded(high) => high.next_down(),
            Bound::Unbounded => f64::INFINITY,
        };
        self.0.push((input, low, high));
    }

    /// The lowest and highest value of an input.
    pub(super) fn of(&self, input: usize) -> (f64, f64) {
        let own = self.0.iter().filter(|bounds| bounds.0 == input);
        own.fold((f64::NEG_INFINITY, f64::INFINITY), |(low, high), bounds| (low.max(bounds.1), high.min(bounds.2)))
    }

    /// Rejects bounds that hold nothing or belong to no input, and a case outside of them.
    pub(super) fn check(&self, inputs: &CaseInputs) -> Result<(), Error> {
        for &(input, low, high) in &self.0 {
            let (name, value) = ("within", format!("{low:?}..={high:?} for input {input}"));
            if low.is_nan() || high.is_nan() || low > high {
                return Err(Error::Setting { name, value, requirement: "a range that holds a number" });
            }
            let Some(x) = inputs.get(input) else {
                return Err(Error::Setting { name, value, requirement: "bounds of an input that there is" });
            };
            if x.data().iter().any(|x| !(low..=high).contains(x)) {
                return Err(Error::Setting { name, value, requirement: "bounds that hold every value of the case" });
            }
        }
        Ok(())
    }

    /// Whether all values lie within.
    pub(super) fn contains(&self, inputs: &[Tensor<f64>]) -> bool {
        inputs.iter().enumerate().all(|(input, x)| {
            let (low, high) = self.of(input);
            (low == f64::NEG_INFINITY && high == f64::INFINITY) || x.data().iter().all(|x| (low..=high).contains(x))
        })
    }

    /// The nearest value within.
    pub(super) fn nearest(&self, input: usize, x: f64) -> f64 {
        let (low, high) = self.of(input);
        if x < low {
            low
        } else if x > high {
            high
        } else {
            x
        }
    }

    /// The directions without the elements that have no room to either side for a step of `room`.
    pub(super) fn with_room(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>], room: f64) -> Vec<Tensor<f64>> {
        let of_input = |(input, (x, v)): (usize, (&Tensor<f64>, &Tensor<f64>))| {
            let (low, high) = self.of(input);
            let element = |k: usize| {
                let (x, v) = (x.data()[k], v.data()[k]);
                let reach = room * v.abs();
                if x - reach >= low && x + reach <= high { v } else { 0.0 }
            };
            Tensor::from_fn(v.shape(), element)
        };
        inputs.iter().zip(v).enumerate().map(of_input).collect()
    }

    /// The largest step up to `largest` along these directions, to both sides, that stays within.
    pub(super) fn step(&self, inputs: &[Tensor<f64>], v: &[Tensor<f64>], largest: f64) -> f64 {
        let mut step = largest;
        for (input, (x, v)) in inputs.iter().zip(v).enumerate() {
            let (low, high) = self.of(input);
            for (x, v) in x.data().iter().zip(v.data()).filter(|(_, v)| **v != 0.0) {
                step = step.min((x - low) / v.abs()).min((high - x) / v.abs());
            }
        }
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_end_at_the_bounds() {
        let mut domain = Domain::default();
        domain.bound(0, &(0.0..));
        let (x, v) = ([Tensor::from([0.0, 0.5, 3.0])], [Tensor::from([1.0, -1.0, 1.0])]);
        let inside = domain.with_room(&x, &v, 1e-4);
        assert_eq!(inside[0].data(), [0.0, -1.0, 1.0]);
        assert_eq!(domain.step(&x, &inside, 2.0), 0.5);
        assert_eq!((domain.nearest(0, -3.0), domain.nearest(0, 3.0)), (0.0, 3.0));
        assert!(domain.check(&vec![Tensor::from([-1.0])]).is_err() && domain.check(&vec![]).is_err());
    }
}
