//! Methods that add to a chain: the general ones, and short-hands for the parts of this crate.

use std::sync::Arc;

use autodiff::Real;

use super::{Optimizer, ParamGroup};
use crate::param_filter::ParamFilter;
use crate::projections::{Decay, MaxNorm, Projection, Proximal};
use crate::transforms::{ClipEach, ClipNorm, ClipValue, GradientTransform, Penalty};

impl<T: Real, R> Optimizer<T, R> {
    /// Adds a gradient transformation, after those already there, for the parameters that `filter` selects.
    #[must_use]
    pub fn transform(mut self, transform: impl GradientTransform<T> + 'static, filter: impl Into<ParamFilter>) -> Self {
        self.chain.transforms.push((Arc::new(transform), filter.into()));
        self.without_plan()
    }

    /// Adds a post-step projection, after those already there, for the parameters that `filter` selects.
    #[must_use]
    pub fn project(mut self, projection: impl Projection<T> + 'static, filter: impl Into<ParamFilter>) -> Self {
        self.chain.projections.push((Arc::new(projection), filter.into()));
        self.without_plan()
    }

    /// Gives the parameters that `filter` selects settings of their own. A parameter selected by several groups belongs to the
    /// last.
    #[must_use]
    pub fn group(mut self, filter: impl Into<ParamFilter>, group: ParamGroup) -> Self {
        self.chain.groups.push((group, filter.into()));
        self.without_plan()
    }

    /// Drops the plan, which the next step makes from the changed chain.
    fn without_plan(mut self) -> Self {
        if let Some(workspace) = &mut self.workspace {
            workspace.plan = None;
        }
        self
    }

    /// Strict dropout: an entry whose gradient is exactly zero, as where dropout disabled a unit for the whole batch, is left
    /// untouched by the step, and so are its buffers: no momentum, penalty or decay moves it. So a step on an embedding visits the
    /// rows that were read and no others, as PyTorch's `SparseAdam`. Only
    /// [`Projection::project_parameter`] still sees it, and a rule that updates its parameter as a whole, which updates its buffers.
    #[must_use]
    pub fn strict_dropout(mut self) -> Self {
        self.strict_dropout = true;
        self
    }

    /// Adds the (sub-)gradient of a penalty on all parameters: PyTorch's `weight_decay`, with [`L2`](crate::L2).
    #[must_use]
    pub fn regularize(self, penalty: impl Into<Penalty>) -> Self {
        self.regularize_only(penalty, ParamFilter::all())
    }

    /// Adds the (sub-)gradient of a penalty on the parameters that `filter` selects.
    #[must_use]
    pub fn regularize_only(self, penalty: impl Into<Penalty>, filter: impl Into<ParamFilter>) -> Self {
        self.transform(penalty.into(), filter)
    }

    /// [`ClipValue`] for all parameters: clamps every entry of the gradient to `−limit ..= limit`.
    #[must_use]
    pub fn clip_value(self, limit: f64) -> Self {
        self.transform(ClipValue(limit), ParamFilter::all())
    }

    /// [`ClipNorm`] for all parameters: scales the whole gradient down to a Euclidean norm of at most `limit`.
    #[must_use]
    pub fn clip_norm(self, limit: f64) -> Self {
        self.transform(ClipNorm(limit), ParamFilter::all())
    }

    /// [`ClipEach`] for all parameters: scales the gradient of each parameter down to a Euclidean norm of at most `limit`.
    #[must_use]
    pub fn clip_each(self, limit: f64) -> Self {
        self.transform(ClipEach(limit), ParamFilter::all())
    }

    /// Decoupled weight [`Decay`]: each step multiplies the parameters that `filter` selects by `1 − rate · decay`.
    ///
    /// Under plain gradient descent it equals the penalty [`L2`](crate::L2). Momentum and adaptive rules accumulate and rescale
    /// the gradient of the penalty, but not the decay.
    #[must_use]
    pub fn decay(self, decay: f64, filter: impl Into<ParamFilter>) -> Self {
        self.project(Decay(decay), filter)
    }

    /// Takes a [`Proximal`] step of the penalty after each step: with [`L1`](crate::L1), small entries become exactly 0.
    #[must_use]
    pub fn proximal(self, penalty: impl Into<Penalty>, filter: impl Into<ParamFilter>) -> Self {
        self.project(Proximal::new(penalty), filter)
    }

    /// [`MaxNorm`]: scales the incoming weights of each unit down to a Euclidean norm of at most `limit` after each step.
    #[must_use]
    pub fn max_norm(self, limit: f64, filter: impl Into<ParamFilter>) -> Self {
        self.project(MaxNorm(limit), filter)
    }
}
