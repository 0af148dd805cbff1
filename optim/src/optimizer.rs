//! The chain: changes of the gradient, the rule, and what is done to the parameters behind the step.

mod chain;
mod state;

use std::ops::Range;

use autodiff::{Error, Gradients, Params, Real};
use smallvec::SmallVec;

use crate::names::Names;
use crate::penalty::Penalty;
use crate::rules::Rule;
use crate::settings;
use chain::{Behind, Change, Plan};

/// An optimizer: a [`Rule`] with its buffers, in a chain.
///
/// A step takes the gradient through the changes in the order they are written (`regularize`, `clip_…`), makes a direction of
/// it by the rule, and subtracts that times the rate; then follows what acts on the parameters themselves: `decay`, `proximal`
/// and `max_norm`, in this order. At last the states of the gradients are committed.
#[derive(Clone, Debug)]
pub struct Optimizer<T: Real, R> {
    rate: f64,
    rule: R,
    steps: u64,
    changes: Vec<(Change, Names)>,
    behind: Vec<(Behind, Names)>,
    groups: Vec<(Group, Names)>,
    strict: bool,
    memory: Option<Memory<T>>,
}

/// What is made at the first step, and fits the parameters of that step alone.
#[derive(Clone, Debug)]
struct Memory<T: Real> {
    /// The gradient behind its changes; unused where there are none.
    update: Gradients<T>,
    /// The direction of one block.
    direction: Vec<T>,
    buffers: Vec<Gradients<T>>,
    /// Made anew when the chain has changed.
    plan: Option<Plan>,
}

impl<T: Real> Memory<T> {
    fn new(params: &Params<T>, rule: &impl Rule<T>) -> Self {
        let buffers = rule.buffers().iter().map(|_| params.gradients()).collect();
        Memory { update: params.gradients(), direction: vec![T::ZERO; BLOCK], buffers, plan: None }
    }
}

/// Settings for the parameters of some names.
#[derive(Clone, Copy, Debug, Default)]
pub struct Group {
    rate: Option<f64>,
    frozen: bool,
}

impl Group {
    /// The optimizer's rate times this number.
    pub fn rate(factor: f64) -> Self {
        Group { rate: Some(factor), frozen: false }
    }

    /// Not changed at all.
    pub fn frozen() -> Self {
        Group { rate: None, frozen: true }
    }
}

impl<T: Real, R: Rule<T>> Optimizer<T, R> {
    /// An optimizer of this rule, with nothing around it.
    pub fn of(rate: f64, rule: R) -> Self {
        let (changes, behind, groups) = (Vec::new(), Vec::new(), Vec::new());
        Optimizer { rate, rule, steps: 0, changes, behind, groups, strict: false, memory: None }
    }

    pub(crate) fn with_rule(mut self, change: impl FnOnce(&mut R)) -> Self {
        let buffers = self.rule.buffers();
        change(&mut self.rule);
        if self.rule.buffers() != buffers {
            // Another rule, which begins anew.
            (self.steps, self.memory) = (0, None);
        }
        self
    }

    fn with_change(mut self, change: Change, names: Names) -> Self {
        self.changes.push((change, names));
        self.with_new_plan()
    }

    fn with_behind(mut self, behind: Behind, names: Names) -> Self {
        self.behind.push((behind, names));
        self.with_new_plan()
    }

    fn with_new_plan(mut self) -> Self {
        if let Some(memory) = &mut self.memory {
            memory.plan = None;
        }
        self
    }

    /// Adds the (sub-)gradient of a penalty on all parameters.
    #[must_use]
    pub fn regularize(self, penalty: impl Into<Penalty>) -> Self {
        self.regularize_only(penalty, Names::all())
    }

    /// Adds the (sub-)gradient of a penalty on the parameters of these names: `Names::except(["*bias", "*bn*"])`.
    #[must_use]
    pub fn regularize_only(self, penalty: impl Into<Penalty>, names: impl Into<Names>) -> Self {
        self.with_change(Change::Penalty(penalty.into()), names.into())
    }

    /// Brings every entry of the gradient between `−limit` and `limit`.
    #[must_use]
    pub fn clip_value(self, limit: f64) -> Self {
        self.with_change(Change::ClipValue(limit), Names::all())
    }

    /// Scales the gradient of all parameters together down to a Euclidean norm of at most `limit` (Pascanu 2013).
    #[must_use]
    pub fn clip_norm(self, limit: f64) -> Self {
        self.with_change(Change::ClipNorm(limit), Names::all())
    }

    /// Scales the gradient of each parameter alone down to a Euclidean norm of at most `limit`.
    #[must_use]
    pub fn clip_each(self, limit: f64) -> Self {
        self.with_change(Change::ClipEach(limit), Names::all())
    }

    /// Decoupled weight decay (Loshchilov and Hutter 2019): parameters of these names are multiplied by `1 − rate · decay`. Under
    /// plain gradient descent this is [`L2`](crate::L2); where a rule divides by the size of gradients, or keeps a velocity, the
    /// penalty is divided and kept with them and the decay is not.
    #[must_use]
    pub fn decay(self, decay: f64, names: impl Into<Names>) -> Self {
        self.with_behind(Behind::Decay(decay), names.into())
    }

