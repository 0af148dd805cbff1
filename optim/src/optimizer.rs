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
    /// The gradient, on its way to a direction.
    update: Gradients<T>,
    buffers: Vec<Gradients<T>>,
    plan: Plan,
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
        change(&mut self.rule);
        self.memory = None;
        self
    }

    fn with_change(mut self, change: Change, names: Names) -> Self {
        self.changes.push((change, names));
        self.memory = None;
        self
    }

    fn with_behind(mut self, behind: Behind, names: Names) -> Self {
        self.behind.push((behind, names));
        self.memory = None;
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
        self.memory = None;
        self
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
    /// Gradients of other parameters; a setting out of range, with its name. Nothing is changed then.
    pub fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
        grads.check_layout(params)?;
        self.check()?;
        let (changes, behind) = (&self.changes, &self.behind);
        let memory = self.memory.get_or_insert_with(|| Memory {
            update: params.gradients(),
            buffers: self.rule.buffers().iter().map(|_| params.gradients()).collect(),
            plan: Plan::new(params, changes, behind, &self.groups),
        });
        if memory.update.check_layout(params).is_err() {
            let reason = "its buffers belong to other Params, or to these before the last parameter was registered";
            return Err(Error::Foreign { what: "optimizer", reason: reason.into() });
        }
        self.steps += 1;
        let update = memory.update.flat_mut();
        update.copy_from_slice(grads.flat());
        for (number, (change, _)) in changes.iter().enumerate() {
            change.apply(params.flat(), update, memory.plan.parts().filter(|part| part.changes[number]));
        }
        for part in memory.plan.parts().filter(|part| !part.frozen) {
            let run = |range: Range<usize>| {
                let mut buffers: SmallVec<[&mut [T]; 3]> =
                    memory.buffers.iter_mut().map(|buffer| &mut buffer.flat_mut()[range.clone()]).collect();
                let direction = &mut update[range.clone()];
                self.rule.direct(self.steps, direction, &mut buffers);
                part.step(self.rate, direction, &mut params.flat_mut()[range]);
            };
            match self.strict {
                true => touched(grads.flat(), part.range.clone()).for_each(run),
                false => std::iter::once(part.range.clone()).for_each(run),
            }
            part.bound(&mut params.flat_mut()[part.range.clone()]);
        }
        params.commit(grads)
    }

    fn check(&self) -> Result<(), Error> {
        settings::not_negative("rate", self.rate)?;
        self.rule.check()?;
        self.changes.iter().try_for_each(|(change, _)| change.check())?;
        self.behind.iter().try_for_each(|(behind, _)| behind.check())?;
        let mut rates = self.groups.iter().filter_map(|(group, _)| group.rate);
        rates.try_for_each(|rate| settings::not_negative("group rate", rate))
    }
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
