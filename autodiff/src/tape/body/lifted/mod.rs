//! Bodies over dual numbers: derivatives that are values of the recording around them.
//!
//! Such a body reads and gives numbers of the outer recording: components of its own. [`derivatives`] of what it computes are the
//! tangents; [`gradient`]s are what backward gives in it, and their tangents are how they change. No operation has a rule for it.

mod derivatives;
mod gradient;

use super::Body;
use super::run::Receiver;
use crate::array::{View, ViewMut};
use crate::error::Mismatch;
use crate::kernel::with_unset_scratch;
use crate::op::{Inputs, OfParameters, Setting, refuse};
use crate::params::Lifted;
use crate::scalar::Real;

/// What operations in the body run with; none, and a refusal, if the parameters do not fit into memory once more.
fn setting<'a, T: Real, D: Lifted<T>>(inputs: Inputs<'a, T>) -> Option<Setting<'a, D>> {
    let Setting { params, pass, repeat } = inputs.setting();
    match D::params(params) {
        Ok(params) => Some(Setting { params, pass, repeat }),
        Err(error) => {
            refuse(Mismatch::inside(error));
            None
        }
    }
}

/// Writes one component of each element.
fn write_component<T: Real, D: Lifted<T>>(view: View<'_, T>, component: usize, to: &mut [D]) {
    let to = D::components_mut(to);
    view.with_dense(|from| {
        to.chunks_exact_mut(D::COUNT).zip(from).for_each(|(to, &from)| to[component] = from);
    });
}

/// Copies one component of each element.
fn copy_component<T: Real, D: Lifted<T>>(from: &[D], component: usize, to: &mut [T]) {
    to.iter_mut().zip(D::components(from).chunks_exact(D::COUNT)).for_each(|(to, from)| *to = from[component]);
}

/// Adds one component of each element.
fn add_component<T: Real, D: Lifted<T>>(from: &[D], component: usize, to: ViewMut<'_, T>) {
    to.add_into(|to, fresh| match fresh {
        true => copy_component(from, component, to),
        false => {
            let from = D::components(from).chunks_exact(D::COUNT);
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from[component]);
        }
    });
}

impl<D: Real> Body<D> {
    /// Writes the new values of states, without tangents, one after the other.
    fn write_states<T: Real>(&self, setting: Setting<'_, D>, values: &[D], mut to: &mut [T])
    where
        D: Lifted<T>,
    {
        for output in 1..self.outputs.len() {
            let (own, rest) = to.split_at_mut(self.shape(output).size());
            self.output(output, setting, values).with_dense(|value| copy_component(value, 0, own));
            to = rest;
        }
    }

    /// Pulls a cotangent of the result; `deliver` is called with the gradient of each operand that gets one: of the inputs, and
    /// after them of the parameters.
    fn pull_lifted(
        &self,
        setting: Setting<'_, D>,
        arenas: (&[D], &[D]),
        cotangent: &[D],
        mut deliver: impl FnMut(usize, &[D]),
    ) {
        let params = setting.params;
        with_unset_scratch(params.flat().len(), |gradients: &mut [D]| {
            with_unset_scratch(params.table().entries.len(), |fresh: &mut [bool]| {
                fresh.fill(true);
                let mut receiver = Delivered { gradients, fresh, deliver: &mut deliver };
                self.pull(setting, arenas, cotangent, &mut receiver);
                for (position, &parameter) in self.parameters.iter().enumerate() {
                    if !fresh[parameter] {
                        let range = params.table().entries[parameter].range.clone();
                        deliver(self.graph.declared().len() + position, &gradients[range]);
                    }
                }
            });
        });
    }
}

/// Gradients of parameters in memory of their own, and those of inputs as they are found.
struct Delivered<'g, D, F> {
    gradients: &'g mut [D],
    fresh: &'g mut [bool],
    deliver: F,
}

impl<D: Real, F: FnMut(usize, &[D])> Receiver<D> for Delivered<'_, D, F> {
    fn parameters(&mut self) -> Option<OfParameters<'_, D>> {
        Some(OfParameters { gradients: self.gradients, fresh: self.fresh })
    }

    fn load(&mut self, _: usize, _: &mut [D]) -> bool {
        false
    }

    fn store(&mut self, input: usize, gradient: &[D], fresh: bool) {
        if !fresh {
            (self.deliver)(input, gradient);
        }
    }
}
