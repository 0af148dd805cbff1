//! The one door for operations: [`Op`], and what it is handed.

use std::any::Any;
use std::fmt::Debug;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use crate::error::Mismatch;
use crate::node::Node;
use crate::params::Params;
use crate::real::Real;
use crate::shape::Shape;
use crate::view::{View, ViewMut};

/// A differentiable operation: a value that captures no data, so that a replay can never use a stale one.
///
/// Everything an operation may depend on is in its attributes (axes, slopes) and its inputs. Built-in operations
/// and those of users enter by [`Recording::apply`](crate::Recording::apply) and are checked by the same laws.
pub trait Op<T: Real>: Any + Debug + Send {
    /// The name that errors and tables show.
    fn name(&self) -> &'static str;

    /// The shape of the output, or why the inputs' shapes do not fit. Called once, while recording.
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch>;

    /// How many scalars `forward` keeps for `backward`.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        let _ = inputs;
        0
    }

    /// Refuses values outside the operation's domain: an index past the end. Called before every `forward`.
    ///
    /// Numbers that merely give NaN or infinity are not refused.
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let _ = inputs;
        Ok(())
    }

    /// Whether `backward` has a rule for this input. Where it has none (indices, masks, comparisons), asking for
    /// that gradient is an error that names the operation.
    fn differentiable(&self, input: usize) -> bool {
        let _ = input;
        true
    }

    /// Writes every element of `output`, in row-major order, and of `saved`.
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]);

    /// Adds to `grads` the gradient that `cotangent`, in row-major order, gives each input.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>);
}

impl<T: Real> Op<T> for Box<dyn Op<T>> {
    fn name(&self) -> &'static str {
        (**self).name()
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        (**self).shape(inputs)
    }
    fn saved(&self, inputs: &[&Shape]) -> usize {
        (**self).saved(inputs)
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        (**self).check(inputs)
    }
    fn differentiable(&self, input: usize) -> bool {
        (**self).differentiable(input)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        (**self).forward(inputs, output, saved);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        (**self).backward(at, cotangent, grads);
    }
}

/// Takes the shapes of exactly `N` inputs, for a shape rule.
pub fn exactly<'a, const N: usize>(inputs: &[&'a Shape]) -> Result<[&'a Shape; N], Mismatch> {
    <[&Shape; N]>::try_from(inputs).map_err(|_| Mismatch::new(format!("takes {N} inputs, {} given", inputs.len())))
}

/// The inputs of an operation.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a, T: Real> {
    nodes: &'a [Node],
    ids: &'a [u32],
    values: &'a [T],
    params: &'a Params<T>,
    pass: u64,
    shape: &'a Shape,
}

impl<'a, T: Real> Inputs<'a, T> {
    /// Those of `node`; `values` is the arena below it, `pass` that of the recording.
    pub(crate) fn of(node: &'a Node, nodes: &'a [Node], values: &'a [T], params: &'a Params<T>, pass: u64) -> Self {
        Inputs { nodes, ids: &node.inputs, values, params, pass, shape: node.layout.shape() }
    }

    /// The generator of the recording's draw number `draw`: a function of the seed, the step and the pass alone.
    pub(crate) fn generator(&self, draw: u64) -> ChaCha8Rng {
        let words = [self.params.seed(), self.params.step(), self.pass, draw].map(u64::to_le_bytes);
        let mut key = [0; 32];
        key.iter_mut().zip(words.iter().flatten()).for_each(|(byte, &of)| *byte = of);
        ChaCha8Rng::from_seed(key)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ids.len()
    }

    /// The shape of the output.
    pub fn output_shape(&self) -> &'a Shape {
        self.shape
    }

    /// Input number `input`, counted from 0.
    ///
    /// # Panics
    /// Where the operation has fewer inputs: an operation that asks for more than its shape rule let in is wrong.
    pub fn view(&self, input: usize) -> View<'a, T> {
        self.nodes[self.ids[input] as usize].view(self.values, self.params)
    }
}

impl<T: Real> Inputs<'_, T> {
    /// Calls `read` with the first `N` inputs, each stretched to the output's shape (numpy's rule).
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

/// What `backward` may read: the inputs and what `forward` wrote.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, T: Real> {
    /// The inputs.
    pub inputs: Inputs<'a, T>,
    /// The output, in row-major order.
    pub output: &'a [T],
    /// What `forward` kept.
    pub saved: &'a [T],
}

/// The gradients of an operation's inputs.
#[derive(Debug)]
pub struct InputGrads<'a, T> {
    pub(crate) nodes: &'a [Node],
    pub(crate) ids: &'a [u32],
    pub(crate) wanted: &'a [bool],
    pub(crate) arena: &'a mut [T],
    pub(crate) parameters: &'a mut [T],
}

impl<T: Real> InputGrads<'_, T> {
    /// The gradient of input number `input`, to add to; nothing where no gradient is wanted.
    ///
    /// # Panics
    /// As [`Inputs::view`].
    pub fn view(&mut self, input: usize) -> Option<ViewMut<'_, T>> {
        if !self.wanted[input] {
            return None;
        }
        self.nodes[self.ids[input] as usize].gradient_view(self.arena, self.parameters)
    }

    /// Calls `add` with the gradient of input number `input` stretched to `shape`, where one is wanted: what is added
    /// at a stretched place is summed.
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
