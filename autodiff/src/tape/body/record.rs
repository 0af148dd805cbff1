//! How a body is recorded.

use std::cell::RefCell;
use std::panic::Location;

use super::Body;
use crate::array::Shape;
use crate::error::{Error, Mismatch};
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Label, Recording, Step, Var};

/// A body, and what of the outer recording belongs to it.
pub(super) struct Recorded<T: Real> {
    pub(super) body: Body<T>,
    /// The new values of states that were set before, which are inputs after the given ones.
    noted: Vec<u32>,
    /// The states that the body sets, in the order of its outputs after the first.
    states: Vec<usize>,
}

impl<T: Real> Recorded<T> {
    /// Records what `build` computes of inputs with these shapes, of which some need gradients. `what` is the operation made of it;
    /// `params` are those of the outer recording, in the scalar of the body.
    ///
    /// # Errors
    /// The first mistake made in it.
    pub(super) fn new<'r, U: Real>(
        (what, location): (&'static str, &'static Location<'static>),
        outer: &'r Recording<'r, U>,
        params: &'r Params<T>,
        inputs: &[(Shape, bool)],
        build: impl for<'b> FnOnce(&'b Recording<'b, T>, &[Var<'b, T>]) -> Var<'b, T>,
    ) -> Result<Self, Error> {
        let updates = outer.graph.borrow().updates.clone();
        let graph = RefCell::new(outer.graph.borrow().inner());
        let recording = Recording::new(&graph, params, outer.mode());
        let declare = |(shape, needs_gradient): (Shape, bool)| {
            let note = |graph: &mut Graph<T>, id| graph.note_input(id);
            recording.leaf("input", shape, (needs_gradient, Label::None), location, note)
        };
        let vars: Vec<Var<'_, T>> = inputs.iter().cloned().map(declare).collect();
        // States that were set before have their new values inside.
        for &(state, id) in &updates {
            let value = declare((outer.graph.borrow().nodes.shape(id as usize).clone(), false));
            graph.borrow_mut().updates.push((state, value.id));
        }
        let result = build(&recording, &vars);
        let refuse = |reason: &str| {
            recording.refuse(what, Mismatch::new(reason), &[], location);
        };
        if !recording.holds(result) {
            refuse("the result is on another tape");
        }
        if graph.borrow().draws.pass != outer.graph.borrow().draws.pass {
            refuse("the pass is that of the recording around it");
        }
        if !graph.borrow().exchanges.is_empty() {
            refuse("shards cannot meet inside of it");
        }
        recording.check()?;
        let result = result.id;
        let graph = graph.into_inner();
        let draws = &mut outer.graph.borrow_mut().draws.count;
        *draws = (*draws).max(graph.draws.count);
        let noted: Vec<u32> = updates.into_iter().map(|(_, id)| id).collect();
        Ok(Recorded::finish(graph, result, noted))
    }

    fn finish(mut graph: Graph<T>, result: u32, noted: Vec<u32>) -> Self {
        let (states, values): (Vec<usize>, Vec<u32>) = graph.updates.split_off(noted.len()).into_iter().unzip();
        graph.updates.clear();
        let outputs: Vec<u32> = std::iter::once(result).chain(values).collect();
        let (mut reached, mut blocked) = (vec![false; graph.nodes.len()], None);
        if graph.nodes[result as usize].gradient.is_some() {
            blocked = graph.reach(result, &mut reached).err();
        }
        let parameters = graph.parameters();
        let (turns, constants) = graph.adopt_plan_of_body(&outputs);
        Recorded { body: Body { graph, turns, constants, outputs, reached, blocked, parameters }, noted, states }
    }

    /// The states that the body sets, each with its shape.
    pub(super) fn states(&self) -> Vec<(usize, Shape)> {
        let shape = |(k, &state): (usize, &usize)| (state, self.body.shape(1 + k).clone());
        self.states.iter().enumerate().map(shape).collect()
    }

    /// The operands of the operation: the given inputs, what else is an input of the body, and the parameters that it reads.
    pub(super) fn operands<'r, U: Real>(
        &self,
        outer: &'r Recording<'r, U>,
        inputs: &[Var<'r, U>],
        location: &'static Location<'static>,
    ) -> Vec<Var<'r, U>> {
        let noted = self.noted.iter().map(|&id| Var::new(outer, id));
        let parameters = self.body.parameters.iter().map(|&index| outer.parameter_at(index, location));
        // An operand without a gradient in the body gets none through it, as on a tape. One that has none is left as it is: to
        // detach it would take its tangents off.
        let operand = |(k, var): (usize, Var<'r, U>)| {
            if self.body.is_reached(k) || !outer.needs_gradient(var) { var } else { var.detach() }
        };
        inputs.iter().copied().chain(noted).chain(parameters).enumerate().map(operand).collect()
    }
}

impl<T: Real> Graph<T> {
    /// A graph for a body: shapes only, with the draws and the shards of this one.
    fn inner<D: Real>(&self) -> Graph<D> {
        Graph { draws: self.draws, shards: self.shards, caller: self.caller, is_body: true, ..Graph::deferred() }
    }

    /// The parameters that are read, each once.
    fn parameters(&self) -> Vec<usize> {
        let mut parameters = Vec::new();
        for node in &*self.nodes {
            if let (Step::Leaf, Label::Parameter(index)) = (node.step, node.label)
                && !parameters.contains(&index)
            {
                parameters.push(index);
            }
        }
        parameters
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// The shape of a value that is not poisoned.
    pub(super) fn shape_of(&self, var: Var<'_, T>) -> Shape {
        self.graph.borrow().nodes.shape(var.id as usize).clone()
    }

    /// Whether a value that is not poisoned has a gradient.
    pub(super) fn needs_gradient(&self, var: Var<'_, T>) -> bool {
        self.graph.borrow().nodes[var.id as usize].gradient.is_some()
    }

    /// Notes the new values of states, which are the elements of `packed` from `first` on.
    #[track_caller]
    pub(super) fn note_states<'r>(&'r self, packed: Var<'r, T>, mut first: usize, states: &[(usize, Shape)]) {
        for (state, shape) in states {
            let update = packed.piece(&mut first, shape).detach();
            self.graph.borrow_mut().updates.push((*state, update.id));
        }
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// The elements from `first` on as a value of this shape; `first` moves past them.
    #[track_caller]
    pub(super) fn piece(self, first: &mut usize, shape: &Shape) -> Var<'t, T> {
        let start = *first;
        *first += shape.size();
        self.narrow(0, start..*first).reshape(shape.clone())
    }
}
