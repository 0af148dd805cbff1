//! Appending to a recording: leaves, views and operations, each with its place in the arenas.

use std::any::Any;
use std::panic::Location;

use smallvec::SmallVec;

use crate::error::{Error, Mismatch};
use crate::graph::Graph;
use crate::layout::Layout;
use crate::node::{Label, Node, Place, Step};
use crate::op::Op;
use crate::params::Params;
use crate::real::Real;
use crate::shape::Shape;

impl<T: Real> Graph<T> {
    /// Appends a leaf of dense layout that lives in the arena, and returns its place there.
    pub(crate) fn push_leaf(
        &mut self,
        shape: Shape,
        needs_gradient: bool,
        label: Label,
        location: &'static Location<'static>,
    ) -> u32 {
        let value = Place::Arena(self.value_length);
        let gradient = needs_gradient.then_some(Place::Arena(self.gradient_length));
        self.push_owned(Step::Leaf, (&[], &[]), shape, (value, gradient), 0, label, location)
    }

    /// Appends the stored value of a state.
    pub(crate) fn push_state(
        &mut self,
        shape: Shape,
        start: usize,
        index: usize,
        location: &'static Location<'static>,
    ) -> u32 {
        let (value, label) = (Place::State(start), Label::State(index));
        self.push_owned(Step::Leaf, (&[], &[]), shape, (value, None), 0, label, location)
    }

    pub(crate) fn push_parameter(
        &mut self,
        shape: Shape,
        start: usize,
        index: usize,
        location: &'static Location<'static>,
    ) -> u32 {
        let place = Place::Parameter(start);
        let label = Label::Parameter(index);
        self.push_owned(Step::Leaf, (&[], &[]), shape, (place, Some(place)), 0, label, location)
    }

    pub(crate) fn push_view(
        &mut self,
        of: u32,
        layout: Layout,
        keeps_gradient: bool,
        location: &'static Location<'static>,
    ) -> u32 {
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
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    /// Appends what operation `of` saved, from `start` within that: it lies behind the output.
    pub(crate) fn push_kept(
        &mut self,
        of: u32,
        start: usize,
        shape: Shape,
        location: &'static Location<'static>,
    ) -> u32 {
        let owner = &self.nodes[of as usize];
        debug_assert!(start + shape.size() <= owner.saved, "{} keeps less", self.kind(of as usize));
        let Place::Arena(output) = owner.value else { return of };
        let node = Node {
            step: Step::View,
            base: of,
            inputs: SmallVec::new(),
            wanted: SmallVec::new(),
            value: Place::Arena(output + owner.extent + start),
            gradient: None,
            extent: shape.size(),
            layout: Layout::dense(shape),
            saved: 0,
            label: Label::None,
            location: self.attribute(location),
        };
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    /// Appends an operation; runs it unless only shapes are recorded.
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
        let fits = shape.checked_size().and_then(|size| size.checked_add(saved)).is_some_and(|size| self.reserve(size));
        if !fits {
            let mismatch = Mismatch::new(format!("the result {shape} does not fit into memory"));
            return Err(self.mistake(name, mismatch, inputs, params, location));
        }
        let needs = |&id: &u32| self.nodes[id as usize].gradient.is_some();
        let wanted: SmallVec<[bool; 3]> =
            inputs.iter().enumerate().map(|(i, id)| needs(id) && op.differentiable(i)).collect();
        let gradient = inputs.iter().any(needs).then_some(Place::Arena(self.gradient_length));
        let places = (Place::Arena(self.value_length), gradient);
        let step = Step::Op(self.live_ops);
        self.store(op);
        let id = self.push_owned(step, (inputs, &wanted), shape, places, saved, Label::None, location);
        if !self.shape_only {
            self.run(id as usize, params)?;
        }
        Ok(id)
    }

    /// Makes room for `more` values, and says whether there is any.
    fn reserve(&mut self, more: usize) -> bool {
        let length = if self.shape_only { 0 } else { more };
        self.value_length.checked_add(more).is_some() && self.values.try_reserve(length).is_ok()
    }

    #[expect(clippy::too_many_arguments, reason = "the fields of a node, in one private place")]
    fn push_owned(
        &mut self,
        step: Step,
        (inputs, wanted): (&[u32], &[bool]),
        shape: Shape,
        (value, gradient): (Place, Option<Place>),
        saved: usize,
        label: Label,
        location: &'static Location<'static>,
    ) -> u32 {
        let id = self.nodes.len() as u32;
        let extent = shape.size();
        if matches!(value, Place::Arena(_)) {
            self.value_length += extent + saved;
            if !self.shape_only {
                self.values.resize(self.value_length, T::ZERO);
            }
        }
        if matches!(gradient, Some(Place::Arena(_))) {
            self.gradient_length += extent;
        }
        self.nodes.push(Node {
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
        });
        id
    }

    /// The number of the next random draw.
    pub(crate) fn next_draw(&mut self) -> u64 {
        self.draws += 1;
        self.draws - 1
    }

    fn store<O: Op<T>>(&mut self, op: O) {
        match self.ops.get_mut(self.live_ops) {
            Some(slot) => match (&mut **slot as &mut dyn Any).downcast_mut::<O>() {
                Some(same) => *same = op,
                None => *slot = Box::new(op),
            },
            None => self.ops.push(Box::new(op)),
        }
        self.live_ops += 1;
    }
}
