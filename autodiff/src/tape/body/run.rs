//! A body run forward and backward, in memory that is lent to it.

use super::Body;
use crate::array::View;
use crate::error::Mismatch;
use crate::kernel::with_unset_scratch;
use crate::op::{Lent, LentMut, OfParameters, Setting, refuse};
use crate::scalar::Real;
use crate::tape::Place;
use crate::tape::backward::Pulling;
use crate::tape::forward::Forward;

/// Where the gradients of a body's inputs go.
pub(super) trait Receiver<T: Real> {
    /// The gradients of the parameters.
    fn parameters(&mut self) -> Option<OfParameters<'_, T>>;

    /// Copies what was added to the gradient of an input before, to be continued, and returns whether anything was: not by default.
    fn load(&mut self, input: usize, gradient: &mut [T]) -> bool {
        let _ = (input, gradient);
        false
    }

    /// Takes the gradient of an input; if it is fresh, nothing was added to it, and it counts as zeros.
    fn store(&mut self, input: usize, gradient: &[T], fresh: bool);
}

impl<T: Real> Body<T> {
    /// The lengths of the arenas of values and of what is saved.
    pub(super) fn lengths(&self) -> [usize; 2] {
        [self.graph.value_length, self.graph.saved_length]
    }

    /// Computes everything in arenas of these [lengths](Body::lengths); `load` writes the inputs. Returns whether no operation
    /// refuses a value: if one does, the operation that runs the body does.
    pub(super) fn compute(
        &self,
        setting: Setting<'_, T>,
        (values, saves): (&mut [T], &mut [T]),
        mut load: impl FnMut(usize, &mut [T]),
    ) -> bool {
        let graph = &self.graph;
        for (input, &id) in graph.declared().iter().enumerate() {
            load(input, graph.nodes[id as usize].own_data(values));
        }
        for (id, data) in &self.constants {
            graph.nodes[*id as usize].own_data(values).copy_from_slice(data.data());
        }
        let (nodes, ops, chains) = (&graph.nodes, &graph.ops, &graph.chains);
        let forward = Forward { nodes, ops, chains, setting, poison: false };
        let computed = forward.run_turns(&self.turns, None, (values, saves));
        let Err((k, mismatch)) = computed else { return true };
        refuse(Mismatch::inside(graph.refusal(k, mismatch, setting.params)));
        false
    }

    /// Computes everything in scratch memory, as [`Body::compute`], and calls `work` with its arenas.
    pub(super) fn compute_in_scratch(
        &self,
        setting: Setting<'_, T>,
        load: impl FnMut(usize, &mut [T]),
        work: impl FnOnce(&[T], &[T]),
    ) {
        let [values, saved] = self.lengths();
        with_unset_scratch(values, |values: &mut [T]| {
            with_unset_scratch(saved, |saves: &mut [T]| {
                if self.compute(setting, (values, saves), load) {
                    work(values, saves);
                }
            });
        });
    }