    /// A proximal step behind each gradient step (Parikh and Boyd 2014): with [`L1`](crate::L1), small entries become exactly 0.
    #[must_use]
    pub fn proximal(self, penalty: impl Into<Penalty>, names: impl Into<Names>) -> Self {
        self.with_behind(Behind::Proximal(penalty.into()), names.into())
    }

    /// Max-norm (Srebro 2005): the weights that a unit reads by, a place of axis 0, are scaled down to a Euclidean norm of at most
    /// `limit`. For weights of these names, of two or more axes.
    #[must_use]
    pub fn max_norm(self, limit: f64, names: impl Into<Names>) -> Self {
        self.with_behind(Behind::MaxNorm(limit), names.into())
    }

    /// Other settings for the parameters of these names. Of several groups that fit a name, the last counts.
    #[must_use]
    pub fn group(mut self, names: impl Into<Names>, group: Group) -> Self {
        self.groups.push((group, names.into()));
        self.with_new_plan()
    }

    /// Strict dropout: an entry whose gradient of the loss is exactly zero, as where its unit was dropped for the whole batch, is
    /// left untouched in that step, with its buffers: no momentum moves it, no penalty and no decay.
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Changes the rate, for a schedule.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// The rate of the next step.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Updates `params` by one step.
    ///
    /// # Errors
    /// Gradients of other parameters, that no backward pass has filled, or of which one is infinite or NaN, with the parameter's
    /// name; a state whose new value is; a setting out of range, with its name; a pattern that no parameter's name matches.
    /// Nothing is changed then.
    pub fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
        params.check_commit(grads)?;
        self.check()?;
        let Some(steps) = self.steps.checked_add(1) else {
            let (value, requirement) = (self.steps.to_string(), "below 2⁶⁴ − 1, so that one more can be counted");
            return Err(Error::Setting { name: "optimizer steps", value, requirement });
        };
        let memory = match &mut self.memory {
            Some(memory) if self.steps > 0 || memory.update.check_layout(params).is_ok() => memory,
            unbound => unbound.insert(Memory::new(params, &self.rule)),
        };
        if memory.update.check_layout(params).is_err() {
            let reason = "its buffers belong to other Params, or to these before the last parameter was registered";
            return Err(Error::ForeignParams { what: "optimizer", reason: reason.into() });
        }
        grads.check_filled()?;
        let plan = match &mut memory.plan {
            Some(plan) => plan,
            none => none.insert(Plan::new(params, &self.changes, &self.behind, &self.groups)?),
        };
        if !plan.parts().all(|part| T::all_finite(&grads.flat()[part.range.clone()])) {
            grads.check_finite()?;
        }
        let changed = match self.changes.as_slice() {
            [] => grads.flat(),
            changes => {
                let update = memory.update.flat_mut();
                update.copy_from_slice(grads.flat());
                for (number, (change, _)) in changes.iter().enumerate() {
                    change.apply(params.flat(), update, plan.parts().filter(|part| part.changes[number]))?;
                }
                &*update
            }
        };
        self.steps = steps;
        for part in plan.parts() {
            let run = |range: Range<usize>| {
                let mut buffers: SmallVec<[&mut [T]; 3]> =
                    memory.buffers.iter_mut().map(|buffer| &mut buffer.flat_mut()[range.clone()]).collect();
                let direction = &mut memory.direction[..range.len()];
                direction.copy_from_slice(&changed[range.clone()]);
                self.rule.direct(steps, direction, &mut buffers)?;
                part.step(self.rate, direction, &mut params.flat_mut()[range]);
                Ok(())
            };
            match self.strict {
                true => touched(grads.flat(), part.range.clone()).flat_map(blocks).try_for_each(run)?,
                false => blocks(part.range.clone()).try_for_each(run)?,
            }
            part.bound(&mut params.flat_mut()[part.range.clone()]);
        }
        params.commit(grads)
    }

    /// Whether all settings are in their ranges, as each step asks.
    ///
    /// # Errors
    /// [`Error::Setting`], with the name of the setting.
    pub fn check(&self) -> Result<(), Error> {
        settings::not_negative_in::<T>("rate", self.rate)?;
        self.rule.check()?;
        self.changes.iter().try_for_each(|(change, _)| change.check::<T>())?;
        self.behind.iter().try_for_each(|(behind, _)| behind.check::<T>())?;
        let mut rates = self.groups.iter().filter_map(|(group, _)| group.rate);
        rates.try_for_each(|rate| {
            settings::not_negative_in::<T>("group rate", rate)?;
            settings::not_negative_in::<T>("rate times group rate", self.rate * rate)
        })
    }
}

/// Entries whose gradient, direction, buffers and values are in the cache together.
const BLOCK: usize = 2048;

fn blocks(range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(BLOCK).map(move |start| start..range.end.min(start + BLOCK))
}

/// The runs of entries of a range that are not exactly zero.
fn touched<T: Real>(gradient: &[T], mut rest: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    std::iter::from_fn(move || {
        let start = rest.clone().find(|&k| !gradient[k].is_zero())?;
        let end = (start..rest.end).find(|&k| gradient[k].is_zero()).unwrap_or(rest.end);
        rest.start = end;
        Some(start..end)
    })
}

#[cfg(test)]
mod tests;
