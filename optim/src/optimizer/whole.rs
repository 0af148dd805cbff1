//! The step of the parameters that a rule updates as a whole.

use std::ops::Range;

use autodiff::{Error, Real};

use super::blocks::{blocks, nonzero_runs};
use super::memory::zeros;
use super::part::Part;
use super::plan::Plan;
use crate::rules::Rule;

/// Makes `memory` large enough for the direction of any parameter that is updated as a whole, and the scratch memory of the rule.
pub(super) fn reserve<T: Real>(plan: &Plan<T>, memory: &mut Vec<T>) -> Result<(), Error> {
    let lengths = plan.whole().map(|(param, _, scratch)| param.range.len().checked_add(scratch));
    let longest = lengths.reduce(|longest, length| Some(longest?.max(length?))).unwrap_or(Some(0));
    memory.clear();
    *memory = zeros("the step of a whole parameter", longest)?;
    Ok(())
}

/// What the step of all such parameters has in common.
#[derive(Debug)]
pub(super) struct WholeStep<'s, T, R> {
    pub(super) rule: &'s R,
    pub(super) step: u64,
    pub(super) rate: f64,
    pub(super) gradient: &'s [T],
    /// Under strict dropout, the gradient before the transformations.
    pub(super) strict: Option<&'s [T]>,
}

impl<T: Real, R: Rule<T>> WholeStep<'_, T, R> {
    /// Steps the parameters one after the other: the rule divides its work on large ones.
    pub(super) fn run(&self, plan: &Plan<T>, mut part: Part<'_, T>, memory: &mut [T]) -> Result<(), Error> {
        for (param, plan, scratch) in plan.whole() {
            let range = param.range.clone();
            if !part.range.contains(&range.start) {
                continue; // of another process, or empty
            }
            let (values, mut buffers) = part.block(range.clone());
            let (direction, rest) = memory.split_at_mut(range.len());
            let (gradient, scratch) = (&self.gradient[range.clone()], &mut rest[..scratch]);
            self.rule.update_whole(self.step, &param.shape, gradient, direction, &mut buffers, scratch)?;
            let rate = self.rate * plan.rate_factor;
            let step_block = |block: Range<usize>| plan.step(rate, &direction[block.clone()], &mut values[block]);
            let entries = 0..range.len();
            match self.strict {
                Some(gradient) => nonzero_runs(&gradient[range], entries).flat_map(blocks).for_each(step_block),
                None => blocks(entries).for_each(step_block),
            }
        }
        Ok(())
    }
}
