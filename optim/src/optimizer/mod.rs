//! The optimizer: a rule with its buffers, and the chain around it.

mod blocks;
mod builder;
mod chain;
mod group;
mod memory;
mod part;
mod plan;
mod share;
mod state;
mod whole;
mod workspace;

use std::ops::Range;

use autodiff::{Alone, Error, Gradients, Params, ProcessGroup, Real};

use crate::rules::Rule;
use crate::settings;
use blocks::{BLOCK, blocks, nonzero_runs};
use chain::Chain;
pub use group::ParamGroup;
use part::Part;
use plan::Plan;
use whole::WholeStep;
use workspace::Workspace;

/// An optimizer: a [`Rule`] with its buffers, gradient transformations before it and projections after it.
///
/// A step of [`Optimizer::step`]
/// 1. applies the gradient transformations, in the order in which they were added ([`Optimizer::transform`], `regularize`,
///    `clip_norm`, …);
/// 2. turns the gradient into a direction by the rule, and subtracts `rate · direction` from the parameters;
/// 3. applies the projections ([`Optimizer::project`], `decay`, `proximal`, `max_norm`), in the order that [`Projection`]
///    describes;
/// 4. commits the state updates of the gradients, such as running statistics.
///
/// The first step binds the optimizer to the layout of its parameters.
///
/// [`Projection`]: crate::Projection
#[derive(Clone, Debug)]
pub struct Optimizer<T: Real, R> {
    rate: f64,
    rule: R,
    steps: u64,
    chain: Chain<T>,
    strict_dropout: bool,
    workspace: Option<Workspace<T>>,
}

impl<T: Real, R: Rule<T>> Optimizer<T, R> {
    /// An optimizer with this rule and learning rate, and nothing around the rule.
    pub fn from_rule(rate: f64, rule: R) -> Self {
        Optimizer { rate, rule, steps: 0, chain: Chain::new(), strict_dropout: false, workspace: None }
    }

    /// Changes the settings of the rule. A rule that then has other buffers starts from step 0.
    pub(crate) fn set_rule(mut self, change: impl FnOnce(&mut R)) -> Self {
        let buffers = self.rule.buffers();
        change(&mut self.rule);
        if self.rule.buffers() != buffers {
            (self.steps, self.workspace) = (0, None);
        }
        self
    }

    /// Sets the learning rate of the steps to come, as schedules do.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// The learning rate.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Checks all settings; every step calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range.
    pub fn check(&self) -> Result<(), Error> {
        settings::not_negative_in::<T>("rate", self.rate)?;
        self.rule.check()?;
        self.chain.check(self.rate)
    }

    /// Updates `params` by one step along `grads`, and commits the state updates that `grads` holds.
    ///
    /// # Errors
    /// A step that gives an error changes nothing. It does so for
    /// - gradients of other parameters, gradients that no backward pass has filled, and parameters other than in the first step;
    /// - a gradient, or the new value of a state, that is infinite or NaN;
    /// - a setting out of range;
    /// - a filter with a pattern that matches no parameter;
    /// - an error of a gradient transformation;
    /// - too little memory, in the first step, or the first with gradient transformations.
    pub fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
        self.step_among(&Alone, params, grads)
    }

    /// As [`Optimizer::step`], where several processes have the same parameters and gradients: each updates a share of the
    /// parameters, and gives it to the others (Rajbhandari et al. 2020, "ZeRO", stage 1). All end with the same parameters, whose
    /// bits are the same for any number of processes.
    ///
    /// Of P parameters on R processes, each process holds P / R numbers of each buffer of the rule, and sends fewer than P numbers.
    /// Parameters and gradients are whole in each.
    ///
    /// # Errors
    /// As [`Optimizer::step`]; an optimizer with the buffers of another share; processes that cannot be reached.
    pub fn step_among(
        &mut self,
        group: &impl ProcessGroup<T>,
        params: &mut Params<T>,
        grads: &Gradients<T>,
    ) -> Result<(), Error> {
        params.check_commit(grads)?;
        self.check()?;
        let step = self.next_step()?;
        let workspace = Workspace::bind(&mut self.workspace, self.steps, params, &self.rule, group)?;
        grads.check_filled()?;
        let Workspace { buffers, plan, whole, shares, .. } = workspace;
        let share = &shares.own();
        let plan = match plan {
            Some(plan) => plan,
            none => {
                let made = Plan::new(params, &self.chain, &self.rule)?;
                whole::reserve(&made, whole)?;
                none.insert(made)
            }
        };
        plan.transform(&self.chain, step, params, grads)?;
        let (plan, gradient) = (&*plan, plan.gradient(grads));
        self.steps = step;
        let (rate, rule) = (self.rate, &self.rule);
        let (touched, rests) = (|range| plan.touched(range), rule.rests_at_zero());
        let runs = |range| nonzero_runs(grads.flat(), range);
        let step_part = |mut part: Part<'_, T>| {
            let mut direction = [T::ZERO; BLOCK];
            plan.within(part.range.clone()).try_for_each(|(range, plan)| {
                let step_block = |block: Range<usize>| {
                    let direction = &mut direction[..block.len()];
                    let (values, mut buffers) = part.block(block.clone());
                    rule.update(step, &gradient[block], direction, &mut buffers)?;
                    plan.step(rate * plan.rate_factor, direction, values);
                    Ok(())
                };
                match self.strict_dropout {
                    true => touched(range).flat_map(runs).flat_map(blocks).try_for_each(step_block),
                    false if rests && plan.is_bare => touched(range).flat_map(blocks).try_for_each(step_block),
                    false => blocks(range).try_for_each(step_block),
                }
            })
        };
        Part::new(share, params.flat_mut(), buffers).divide(&step_part)?;
        let strict = self.strict_dropout.then_some(grads.flat());
        let whole_step = WholeStep { rule, step, rate, gradient, strict };
        whole_step.run(plan, Part::new(share, params.flat_mut(), buffers), whole)?;
        if shares.are_several() {
            let own = params.flat()[share.clone()].to_vec();
            shares.gather(group, &own, params.flat_mut())?;
        }
        plan.project(rate, params.flat_mut());
        params.commit(grads)
    }

    /// Sets the gradients of frozen parameters to zero.
    pub(crate) fn clear_frozen(&self, params: &Params<T>, grads: &mut Gradients<T>) {
        let mut rest = grads.flat_mut();
        for (name, _, values) in params.iter() {
            let (own, others) = rest.split_at_mut(values.len());
            if self.chain.group_of(name).is_some_and(ParamGroup::is_frozen) {
                own.fill(T::ZERO);
            }
            rest = others;
        }
    }

    /// The number of the next step, counted from 1.
    fn next_step(&self) -> Result<u64, Error> {
        let requirement = "below 2⁶⁴ − 1, so that one more can be counted";
        let error = || Error::Setting { name: "optimizer steps", value: self.steps.to_string(), requirement };
        self.steps.checked_add(1).ok_or_else(error)
    }
}

#[cfg(test)]
mod tests;
