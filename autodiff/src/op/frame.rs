//! The arguments of an operation: its inputs, what forward wrote, and the gradients to add to.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::{Lent, LentMut, Node, Nodes, Operand};
use crate::array::{Shape, View, ViewMut};
use crate::params::Params;
use crate::scalar::Real;

/// The inputs of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a, T: Real> {
    nodes: &'a Nodes,
    operands: &'a [Operand],
    values: Lent<'a, T>,
    params: &'a Params<T>,
    pass: u64,
    shape: &'a Shape,
}

impl<'a, T: Real> Inputs<'a, T> {
    /// The inputs of `node`; `values` is the arena without it, `pass` the recording's.
    pub(crate) fn new(node: &'a Node, nodes: &'a Nodes, values: Lent<'a, T>, params: &'a Params<T>, pass: u64) -> Self {
        let (operands, shape) = (nodes.operands_of(node), nodes.layout_of(node).shape());
        Inputs { nodes, operands, values, params, pass, shape }
    }

    /// The random generator of the recording's `draw`-th draw. It depends only on seed, step, pass and `draw`.
    pub(crate) fn generator(&self, draw: u64) -> ChaCha8Rng {
        let words = [self.params.seed(), self.params.step(), self.pass, draw].map(u64::to_le_bytes);
        let mut key = [0; 32];
        key.iter_mut().zip(words.iter().flatten()).for_each(|(byte, &word)| *byte = word);
        ChaCha8Rng::from_seed(key)
    }

    /// The number of inputs.
    pub fn count(&self) -> usize {
        self.operands.len()
    }

    /// The shape of the output.
    pub fn output_shape(&self) -> &'a Shape {
        self.shape
    }

    /// The input with this index, from 0.
    ///
    /// # Panics
    /// If the operation has fewer inputs: its shape rule must check their number.
    pub fn view(&self, input: usize) -> View<'a, T> {
        self.nodes.view(self.operands[input].id() as usize, self.values, self.params)
    }

    /// The first `N` inputs, which broadcast to `size` elements, if that moves none: each is contiguous and has as many.
    #[inline]
    pub(crate) fn whole<const N: usize>(&self, size: usize) -> Option<[&'a [T]; N]> {
        let mut slices: [&[T]; N] = [&[]; N];
        for (slice, operand) in slices.iter_mut().zip(self.operands) {
            let node = &self.nodes[operand.id() as usize];
            let range = self.nodes.layout_of(node).dense_range().filter(|range| range.len() == size)?;
            *slice = node.data(self.values, self.params).get(range)?;
        }
        Some(slices)
    }
}

impl<T: Real> Inputs<'_, T> {
    /// Calls `read` with the first `N` inputs, broadcast to the output's shape. `None` if one does not broadcast.
    pub fn broadcast<const N: usize, R>(&self, read: impl FnOnce([View<'_, T>; N]) -> R) -> Option<R> {
        let inputs: [View<'_, T>; N] = std::array::from_fn(|input| self.view(input));
        if inputs.iter().all(|input| input.shape() == self.shape) {
            return Some(read(inputs));
        }
        let layouts = inputs.each_ref().map(|input| input.layout().broadcast_to(self.shape).ok());
        let mut stretched = inputs;
        for (input, layout) in stretched.iter_mut().zip(&layouts) {
            *input = input.through(layout.as_ref()?);
        }
        Some(read(stretched))
    }
}

/// What [`Op::backward`](super::Op::backward) may read: the inputs and what `forward` wrote.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, T: Real> {
    /// The inputs.
    pub inputs: Inputs<'a, T>,
    /// The output, in row-major order.
    pub output: &'a [T],
    /// What `forward` saved.
    pub saved: &'a [T],
}

/// The gradients of an operation's inputs.
#[derive(Debug)]
pub struct InputGrads<'a, T> {
    pub(crate) nodes: &'a Nodes,
    pub(crate) operands: &'a [Operand],
    pub(crate) arena: LentMut<'a, T>,
    pub(crate) parameters: &'a mut [T],
    /// For each node and, after them, each parameter, whether nothing was added to its gradient yet.
    pub(crate) fresh: &'a mut [bool],
}

impl<T: Real> InputGrads<'_, T> {
    /// The gradient of the input with this index, to add to; `None` if no gradient is needed.
    ///
    /// # Panics
    /// As [`Inputs::view`].
    pub fn view(&mut self, input: usize) -> Option<ViewMut<'_, T>> {
        if !self.needs(input) {
            return None;
        }
        let k = self.operands[input].id() as usize;
        let fresh = &mut self.fresh[self.nodes.slot(&self.nodes[k])];
        self.nodes.gradient_view(k, &mut self.arena, self.parameters, fresh)
    }

    /// The gradient of the input with this index, which broadcasts to `size` elements, if that moves none and it is all of its
    /// base's memory; and whether it is to be written instead of added to.
    #[inline]
    pub(crate) fn whole(&mut self, input: usize, size: usize) -> Option<(&mut [T], bool)> {
        let node = &self.nodes[self.operands[input].id() as usize];
        if self.nodes.layout_of(node).dense_range() != Some(0..size) {
            return None;
        }
        let fresh = &mut self.fresh[self.nodes.slot(node)];
        let sums = node.gradient_data(&mut self.arena, self.parameters).filter(|sums| sums.len() == size)?;
        Some((sums, std::mem::take(fresh)))
    }

    /// Whether the gradient of the input with this index is needed.
    pub(crate) fn needs(&self, input: usize) -> bool {
        self.operands[input].wanted()
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
