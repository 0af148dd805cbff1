//! Appending leaves, views and operations to a recording, and assigning each its position in the arenas.

use std::panic::Location;

use smallvec::SmallVec;

use crate::array::{Layout, Shape};
use crate::error::{Error, Mismatch};
use crate::memory;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Label, Node, POISON, Place, Step};

/// The id of the node after `count` others. The largest `u32` is reserved for poisoned values, which have no node.
fn next_id(count: usize) -> Result<u32, Mismatch> {
    let id = u32::try_from(count).ok().filter(|&id| id != POISON);
    id.ok_or_else(|| Mismatch::new(format!("a recording holds no more than {POISON} values; split it")))
}

impl<T: Real> Graph<T> {
    /// Appends a contiguous leaf stored in the arena.
    pub(crate) fn push_leaf(
        &mut self,
        shape: Shape,
        needs_gradient: bool,
        label: Label,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        self.reserve(&shape, 0)?;
        let value = Place::Arena(self.value_length);
        let gradient = needs_gradient.then_some(Place::Arena(self.gradient_length));
        self.push_owned(Step::Leaf, (&[], &[]), shape, (value, gradient), 0, label, location)
    }

    /// Appends a leaf that reads a parameter or a state. Only a parameter has a gradient.
    pub(crate) fn push_stored(
        &mut self,
        shape: Shape,
        value: Place,
        label: Label,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        let gradient = Some(value).filter(|place| matches!(place, Place::Parameter(_)));
        self.push_owned(Step::Leaf, (&[], &[]), shape, (value, gradient), 0, label, location)
    }

    pub(crate) fn push_view(
        &mut self,
        of: u32,
        layout: Layout,
        keeps_gradient: bool,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        let base = &self.nodes[of as usize];
        let node = Node {
            step: Step::View,
            base: base.base,
            inputs: SmallVec::new(),
            wanted: SmallVec::new(),
            value: base.value,
            gradient: base.gradient.filter(|_| keeps_gradient),
            extent: base.extent,
            layout,
            saved: 0,
            label: Label::None,
            location: self.attribute(location),
        };
        self.push(node)
    }

    /// Appends an operation, and runs it unless the recording is shape-only.
    pub(crate) fn push_op<O: Op<T>>(
        &mut self,
        op: O,
        inputs: &[u32],
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Result<u32, Error> {
        let name = op.name();
        let shapes: SmallVec<[&Shape; 4]> = inputs.iter().map(|&id| self.nodes[id as usize].layout.shape()).collect();
        let shape = match op.shape(&shapes) {
            Ok(shape) => shape,
            Err(mismatch) => return Err(self.mistake(name, mismatch, inputs, params, location)),
        };
        let saved = op.saved(&shapes);
        drop(shapes);
        let wanted: SmallVec<[bool; 8]> =
            inputs.iter().enumerate().map(|(i, &id)| self.needs_gradient(id) && op.differentiable(i)).collect();
        if let Err(mismatch) = self.reserve(&shape, saved) {
            return Err(self.mistake(name, mismatch, inputs, params, location));
        }
        let step = Step::Op(self.ops.push(op));
        self.push_computed((step, name), (inputs, &wanted), shape, saved, params, location)
    }

    // Apart from `push_op`, so that it is compiled once for a scalar and not once for each operation.
    fn push_computed(
        &mut self,
        (step, name): (Step, &'static str),
        (inputs, wanted): (&[u32], &[bool]),
        shape: Shape,
        saved: usize,
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Result<u32, Error> {
        let needed = inputs.iter().any(|&id| self.needs_gradient(id));
        let places = (Place::Arena(self.value_length), needed.then_some(Place::Arena(self.gradient_length)));
        let pushed = self.push_owned(step, (inputs, wanted), shape, places, saved, Label::None, location);
        let id = pushed.map_err(|mismatch| self.mistake(name, mismatch, inputs, params, location))?;
        if !self.is_deferred() {
            self.run(id as usize, params)?;
        }
        Ok(id)
    }

    fn needs_gradient(&self, id: u32) -> bool {
        self.nodes[id as usize].gradient.is_some()
    }

    /// Makes room for a value and what its operation saves.
    fn reserve(&mut self, shape: &Shape, saved: usize) -> Result<(), Mismatch> {
        let more = shape.checked_size().and_then(|size| size.checked_add(saved));
        let countable = more.filter(|&more| self.value_length.checked_add(more).is_some());
        match countable {
            Some(_) if self.is_deferred() => Ok(()),
            Some(more) if memory::reserve(&mut self.values, more) => Ok(()),
            _ => Err(Mismatch::new(format!("the result {shape} does not fit into memory"))),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a node, in one private function")]
    fn push_owned(
        &mut self,
        step: Step,
        (inputs, wanted): (&[u32], &[bool]),
        shape: Shape,
        (value, gradient): (Place, Option<Place>),
        saved: usize,
        label: Label,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        let (id, extent) = (next_id(self.nodes.len())?, shape.size());
        if matches!(value, Place::Arena(_)) {
            self.value_length += extent + saved;
            if !self.is_deferred() {
                self.values.resize(self.value_length, T::ZERO);
            }
        }
        if matches!(gradient, Some(Place::Arena(_))) {
            self.gradient_length += extent;
        }
        self.push(Node {
            step,
            base: id,
            inputs: SmallVec::from_slice(inputs),
            wanted: SmallVec::from_slice(wanted),
            value,
            gradient,
            extent,
            layout: Layout::dense(shape),
            saved,
            label,
            location: self.attribute(location),
        })
    }

    fn push(&mut self, node: Node) -> Result<u32, Mismatch> {
        let id = next_id(self.nodes.len())?;
        if !memory::reserve(&mut self.nodes, 1) {
            return Err(Mismatch::new(format!("{} recorded values and no memory for another", self.nodes.len())));
        }
        self.nodes.push(node);
        Ok(id)
    }

    /// The index of the next random draw.
    pub(crate) fn next_draw(&mut self) -> u64 {
        self.draws.count += 1;
        self.draws.count - 1
    }
}

#[cfg(test)]
mod tests {
    use super::{POISON, next_id};

    #[test]
    fn the_id_of_poisoned_values_is_never_assigned() {
        assert_eq!(next_id(POISON as usize - 1).ok(), Some(POISON - 1));
        assert!(next_id(POISON as usize).is_err() && next_id(usize::MAX).is_err());
    }
}
