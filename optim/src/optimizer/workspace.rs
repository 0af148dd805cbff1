//! The memory of an optimizer.

use std::ops::Range;

use autodiff::{Error, ParamId, Params, ProcessGroup, Real};

use super::plan::Plan;
use super::share::shares;
use crate::rules::Rule;

/// The memory of an optimizer, made in the first step for the layout of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Workspace<T: Real> {
    params: Vec<ParamId>,
    /// The entries of the flat vectors that this process updates.
    pub(super) share: Range<usize>,
    /// Whether other processes update the other entries.
    pub(super) is_divided: bool,
    /// The buffers of the rule, of these entries.
    pub(super) buffers: Vec<Vec<T>>,
    /// `None` until the next step where the chain has changed.
    pub(super) plan: Option<Plan<T>>,
    /// For the largest parameter that the rule updates as a whole: its direction, and the scratch memory of the rule.
    pub(super) whole: Vec<T>,
}

impl<T: Real> Workspace<T> {
    /// With buffers of zeros.
    pub(super) fn new(params: &Params<T>, rule: &impl Rule<T>, share: Range<usize>) -> Result<Self, Error> {
        let buffers = rule.buffers().iter().map(|_| zeros(share.len())).collect::<Result<_, _>>()?;
        let (params, plan) = (params.ids().collect(), None);
        Ok(Workspace { params, share, is_divided: false, buffers, plan, whole: Vec::new() })
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
        let share = match group.count() {
            1 => 0..params.flat().len(),
            count => shares(params, rule, count).nth(group.rank()).unwrap_or(0..0),
        };
        let own = match own {
            Some(own) => own,
            None => {
                let made = Workspace::new(params, rule, share.clone())?;
                own.insert(Workspace { is_divided: group.count() > 1, ..made })
            }
        };
        if own.share != share || own.is_divided != (group.count() > 1) {
            own.divide(share, group.count())?;
        }
        Ok(own)
    }

    /// Keeps the buffers of a share, of those of all parameters.
    fn divide(&mut self, share: Range<usize>, processes: usize) -> Result<(), Error> {
        self.check_whole(processes)?;
        if self.share != share {
            self.buffers.iter_mut().for_each(|buffer| *buffer = buffer[share.clone()].to_vec());
        }
        (self.share, self.is_divided) = (share, true);
        Ok(())
    }

    /// An error if the buffers are those of a share, where this many other processes divide them.
    pub(super) fn check_whole(&self, processes: usize) -> Result<(), Error> {
        if !self.is_divided {
            return Ok(());
        }
        let (start, end) = (self.share.start, self.share.end);
        let reason = format!(
            "it has the buffers of the entries {start}..{end} alone, which {processes} processes cannot divide: \
             Optimizer::gather_buffers makes them whole"
        );
        Err(Error::InvalidInput { what: "optimizer", reason })
    }
}

/// # Errors
/// If they do not fit into memory.
pub(super) fn zeros<T: Real>(count: usize) -> Result<Vec<T>, Error> {
    let mut zeros = Vec::new();
    let reserved = zeros.try_reserve_exact(count);
    reserved.map_err(|_| Error::Memory {
        what: "a buffer of the optimizer".into(),
        bytes: count.checked_mul(size_of::<T>()),
    })?;
    zeros.resize(count, T::ZERO);
    Ok(zeros)
}
