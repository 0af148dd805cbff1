//! Registration: the tree of names that modules put their parameters and state into.

use rand::rngs::StdRng;

use crate::array::{Shape, Tensor};
use crate::params::{ParamId, Params, StateId};
use crate::scalar::Real;

impl<T: Real> Params<T> {
    /// The scope that registers parameters under `name`.
    pub fn scope(&mut self, name: &str) -> Scope<'_, T> {
        Scope { params: self, prefix: name.to_owned() }
    }
}

/// A prefix of names under which a module registers its parameters.
#[derive(Debug)]
pub struct Scope<'p, T: Real> {
    params: &'p mut Params<T>,
    prefix: String,
}

impl<'p, T: Real> Scope<'p, T> {
    /// The scope `prefix.name`.
    pub fn child(&mut self, name: &str) -> Scope<'_, T> {
        let prefix = self.full_name(name);
        Scope { params: self.params, prefix }
    }

    /// What has been registered so far, in this scope and others.
    pub fn params(&self) -> &Params<T> {
        self.params
    }

    /// Registers a parameter; `fill` writes its initial values, in row-major order. They are drawn in `f64`, so
    /// that a model starts from the same values in every scalar. One that is infinite or NaN is a mistake that
    /// [`Params::check`] and every tape give.
    pub fn parameter(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        fill: impl FnOnce(&mut [f64], &mut StdRng),
    ) -> ParamId {
        let name = self.full_name(name);
        self.params.register(name, shape.into(), fill)
    }

    /// Registers a state: numbers without a gradient that a recording reads with
    /// [`Recording::state`](crate::Recording::state) and replaces with
    /// [`Recording::update`](crate::Recording::update).
    pub fn state(&mut self, name: &str, initial: &Tensor<f64>) -> StateId {
        let name = self.full_name(name);
        self.params.register_state(name, initial)
    }

    /// Registers a state as [`Scope::state`] does; `fill` writes its initial values, in row-major order, over zeros. For
    /// extents that a caller gives: a shape that does not fit into memory is a mistake that [`Params::check`] and every
    /// tape give, and `fill` is not called.
    pub fn state_with(&mut self, name: &str, shape: impl Into<Shape>, fill: impl FnOnce(&mut [f64])) -> StateId {
        let name = self.full_name(name);
        self.params.register_state_with(name, shape.into(), fill)
    }

    /// Records that the parameter or setting `name` is wrong, and why: [`Params::check`] and every tape give the first
    /// such mistake. For modules whose constructor returns no [`Result`].
    pub fn fail(&mut self, name: &str, reason: impl AsRef<str>) {
        let name = self.full_name(name);
        self.params.fail(&name, reason.as_ref());
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