    /// The value of an output, by its position, among these.
    pub(super) fn output<'a>(&'a self, output: usize, setting: Setting<'a, T>, values: &'a [T]) -> View<'a, T> {
        self.graph.nodes.view(self.outputs[output] as usize, Lent::whole(values), setting.params)
    }

    /// Pulls a cotangent of the result, in row-major order, through what was computed; returns whether no operation refuses a value.
    pub(super) fn pull(
        &self,
        setting: Setting<'_, T>,
        (values, saves): (&[T], &[T]),
        cotangent: &[T],
        receiver: &mut impl Receiver<T>,
    ) -> bool {
        if let Some(blocked) = &self.blocked {
            refuse(Mismatch::inside(blocked.clone()));
            return false;
        }
        let mut is_pulled = false;
        let (nodes, root) = (&self.graph.nodes, self.outputs[0] as usize);
        let count = nodes.len();
        with_unset_scratch(self.graph.gradient_length, |arena: &mut [T]| {
            with_unset_scratch(count + setting.params.table().entries.len(), |fresh: &mut [bool]| {
                self.begin(arena, fresh, receiver);
                let parameters: &mut [T] = receiver.parameters().map_or(&mut [], |of| of.gradients);
                let mut lent = LentMut::whole(arena);
                let fresh_root = &mut fresh[nodes.slot(&nodes[root])];
                if let Some(gradient) = nodes.gradient_view(root, &mut lent, parameters, fresh_root) {
                    gradient.add(cotangent);
                }
                let reached = &self.reached;
                let mut memory = Pulling { values, saves, setting, reached, arena, parameters, fresh };
                if let Err((k, mismatch)) = self.graph.pull_all(0..root + 1, &mut memory) {
                    return refuse(Mismatch::inside(self.graph.refusal(k, mismatch, setting.params)));
                }
                if let Some(outer) = receiver.parameters() {
                    outer.fresh.copy_from_slice(&fresh[count..]);
                }
                self.for_each_input(|input, id, start, length| {
                    receiver.store(input, &arena[start..start + length], fresh[id]);
                });
                is_pulled = true;
            });
        });
        is_pulled
    }

    /// Pulls a cotangent of the result; `deliver` is called with the gradient of each input that gets one, and of each parameter,
    /// which are operands after the inputs. Returns whether no operation refuses a value.
    pub(super) fn pull_to(
        &self,
        setting: Setting<'_, T>,
        arenas: (&[T], &[T]),
        cotangent: &[T],
        mut deliver: impl FnMut(usize, &[T]),
    ) -> bool {
        let (params, mut is_pulled) = (setting.params, false);
        with_unset_scratch(params.flat().len(), |gradients: &mut [T]| {
            with_unset_scratch(params.table().entries.len(), |fresh: &mut [bool]| {
                fresh.fill(true);
                let mut receiver = Delivered { gradients, fresh, deliver: &mut deliver };
                if !self.pull(setting, arenas, cotangent, &mut receiver) {
                    return;
                }
                for (position, &parameter) in self.parameters.iter().enumerate() {
                    let range = params.table().entries[parameter].range.clone();
                    if fresh[parameter] {
                        gradients[range.clone()].fill(T::ZERO);
                    }
                    deliver(self.graph.declared().len() + position, &gradients[range]);
                }
                is_pulled = true;
            });
        });
        is_pulled
    }

    /// Marks as fresh what nobody has added to.
    fn begin(&self, arena: &mut [T], fresh: &mut [bool], receiver: &mut impl Receiver<T>) {
        let (of_nodes, of_parameters) = fresh.split_at_mut(self.graph.nodes.len());
        of_nodes.fill(true);
        self.graph.passing_gradients().for_each(|k| of_nodes[k] = false);
        if let Some(outer) = receiver.parameters() {
            of_parameters.copy_from_slice(outer.fresh);
        }
        self.for_each_input(|input, id, start, length| {
            of_nodes[id] = !receiver.load(input, &mut arena[start..start + length]);
        });
    }

    /// Calls `visit` with the position of each input that the result depends on, its node, and the place of its gradient.
    fn for_each_input(&self, mut visit: impl FnMut(usize, usize, usize, usize)) {
        for (input, &id) in self.graph.declared().iter().enumerate() {
            let node = &self.graph.nodes[id as usize];
            if let (true, Some(Place::Arena(start))) = (self.reached[id as usize], node.gradient) {
                visit(input, id as usize, start, node.extent);
            }
        }
    }
}

/// Gradients of parameters in memory of their own, and those of inputs as they are found.
struct Delivered<'g, T, F> {
    gradients: &'g mut [T],
    fresh: &'g mut [bool],
    deliver: F,
}

impl<T: Real, F: FnMut(usize, &[T])> Receiver<T> for Delivered<'_, T, F> {
    fn parameters(&mut self) -> Option<OfParameters<'_, T>> {
        Some(OfParameters { gradients: self.gradients, fresh: self.fresh })
    }

    fn store(&mut self, input: usize, gradient: &[T], fresh: bool) {
        if !fresh {
            (self.deliver)(input, gradient);
        }
    }
}
