//! The one door for operations: [`Op`], what it is handed, and what its author computes with.

mod frame;
mod node;
mod pointwise;

use std::any::Any;
use std::fmt::Debug;

pub use crate::array::{Layout, View, ViewMut, accumulate, for_each_block};
pub use crate::error::Mismatch;
pub use frame::{Frame, InputGrads, Inputs};
pub(crate) use node::{Label, Node, Place, Step};
pub use pointwise::Pointwise;

use crate::array::Shape;
use crate::scalar::{Dual, Real};

/// A differentiable operation: a value that captures no data, so that a replay can never use a stale one.
///
/// Everything an operation may depend on is in its attributes (axes, slopes) and its inputs. Built-in operations
/// and those of users enter by [`Recording::apply`](crate::Recording::apply) and are checked by the same laws.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation in the scalar `{T}`",
    note = "the gradient checker needs `impl<T: Real> Op<T> for {Self}`; `check::single` checks an operation of `f32` alone"
)]
pub trait Op<T: Real>: Any + Debug + Send + Sync {
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
pub fn expect_inputs<'a, const N: usize>(inputs: &[&'a Shape]) -> Result<[&'a Shape; N], Mismatch> {
    <[&Shape; N]>::try_from(inputs).map_err(|_| Mismatch::new(format!("takes {N} inputs, {} given", inputs.len())))
}

/// An operation that works in every scalar: what the gradient checker takes.
pub trait AnyScalar: Debug + Send + Sync {
    /// For `f32`.
    fn single(&self) -> Box<dyn Op<f32>>;
    /// For `f64`.
    fn double(&self) -> Box<dyn Op<f64>>;
    /// For first derivatives.
    fn dual(&self) -> Box<dyn Op<Dual<f64>>>;
    /// For second derivatives.
    fn second(&self) -> Box<dyn Op<Dual<Dual<f64>>>>;
}

impl<O> AnyScalar for O
where
    O: Op<f32> + Op<f64> + Op<Dual<f64>> + Op<Dual<Dual<f64>>> + Clone + Sync,
{
    fn single(&self) -> Box<dyn Op<f32>> {
        Box::new(self.clone())
    }
    fn double(&self) -> Box<dyn Op<f64>> {
        Box::new(self.clone())
    }
    fn dual(&self) -> Box<dyn Op<Dual<f64>>> {
        Box::new(self.clone())
    }
    fn second(&self) -> Box<dyn Op<Dual<Dual<f64>>>> {
        Box::new(self.clone())
    }
}
