//! The part of the parameters that a process updates, of several that train together.

use std::ops::Range;

use autodiff::{Error, Params, ProcessGroup, Real};

use crate::rules::Rule;

/// The entries of the flat vectors that each of `count` processes updates: about as many each, without cutting through a parameter
/// that the rule updates as a whole.
pub(super) fn shares<T: Real>(
    params: &Params<T>,
    rule: &impl Rule<T>,
    count: usize,
) -> impl Iterator<Item = Range<usize>> {
    let size = params.flat().len();
    let whole = params.iter().scan(0, |start, (_, shape, values)| {
        let range = *start..*start + values.len();
        *start = range.end;
        Some((range, rule.is_whole(shape)))
    });
    let whole: Vec<Range<usize>> = whole.filter(|(_, is_whole)| *is_whole).map(|(range, _)| range).collect();
    let start_of = move |rank: usize| {
        // The product may overflow usize.
        let at = (rank as u128 * size as u128 / count.max(1) as u128) as usize;
        whole.iter().find(|range| range.contains(&at)).map_or(at, |range| range.start)
    };
    (0..count).map(move |rank| start_of(rank)..start_of(rank + 1))
}

/// Gives the other processes the share of this one, and gets theirs.
pub(super) fn gather<T: Real>(
    group: &impl ProcessGroup<T>,
    params: &mut Params<T>,
    rule: &impl Rule<T>,
) -> Result<(), Error> {
    if group.count() == 1 {
        return Ok(());
    }
    let shares: Vec<Range<usize>> = shares(params, rule, group.count()).collect();
    let lengths: Vec<usize> = shares.iter().map(ExactSizeIterator::len).collect();
    let own = params.flat()[shares[group.rank()].clone()].to_vec();
    group.all_gather(&own, &lengths, params.flat_mut())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adam, Muon};

    fn of<R: Rule<f64>>(params: &Params<f64>, optimizer: &crate::Optimizer<f64, R>, count: usize) -> Vec<Range<usize>> {
        shares(params, &optimizer.rule, count).collect()
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
