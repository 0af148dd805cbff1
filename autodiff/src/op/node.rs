//! A node of a recording: how it is computed, where its value and gradient are stored, and the caller's line.

use std::panic::Location;

use super::{Lent, LentMut};
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

#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) step: Step,
    /// The node that owns the memory: itself, or a view's base.
    pub(crate) base: u32,
    /// The position of its layout.
    pub(crate) layout: u32,
    /// The position of its first input, and their number.
    pub(crate) operands: (usize, u32),
    pub(crate) value: Place,
    /// `None` if no gradient is needed.
    pub(crate) gradient: Option<Place>,
    /// Length of the memory that the layout indexes into.
    pub(crate) extent: usize,
    /// Where the numbers that its operation saves lie in their arena, and how many they are.
    pub(crate) saved: (usize, usize),
    pub(crate) label: Label,
    pub(crate) location: &'static Location<'static>,
}

impl Node {
    /// The memory that its layout indexes into.
    #[inline]
    pub(crate) fn data<'a, T: Real>(&self, arena: Lent<'a, T>, params: &'a Params<T>) -> &'a [T] {
        match self.value {
            Place::Arena(start) => arena.get(start, self.extent),
            Place::Parameter(start) => &params.flat()[start..start + self.extent],
            Place::State(start) => &params.flat_state()[start..start + self.extent],
        }
    }

    /// The memory of its value in the arena; empty if it lies elsewhere.
    pub(crate) fn own_data<'a, T>(&self, values: &'a mut [T]) -> &'a mut [T] {
        match self.value {
            Place::Arena(start) => &mut values[start..start + self.extent],
            Place::Parameter(_) | Place::State(_) => &mut [],
        }
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

    /// Bytes of its value, of what forward saves, and of its gradient.
    pub(crate) fn bytes<T>(&self) -> usize {
        let gradient = if self.gradient.is_some() { self.extent } else { 0 };
        (self.extent + self.saved.1 + gradient) * size_of::<T>()
    }
}
