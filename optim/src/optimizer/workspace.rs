//! The memory of an optimizer.

use autodiff::{Error, ParamId, ParamVec, Params, Real};

use super::plan::Plan;
use crate::rules::Rule;

/// The memory of an optimizer, made in the first step for the layout of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Workspace<T: Real> {
    params: Vec<ParamId>,
    /// The buffers of the rule.
    pub(super) buffers: Vec<ParamVec<T>>,
    /// `None` until the next step where the chain has changed.
    pub(super) plan: Option<Plan<T>>,
    /// For the largest parameter that the rule updates as a whole: its direction, and the scratch memory of the rule.
    pub(super) whole: Vec<T>,
}

impl<T: Real> Workspace<T> {
    pub(super) fn new(params: &Params<T>, rule: &impl Rule<T>) -> Result<Self, Error> {
        let buffers = rule.buffers().iter().map(|_| params.zeros()).collect::<Result<_, _>>()?;
        Ok(Workspace { params: params.ids().collect(), buffers, plan: None, whole: Vec::new() })
    }

    /// The workspace for `params`: made here, if no step has been taken, or else the one in use, which must have their layout.
    pub(super) fn bind<'w>(
        own: &'w mut Option<Self>,
        steps: u64,
        params: &Params<T>,
        rule: &impl Rule<T>,
    ) -> Result<&'w mut Self, Error> {
        if own.as_ref().is_some_and(|own| !params.ids().eq(own.params.iter().copied())) {
            if steps > 0 {
                let reason = "its buffers belong to other Params, or to these before the last parameter was registered";
                return Err(Error::ForeignParams { what: "optimizer", reason: reason.into() });
            }
            *own = None;
        }
        match own {
            Some(own) => Ok(own),
            None => Ok(own.insert(Workspace::new(params, rule)?)),
        }
    }
}
