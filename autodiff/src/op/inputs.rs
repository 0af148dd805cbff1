//! The arguments of an operation that it reads: its inputs, and what forward wrote.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::{Lent, Node, Nodes, Operand};
use crate::array::{Layout, Shape, View};
use crate::params::Params;
use crate::scalar::Real;

/// The inputs of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a, T: Real> {
    source: Source<'a, T>,
    setting: &'a Setting<'a, T>,
    shape: &'a Shape,
}

/// What the operations of a recording run with, besides their inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a, T: Real> {
    pub(crate) params: &'a Params<T>,
    /// The recording's pass.
    pub(crate) pass: u64,
    /// Which of several runs of one body this is; 0 outside of bodies that are repeated.
    pub(crate) repeat: u64,
}

impl<T: Real> Setting<'_, T> {
    /// That of one of several runs, with random numbers of its own.
    pub(crate) fn repeated(self, run: usize) -> Self {
        /// The golden ratio, as in SplitMix64: neighbors are far apart, also in a repetition of repetitions.
        const APART: u64 = 0x9e37_79b9_7f4a_7c15;
        Setting { repeat: self.repeat.wrapping_add(run as u64 + 1).wrapping_mul(APART), ..self }
    }
}

/// Where the inputs lie.
#[derive(Clone, Copy, Debug)]
enum Source<'a, T> {
    /// At the places of these nodes, in the arena without the node that is computed, or outside of it.
    Nodes { nodes: &'a Nodes, operands: &'a [Operand], values: Lent<'a, T> },
    /// A block of each, with this layout.
    Block { slices: &'a [&'a [T]], layout: &'a Layout },
}

impl<'a, T: Real> Inputs<'a, T> {
    /// The inputs of `node`; `values` is the arena without it.
    pub(crate) fn new(node: &'a Node, nodes: &'a Nodes, values: Lent<'a, T>, setting: &'a Setting<'a, T>) -> Self {
        let (operands, shape) = (nodes.operands_of(node), nodes.layout_of(node).shape());
        Inputs { source: Source::Nodes { nodes, operands, values }, setting, shape }
    }

    /// A block of every input of an elementwise operation.
    pub(crate) fn of_block(slices: &'a [&'a [T]], layout: &'a Layout, setting: &'a Setting<'a, T>) -> Self {
        Inputs { source: Source::Block { slices, layout }, setting, shape: layout.shape() }
    }

    /// The random generator of the recording's `draw`-th draw. It depends only on seed, step, pass, `draw`, and which repetition it
    /// is.
    pub(crate) fn generator(&self, draw: u64) -> ChaCha8Rng {
        let Setting { params, pass, repeat } = *self.setting;
        let words = [params.seed(), params.step(), pass, draw ^ repeat].map(u64::to_le_bytes);
        let mut key = [0; 32];
        key.iter_mut().zip(words.iter().flatten()).for_each(|(byte, &word)| *byte = word);
        ChaCha8Rng::from_seed(key)
    }

    /// What the operation runs with.
    pub(crate) fn setting(&self) -> Setting<'a, T> {
        *self.setting
    }

    /// The number of inputs.
    pub fn count(&self) -> usize {
        match self.source {
            Source::Nodes { operands, .. } => operands.len(),
            Source::Block { slices, .. } => slices.len(),
        }
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
        match self.source {
            Source::Nodes { nodes, operands, values } => {
                nodes.view(operands[input].id() as usize, values, self.setting.params)
            }
            Source::Block { slices, layout } => View::over(slices[input], layout),
        }
    }

    /// The first `N` inputs, which broadcast to `size` elements, if that moves none: each is contiguous and has as many.
    #[inline]
    pub(crate) fn whole<const N: usize>(&self, size: usize) -> Option<[&'a [T]; N]> {
        let (nodes, operands, values) = match self.source {
            Source::Nodes { nodes, operands, values } => (nodes, operands, values),
            Source::Block { slices, .. } => return slices.first_chunk().copied(),
        };
        let mut slices: [&[T]; N] = [&[]; N];
        for (slice, operand) in slices.iter_mut().zip(operands) {
            let node = &nodes[operand.id() as usize];
            let range = nodes.layout_of(node).dense_range().filter(|range| range.len() == size)?;
            *slice = node.data(values, self.setting.params).get(range)?;
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
