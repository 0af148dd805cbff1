//! [`Nodes`]: the nodes of a recording, with what several of them share or what differs in length.

use std::ops::{Deref, DerefMut};

use super::{Label, Lent, LentMut, Node, Place, Step};
use crate::array::{Layout, Shape, View, ViewMut};
use crate::error::Mismatch;
use crate::memory;
use crate::params::Params;
use crate::scalar::Real;

/// Layouts that are searched for one that is wanted once more.
const RECENT: usize = 4;

/// An input of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand(u32);

/// The bit of an operand that is set if it is wanted.
const WANTED: u32 = 1 << 31;

impl Operand {
    /// The node `id`, which is less than [`Nodes::MOST`]; `wanted` if backward adds to its gradient.
    pub(crate) fn new(id: u32, wanted: bool) -> Self {
        Operand(if wanted { id | WANTED } else { id })
    }

    pub(crate) fn id(self) -> u32 {
        self.0 & !WANTED
    }

    /// Whether backward adds to its gradient.
    pub(crate) fn wanted(self) -> bool {
        self.0 & WANTED != 0
    }
}

/// The nodes of a recording, in order. A node has a fixed size and nothing to drop: recording one is a copy, and forgetting a
/// recording costs nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    /// The inputs of each operation, one operation after the other.
    operands: Vec<Operand>,
    /// Neighbors of one shape share a layout.
    layouts: Vec<Layout>,
}

impl Deref for Nodes {
    type Target = [Node];
    fn deref(&self) -> &[Node] {
        &self.list
    }
}

impl DerefMut for Nodes {
    fn deref_mut(&mut self) -> &mut [Node] {
        &mut self.list
    }
}

impl Nodes {
    /// The number of nodes, at most.
    pub(crate) const MOST: u32 = WANTED - 1;

    /// Forgets the nodes and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.list.clear();
        self.operands.clear();
        self.layouts.clear();
    }

    #[inline]
    pub(crate) fn push(&mut self, node: Node) {
        self.list.push(node);
    }

    /// Makes room for another node and its layout. Returns whether there is memory for them.
    #[inline]
    pub(crate) fn reserve(&mut self) -> bool {
        memory::reserve(&mut self.list, 1) && memory::reserve(&mut self.layouts, 1)
    }

    /// The position of a contiguous layout of this shape.
    #[inline]
    pub(crate) fn dense_layout(&mut self, shape: &Shape) -> u32 {
        let whole = |layout: &Layout| layout.shape() == shape && layout.dense_range().is_some_and(|at| at.start == 0);
        let recent = self.layouts.iter().rev().take(RECENT).position(whole);
        match recent {
            Some(back) => (self.layouts.len() - 1 - back) as u32,
            None => self.add_layout(Layout::dense(shape.clone())),
        }
    }

    /// The position of a layout, of which there are no more than nodes.
    pub(crate) fn add_layout(&mut self, layout: Layout) -> u32 {
        self.layouts.push(layout);
        (self.layouts.len() - 1) as u32
    }

    /// The positions of the inputs of an operation: nodes, each with whether the operation is differentiable in it.
    ///
    /// # Errors
    /// If there is no memory for them.
    #[inline]
    pub(crate) fn add_operands(
        &mut self,
        inputs: impl ExactSizeIterator<Item = (u32, bool)>,
    ) -> Result<(usize, u32), Mismatch> {
        let (first, count) = (self.operands.len(), inputs.len());
        if !memory::reserve(&mut self.operands, count) {
            return Err(Mismatch::new(format!("{first} recorded inputs and no memory for {count} others")));
        }
        let list = &self.list;
        let operand = |(id, differentiable)| Operand::new(id, differentiable && list[id as usize].gradient.is_some());
        self.operands.extend(inputs.map(operand));
        Ok((first, count as u32))
    }

    /// Whether the gradient of one of these inputs is needed.
    pub(crate) fn needs_gradient(&self, operands: (usize, u32)) -> bool {
        self.operands_at(operands).iter().any(|input| self.list[input.id() as usize].gradient.is_some())
    }

    pub(crate) fn layout(&self, k: usize) -> &Layout {
        self.layout_of(&self.list[k])
    }

    #[inline]
    pub(crate) fn layout_of(&self, node: &Node) -> &Layout {
        &self.layouts[node.layout as usize]
    }

    pub(crate) fn shape(&self, k: usize) -> &Shape {
        self.layout(k).shape()
    }

    #[inline]
    pub(crate) fn operands_of(&self, node: &Node) -> &[Operand] {
        self.operands_at(node.operands)
    }

    #[inline]
    fn operands_at(&self, (first, count): (usize, u32)) -> &[Operand] {
        &self.operands[first..][..count as usize]
    }

    /// The inputs of node `k`.
    pub(crate) fn inputs(&self, k: usize) -> impl Iterator<Item = u32> + '_ {
        self.operands_of(&self.list[k]).iter().map(|operand| operand.id())
    }

    /// The inputs of node `k` to whose gradients backward adds.
    pub(crate) fn wanted(&self, k: usize) -> impl Iterator<Item = u32> + '_ {
        self.operands_of(&self.list[k]).iter().filter(|operand| operand.wanted()).map(|operand| operand.id())
    }

    /// Whether a gradient is needed through operation `k`, which has no derivative (a comparison).
    pub(crate) fn is_blocked(&self, k: usize) -> bool {
        let node = &self.list[k];
        matches!(node.step, Step::Op(_)) && node.gradient.is_some() && self.wanted(k).next().is_none()
    }

    /// The value of node `k`, read from the arena or from the parameters and state.
    pub(crate) fn view<'a, T: Real>(&'a self, k: usize, arena: Lent<'a, T>, params: &'a Params<T>) -> View<'a, T> {
        let node = &self.list[k];
        View::over(node.data(arena, params), self.layout_of(node))
    }

    /// The gradient of node `k`, in the gradient arena or the parameters' flat gradients, and whether nothing was added to it yet;
    /// `None` if it has none.
    pub(crate) fn gradient_view<'a, T: Real>(
        &'a self,
        k: usize,
        arena: &'a mut LentMut<'_, T>,
        parameters: &'a mut [T],
        fresh: &'a mut bool,
    ) -> Option<ViewMut<'a, T>> {
        let node = &self.list[k];
        Some(ViewMut::over_fresh(node.gradient_data(arena, parameters)?, self.layout_of(node), fresh))
    }

    /// Where it is noted what is known of the gradient of a node: several nodes may read one parameter, and views share their
    /// base's.
    pub(crate) fn slot(&self, node: &Node) -> usize {
        let base = node.base as usize;
        if let Some(Place::Parameter(_)) = node.gradient
            && let Label::Parameter(index) = self.list[base].label
        {
            return self.list.len() + index;
        }
        base
    }
}
