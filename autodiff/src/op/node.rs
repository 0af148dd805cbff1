//! One entry of a recording: what it is, where its value and gradient lie, and where the caller wrote it.

use std::panic::Location;

use smallvec::SmallVec;

use crate::array::{Layout, View, ViewMut};
use crate::params::Params;
use crate::scalar::Real;

/// Where a value, or its gradient, is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// From this index of the recording's arena.
    Arena(usize),
    /// From this index of the flat parameters.
    Parameter(usize),
    /// From this index of the flat state.
    State(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Given from outside: an input, a constant or a parameter.
    Leaf,
    /// Shares the place of its base.
    View,
    /// Computed by the operation of this index.
    Op(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Label {
    None,
    Name(&'static str),
    Parameter(usize),
    State(usize),
}

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) step: Step,
    /// The node that owns the memory: itself, or a view's base.
    pub(crate) base: u32,
    pub(crate) inputs: SmallVec<[u32; 3]>,
    /// For each input, whether backward adds to its gradient.
    pub(crate) wanted: SmallVec<[bool; 3]>,
    pub(crate) value: Place,
    /// Nothing where no gradient is needed.
    pub(crate) gradient: Option<Place>,
    /// Length of the memory that the layout lies in.
    pub(crate) extent: usize,
    pub(crate) layout: Layout,
    pub(crate) saved: usize,
    pub(crate) label: Label,
    pub(crate) location: &'static Location<'static>,
}

impl Node {
    /// Its value, out of the arena (up to this node at least) and the parameters with their state.
    pub(crate) fn view<'a, T: Real>(&'a self, arena: &'a [T], params: &'a Params<T>) -> View<'a, T> {
        let data = match self.value {
            Place::Arena(start) => &arena[start..start + self.extent],
            Place::Parameter(start) => &params.flat()[start..start + self.extent],
            Place::State(start) => &params.flat_state()[start..start + self.extent],
        };
        View::over(data, &self.layout)
    }

    /// Its gradient, out of the arena of gradients and the flat ones; nothing where it needs none.
    pub(crate) fn gradient_view<'a, T: Real>(
        &'a self,
        arena: &'a mut [T],
        parameters: &'a mut [T],
    ) -> Option<ViewMut<'a, T>> {
        let data = match self.gradient? {
            Place::Arena(start) => &mut arena[start..start + self.extent],
            Place::Parameter(start) => &mut parameters[start..start + self.extent],
            Place::State(_) => return None,
        };
        Some(ViewMut::over(data, &self.layout))
    }

    /// Memory of its value, of what forward keeps, and of its gradient.
    pub(crate) fn bytes<T>(&self) -> usize {
        let gradient = if self.gradient.is_some() { self.extent } else { 0 };
        (self.extent + self.saved + gradient) * size_of::<T>()
    }

    /// An operation through which a gradient is needed but which has no rule for it (a comparison).
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self.step, Step::Op(_)) && self.gradient.is_some() && !self.wanted.contains(&true)
    }
}
