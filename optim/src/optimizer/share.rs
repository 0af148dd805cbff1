//! The part of the parameters that a process updates, of several that train together.

use std::ops::Range;

use autodiff::{Error, Params, ProcessGroup, Real};

use crate::rules::Rule;

/// The entries of the flat vectors that each process updates, and which process this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shares {
    of_ranks: Vec<Range<usize>>,
    rank: usize,
}

impl Shares {
    pub(super) fn new<T: Real>(params: &Params<T>, rule: &impl Rule<T>, group: &impl ProcessGroup<T>) -> Self {
        Shares { of_ranks: divide(params, rule, group.count()), rank: group.rank() }
    }

    /// The entries that this process updates.
    pub(super) fn own(&self) -> Range<usize> {
        self.of_ranks.get(self.rank).cloned().unwrap_or(0..0)
    }

    /// Whether they are those of this process in this group.
    pub(super) fn are_of<T>(&self, group: &impl ProcessGroup<T>) -> bool {
        (self.of_ranks.len(), self.rank) == (group.count(), group.rank())
    }

    /// Whether other processes update other entries.
    pub(super) fn are_several(&self) -> bool {
        self.of_ranks.len() > 1
    }

    /// Gathers the shares of all processes, of which this one has `own`.
    pub(super) fn gather<T>(&self, group: &impl ProcessGroup<T>, own: &[T], all: &mut [T]) -> Result<(), Error> {
        let lengths: Vec<usize> = self.of_ranks.iter().map(ExactSizeIterator::len).collect();
        group.all_gather(own, &lengths, all)
    }
}

/// Divides the entries: about as many for each, without cutting through a parameter that the rule updates as a whole.
fn divide<T: Real>(params: &Params<T>, rule: &impl Rule<T>, count: usize) -> Vec<Range<usize>> {
    let size = params.flat().len();
    let whole = params.iter().scan(0, |start, (_, shape, values)| {
        let range = *start..*start + values.len();
        *start = range.end;
        Some((range, rule.is_whole(shape)))
    });
    let whole: Vec<Range<usize>> = whole.filter(|(_, is_whole)| *is_whole).map(|(range, _)| range).collect();
    let start_of = |rank: usize| {
        // The product may overflow usize.
        let at = (rank as u128 * size as u128 / count.max(1) as u128) as usize;
        whole.iter().find(|range| range.contains(&at)).map_or(at, |range| range.start)
    };
    (0..count).map(|rank| start_of(rank)..start_of(rank + 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adam, Muon};

    fn of<R: Rule<f64>>(params: &Params<f64>, optimizer: &crate::Optimizer<f64, R>, count: usize) -> Vec<Range<usize>> {
        divide(params, &optimizer.rule, count)
    }

    #[test]
    fn shares_follow_each_other_and_leave_matrices_of_muon_whole() {
        let mut params = Params::<f64>::new(1);
        for (name, shape) in [("first", vec![4, 5]), ("bias", vec![5]), ("second", vec![5, 3])] {
            params.scope(name).parameter("value", &shape[..], |values, _| values.fill(1.0));
        }
        assert_eq!(of(&params, &Adam::new(0.1), 3), [0..13, 13..26, 26..40]);
        assert_eq!(of(&params, &Muon::new(0.1), 3), [0..0, 0..25, 25..40]);
        assert_eq!(of(&params, &Adam::new(0.1), 1).first(), Some(&(0..40)));
    }
}
