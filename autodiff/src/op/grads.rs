//! The gradients of an operation's inputs, which its pullback adds to.

use super::{LentMut, Nodes, Operand};
use crate::array::{Layout, Shape, ViewMut};
use crate::scalar::Real;

/// The gradients of an operation's inputs.
#[derive(Debug)]
pub struct InputGrads<'a, T>(Target<'a, T>);

/// Where the gradients lie.
#[derive(Debug)]
enum Target<'a, T> {
    Nodes(OfNodes<'a, T>),
    Block(OfBlock<'a, T>),
}

/// Gradients at the places of nodes.
#[derive(Debug)]
pub(crate) struct OfNodes<'a, T> {
    pub(crate) nodes: &'a Nodes,
    pub(crate) operands: &'a [Operand],
    pub(crate) arena: LentMut<'a, T>,
    pub(crate) parameters: &'a mut [T],
    /// For each node and, after them, each parameter, whether nothing was added to its gradient yet.
    pub(crate) fresh: &'a mut [bool],
}

/// A block of each gradient, for an elementwise operation.
#[derive(Debug)]
pub(crate) struct OfBlock<'a, T> {
    /// For each input, the position of its gradient, if it is needed.
    pub(crate) inputs: &'a [Option<usize>],
    pub(crate) gradients: &'a mut [&'a mut [T]],
    /// For each gradient, whether nothing was added to it yet.
    pub(crate) fresh: &'a mut [bool],
    pub(crate) layout: &'a Layout,
}

/// The gradients of all parameters.
#[derive(Debug)]
pub(crate) struct OfParameters<'a, T> {
    pub(crate) gradients: &'a mut [T],
    /// For each parameter, whether nothing was added to its gradient yet.
    pub(crate) fresh: &'a mut [bool],
}

impl<'a, T: Real> InputGrads<'a, T> {
    pub(crate) fn of_nodes(target: OfNodes<'a, T>) -> Self {
        InputGrads(Target::Nodes(target))
    }

    pub(crate) fn of_block(target: OfBlock<'a, T>) -> Self {
        InputGrads(Target::Block(target))
    }
}

impl<T: Real> InputGrads<'_, T> {
    /// The gradient of the input with this index, to add to; `None` if no gradient is needed.
    ///
    /// # Panics
    /// As [`Inputs::view`](super::Inputs::view).
    pub fn view(&mut self, input: usize) -> Option<ViewMut<'_, T>> {
        if !self.needs(input) {
            return None;
        }
        match &mut self.0 {
            Target::Nodes(OfNodes { nodes, operands, arena, parameters, fresh }) => {
                let k = operands[input].id() as usize;
                let fresh = &mut fresh[nodes.slot(&nodes[k])];
                nodes.gradient_view(k, arena, parameters, fresh)
            }
            Target::Block(OfBlock { inputs, gradients, fresh, layout }) => {
                let at = inputs[input]?;
                Some(ViewMut::over_fresh(&mut *gradients[at], layout, &mut fresh[at]))
            }
        }
    }

    /// The gradient of the input with this index, which broadcasts to `size` elements, if that moves none and it is all of its
    /// base's memory; and whether it is to be written instead of added to.
    #[inline]
    pub(crate) fn whole(&mut self, input: usize, size: usize) -> Option<(&mut [T], bool)> {
        let of = match &mut self.0 {
            Target::Nodes(of) => of,
            Target::Block(OfBlock { inputs, gradients, fresh, .. }) => {
                let at = inputs[input]?;
                return Some((&mut *gradients[at], std::mem::take(&mut fresh[at])));
            }
        };
        let node = &of.nodes[of.operands[input].id() as usize];
        if of.nodes.layout_of(node).dense_range() != Some(0..size) {
            return None;
        }
        let fresh = &mut of.fresh[of.nodes.slot(node)];
        let sums = node.gradient_data(&mut of.arena, of.parameters).filter(|sums| sums.len() == size)?;
        Some((sums, std::mem::take(fresh)))
    }

    /// The gradients of all parameters; `None` for an elementwise operation in a chain, which reads none.
    pub(crate) fn parameters(&mut self) -> Option<OfParameters<'_, T>> {
        match &mut self.0 {
            Target::Nodes(of) => {
                Some(OfParameters { gradients: &mut *of.parameters, fresh: &mut of.fresh[of.nodes.len()..] })
            }
            Target::Block(_) => None,
        }
    }

    /// Whether the gradient of the input with this index is needed.
    pub(crate) fn needs(&self, input: usize) -> bool {
        match &self.0 {
            Target::Nodes(of) => of.operands[input].wanted(),
            Target::Block(of) => of.inputs[input].is_some(),
        }
    }

    /// Calls `add` with the gradient of the input with this index, broadcast to `shape`; does nothing if no gradient is
    /// needed. What is added along a broadcast axis is summed.
    pub fn broadcast(&mut self, input: usize, shape: &Shape, add: impl FnOnce(ViewMut<'_, T>)) {
        let Some(mut grad) = self.view(input) else { return };
        if grad.layout().shape() == shape {
            return add(grad);
        }
        if let Ok(layout) = grad.layout().broadcast_to(shape) {
            add(grad.through(&layout));
        }
    }
}
