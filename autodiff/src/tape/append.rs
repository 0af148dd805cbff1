//! Appending leaves, views and operations to a recording, and assigning each its position in the arenas.

use std::panic::Location;

use smallvec::SmallVec;

use crate::array::{Layout, Shape};
use crate::error::{Error, Mismatch};
use crate::memory;
use crate::op::Op;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Graph, Label, Node, Nodes, Place, Step, Var};

/// The id of the node after `count` others.
fn next_id(count: usize) -> Result<u32, Mismatch> {
    let id = u32::try_from(count).ok().filter(|&id| id < Nodes::MOST);
    id.ok_or_else(|| Mismatch::new(format!("a recording holds no more than {} values; split it", Nodes::MOST)))
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
        self.push_owned((Step::Leaf, (0, 0)), &shape, (value, gradient), 0, label, location)
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
        self.push_owned((Step::Leaf, (0, 0)), &shape, (value, gradient), 0, label, location)
    }

    pub(crate) fn push_view(
        &mut self,
        of: u32,
        layout: Layout,
        keeps_gradient: bool,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        let id = self.next()?;
        let base = self.nodes[of as usize];
        let node = Node {
            step: Step::View,
            base: base.base,
            layout: self.nodes.add_layout(layout),
            operands: (0, 0),
            value: base.value,
            gradient: base.gradient.filter(|_| keeps_gradient),
            extent: base.extent,
            saved: (0, 0),
            label: Label::None,
            location: self.attribute(location),
        };
        self.nodes.push(node);
        Ok(id)
    }

    /// Appends an operation, and runs it unless the recording is shape-only.
    pub(crate) fn push_op<O: Op<T>>(
        &mut self,
        op: O,
        inputs: &[Var<'_, T>],
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Result<u32, Error> {
        let name = op.name();
        let shape = match self.with_shapes(inputs, |shapes| op.shape(shapes)) {
            Ok(shape) => shape,
            Err(mismatch) => return Err(self.refused(name, mismatch, inputs, params, location)),
        };
        let saved = self.with_shapes(inputs, |shapes| op.saved(shapes));
        let operands =
            self.nodes.add_operands(inputs.iter().enumerate().map(|(i, var)| (var.id, op.differentiable(i))));
        let step = Step::Op(self.ops.push(op));
        let pushed = operands.and_then(|operands| self.push_computed(step, operands, &shape, saved, location));
        match pushed {
            Ok(id) => self.run_recorded(id, params),
            Err(mismatch) => Err(self.refused(name, mismatch, inputs, params, location)),
        }
    }

    /// Calls `rule` with the shapes of these values.
    fn with_shapes<R>(&self, inputs: &[Var<'_, T>], rule: impl FnOnce(&[&Shape]) -> R) -> R {
        let shape = |var: &Var<'_, T>| self.nodes.shape(var.id as usize);
        // Almost every operation has one or two; a match is faster than a loop.
        match inputs {
            [x] => rule(&[shape(x)]),
            [x, y] => rule(&[shape(x), shape(y)]),
            _ => rule(&inputs.iter().map(shape).collect::<SmallVec<[&Shape; 8]>>()),
        }
    }

    #[cold]
    fn refused(
        &self,
        name: &'static str,
        mismatch: Mismatch,
        inputs: &[Var<'_, T>],
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Error {
        self.mistake(name, mismatch, &Var::ids(inputs), params, location)
    }

    // Apart from `push_op`, so that it is compiled once for a scalar and not once for each operation.
    fn push_computed(
        &mut self,
        step: Step,
        operands: (usize, u32),
        shape: &Shape,
        saved: usize,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        self.reserve(shape, saved)?;
        let gradient = self.nodes.needs_gradient(operands).then_some(Place::Arena(self.gradient_length));
        let places = (Place::Arena(self.value_length), gradient);
        self.push_owned((step, operands), shape, places, saved, Label::None, location)
    }

    /// Runs the operation that was just appended, unless the recording is shape-only.
    fn run_recorded(&mut self, id: u32, params: &Params<T>) -> Result<u32, Error> {
        if !self.is_deferred() {
            self.run(id as usize, params)?;
        }
        Ok(id)
    }

    /// Makes room for a value and what its operation saves.
    fn reserve(&mut self, shape: &Shape, saved: usize) -> Result<(), Mismatch> {
        let fits = |length: usize, more: &usize| length.checked_add(*more).is_some();
        let countable =
            shape.checked_size().filter(|more| fits(self.value_length, more) && fits(self.saved_length, &saved));
        match countable {
            Some(_) if self.is_deferred() => Ok(()),
            Some(more) if memory::reserve(&mut self.values, more) && memory::reserve(&mut self.saves, saved) => Ok(()),
            _ => Err(Mismatch::new(format!("the result {shape} does not fit into memory"))),
        }
    }

    #[inline]
    fn push_owned(
        &mut self,
        (step, operands): (Step, (usize, u32)),
        shape: &Shape,
        (value, gradient): (Place, Option<Place>),
        saved: usize,
        label: Label,
        location: &'static Location<'static>,
    ) -> Result<u32, Mismatch> {
        let (id, extent) = (self.next()?, shape.size());
        let saved = (self.saved_length, saved);
        if matches!(value, Place::Arena(_)) {
            self.value_length += extent;
            self.saved_length += saved.1;
            if !self.is_deferred() {
                self.values.resize(self.value_length, T::ZERO);
                self.saves.resize(self.saved_length, T::ZERO);
            }
        }
        if matches!(gradient, Some(Place::Arena(_))) {
            self.gradient_length += extent;
        }
        let (layout, location) = (self.nodes.dense_layout(shape), self.attribute(location));
        self.nodes.push(Node { step, base: id, layout, operands, value, gradient, extent, saved, label, location });
        Ok(id)
    }

    /// The id of the next node, for which there is memory.
    fn next(&mut self) -> Result<u32, Mismatch> {
        let id = next_id(self.nodes.len())?;
        match self.nodes.reserve() {
            true => Ok(id),
            false => Err(Mismatch::new(format!("{id} recorded values and no memory for another"))),
        }
    }

    /// The index of the next random draw.
    pub(crate) fn next_draw(&mut self) -> u64 {
        self.draws.count += 1;
        self.draws.count - 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Nodes, next_id};
    use crate::op::Operand;
    use crate::tape::POISON;

    #[test]
    fn the_id_of_poisoned_values_is_never_assigned_and_every_other_fits_an_operand() {
        let last = Nodes::MOST - 1;
        assert_eq!(next_id(last as usize).ok(), Some(last));
        assert!(next_id(Nodes::MOST as usize).is_err() && next_id(usize::MAX).is_err() && last < POISON);
        for wanted in [false, true] {
            assert_eq!((Operand::new(last, wanted).id(), Operand::new(last, wanted).wanted()), (last, wanted));
        }
    }
}
