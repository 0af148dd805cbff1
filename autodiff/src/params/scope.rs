//! [`Scope`]: the hierarchy of names under which modules register parameters and state.

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

    /// All parameters registered so far, in this scope and others.
    pub fn params(&self) -> &Params<T> {
        self.params
    }

    /// Registers a parameter. `fill` gets zeros in row-major order and a random generator, and writes the initial values.
    /// They are drawn in `f64`, so that a model starts from the same values in every scalar. A value that is infinite or
    /// NaN, a name registered twice and a shape that does not fit into memory are mistakes, which [`Params::check`] and
    /// every tape report.
    pub fn parameter(
        &mut self,
        name: &str,
        shape: impl Into<Shape>,
        fill: impl FnOnce(&mut [f64], &mut StdRng),
    ) -> ParamId {
        let name = self.full_name(name);
        self.params.register(name, shape.into(), fill)
    }

    /// Registers a state: values without gradient that a recording reads with
    /// [`Recording::state`](crate::Recording::state) and replaces with
    /// [`Recording::update`](crate::Recording::update).
    pub fn state(&mut self, name: &str, initial: &Tensor<f64>) -> StateId {
        let name = self.full_name(name);
        self.params.register_state(name, initial)
    }

    /// As [`Scope::state`], with initial values written by `fill`, which gets zeros in row-major order. A shape that does not
    /// fit into memory is a mistake, which [`Params::check`] and every tape report; `fill` is not called then.
    pub fn state_with(&mut self, name: &str, shape: impl Into<Shape>, fill: impl FnOnce(&mut [f64])) -> StateId {
        let name = self.full_name(name);
        self.params.register_state_with(name, shape.into(), fill)
    }

    /// Stores a mistake: the parameter or setting `name` is invalid for this reason. [`Params::check`] and every tape report
    /// the first one. For modules whose constructor does not return a [`Result`].
    pub fn fail(&mut self, name: &str, reason: impl AsRef<str>) {
        let name = self.full_name(name);
        self.params.fail(&name, reason.as_ref());
    }

    fn full_name(&self, name: &str) -> String {
        if self.prefix.is_empty() { name.to_owned() } else { format!("{}.{name}", self.prefix) }
    }
}
