//! A node of a recording: how it is computed, where its value and gradient are stored, and the caller's line.

use std::panic::Location;

use smallvec::SmallVec;

use super::{Lent, LentMut};
use crate::array::{Layout, View, ViewMut};
use crate::params::Params;
use crate::scalar::Real;

/// Where a value, or its gradient, is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// At this offset of the recording's arena.
    Arena(usize),
    /// At this offset of the flat parameters.
    Parameter(usize),
    /// At this offset of the flat state.
    State(usize),
}

/// How a node gets its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Provided by the user: an input, a constant, a parameter or a state.
    Leaf,
    /// Shares its base's memory.
    View,
    /// Computed by the operation with this index.
    Op(usize),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Label {
    None,
    Name(&'static str),
    Parameter(usize),
    State(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) step: Step,
    /// The node that owns the memory: itself, or a view's base.
    pub(crate) base: u32,
    pub(crate) inputs: SmallVec<[u32; 4]>,
    /// For each input, whether backward adds to its gradient.
    pub(crate) wanted: SmallVec<[bool; 8]>,
    pub(crate) value: Place,
    /// `None` if no gradient is needed.
    pub(crate) gradient: Option<Place>,
    /// Length of the memory that the layout indexes into.
    pub(crate) extent: usize,
    pub(crate) layout: Layout,
    pub(crate) saved: usize,
    pub(crate) label: Label,
    pub(crate) location: &'static Location<'static>,
}

impl Node {
    /// Its value, read from the arena or from the parameters and state.
    pub(crate) fn view<'a, T: Real>(&'a self, arena: Lent<'a, T>, params: &'a Params<T>) -> View<'a, T> {
        View::over(self.data(arena, params), &self.layout)
    }

    /// The memory that its layout indexes into.
    #[inline]
    pub(crate) fn data<'a, T: Real>(&self, arena: Lent<'a, T>, params: &'a Params<T>) -> &'a [T] {
        match self.value {
            Place::Arena(start) => arena.get(start, self.extent),
            Place::Parameter(start) => &params.flat()[start..start + self.extent],
            Place::State(start) => &params.flat_state()[start..start + self.extent],
        }
    }

    /// Its gradient, in the gradient arena or the parameters' flat gradients, and whether nothing was added to it yet; `None`
    /// if it has none.
    pub(crate) fn gradient_view<'a, T: Real>(
        &'a self,
        arena: &'a mut LentMut<'_, T>,
        parameters: &'a mut [T],
        fresh: &'a mut bool,
    ) -> Option<ViewMut<'a, T>> {
        let data = self.gradient_data(arena, parameters)?;
        Some(ViewMut::over_fresh(data, &self.layout, fresh))
    }

    /// The memory of its gradient.
    #[inline]
    pub(crate) fn gradient_data<'a, T: Real>(
        &self,
        arena: &'a mut LentMut<'_, T>,
        parameters: &'a mut [T],
    ) -> Option<&'a mut [T]> {
        match self.gradient? {
            Place::Arena(start) => Some(arena.get(start, self.extent)),
            Place::Parameter(start) => Some(&mut parameters[start..start + self.extent]),
            Place::State(_) => None,
        }
    }

    /// Where it is noted what is known of its gradient: several nodes may read one parameter, and views share their base's.
    pub(crate) fn slot(&self, nodes: &[Node]) -> usize {
        match nodes[self.base as usize].label {
            Label::Parameter(index) => nodes.len() + index,
            Label::None | Label::Name(_) | Label::State(_) => self.base as usize,
        }
    }

    /// Bytes of its value, of what forward saves, and of its gradient.
    pub(crate) fn bytes<T>(&self) -> usize {
        let gradient = if self.gradient.is_some() { self.extent } else { 0 };
        (self.extent + self.saved + gradient) * size_of::<T>()
    }

    /// Whether a gradient is needed through this operation, which has no derivative (a comparison).
    pub(crate) fn is_blocked(&self) -> bool {
        matches!(self.step, Step::Op(_)) && self.gradient.is_some() && !self.wanted.contains(&true)
    }
}
