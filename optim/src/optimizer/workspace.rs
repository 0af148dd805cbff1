//! The memory of an optimizer.

use std::ops::Range;

use autodiff::{Error, ParamId, Params, ProcessGroup, Real};

use super::memory::zeros;
use super::plan::Plan;
use super::share::Shares;
use crate::rules::Rule;

/// The memory of an optimizer, made in the first step for the layout of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Workspace<T: Real> {
    params: Vec<ParamId>,
    pub(super) shares: Shares,
    /// The buffers of the rule, of the entries that this process updates.
    pub(super) buffers: Vec<Vec<T>>,
    /// `None` until the next step where the chain has changed.
    pub(super) plan: Option<Plan<T>>,
    /// For the largest parameter that the rule updates as a whole: its direction, and the scratch memory of the rule.
    pub(super) whole: Vec<T>,
}

impl<T: Real> Workspace<T> {
    /// With buffers of zeros.
    pub(super) fn new(params: &Params<T>, rule: &impl Rule<T>, shares: Shares) -> Result<Self, Error> {
        let buffer = |_| zeros("a buffer of the optimizer", Some(shares.own().len()));
        let buffers = rule.buffers().iter().map(buffer).collect::<Result<_, _>>()?;
        Ok(Workspace { params: params.ids().collect(), shares, buffers, plan: None, whole: Vec::new() })
    }

    /// The workspace for the share of this process of `params`: made here, if no step has been taken, or else the one in use, which
    /// must have their layout. Of one for all parameters, which a process resumes with, the share is kept.
    pub(super) fn bind<'w>(
        own: &'w mut Option<Self>,
        steps: u64,
        params: &Params<T>,
        rule: &impl Rule<T>,
        group: &impl ProcessGroup<T>,
    ) -> Result<&'w mut Self, Error> {
        if own.as_ref().is_some_and(|own| !params.ids().eq(own.params.iter().copied())) {
            if steps > 0 {
                let reason = "its buffers belong to other Params, or to these before the last parameter was registered";
                return Err(Error::ForeignParams { what: "optimizer", reason: reason.into() });
            }
            *own = None;
        }
        match own {
            Some(own) => {
                if !own.shares.are_of(group) {
                    own.divide(Shares::new(params, rule, group), group.count())?;
                }
                Ok(own)
            }
            None => Ok(own.insert(Workspace::new(params, rule, Shares::new(params, rule, group))?)),
        }
    }

    /// Keeps the buffers of a share, of those of all parameters.
    fn divide(&mut self, shares: Shares, processes: usize) -> Result<(), Error> {
        self.check_whole(processes)?;
        let share = shares.own();
        self.buffers.iter_mut().for_each(|buffer| *buffer = buffer[share.clone()].to_vec());
        self.shares = shares;
        Ok(())
    }

    /// An error if the buffers are those of a share, where this many other processes divide them.
    pub(super) fn check_whole(&self, processes: usize) -> Result<(), Error> {
        if !self.shares.are_several() {
            return Ok(());
        }
        let Range { start, end } = self.shares.own();
        let reason = format!(
            "it has the buffers of the entries {start}..{end} alone, which {processes} processes cannot divide: \
             Optimizer::gather_buffers makes them whole"
        );
        Err(Error::InvalidInput { what: "optimizer", reason })
    }
}
