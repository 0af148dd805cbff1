//! How to define an operation: the trait [`Op`], its arguments, and helpers for its author.

mod grads;
mod inputs;
mod memory;
mod node;
mod nodes;
mod pointwise;
mod product;
mod reads;

use std::any::Any;
use std::fmt::Debug;

pub(crate) use crate::array::accumulate_or_write;
pub use crate::array::{Layout, View, ViewMut, accumulate, for_each_block};
pub use crate::error::Mismatch;
pub(crate) use crate::kernel::{FirstRefusal, refuse, refused};
pub use crate::kernel::{dispatch, for_each_part, norm};
pub use grads::InputGrads;
pub(crate) use grads::{OfBlock, OfNodes, OfParameters};
pub(crate) use inputs::Setting;
pub use inputs::{Frame, Inputs};
pub(crate) use memory::{Lent, LentMut, LentSeveral};
pub(crate) use node::{Label, Node, Place, Step};
pub(crate) use nodes::{Nodes, Operand};
pub use pointwise::{Pointwise, takes_sines};
pub use product::matmul;
pub use reads::Reads;

use crate::array::Shape;
use crate::scalar::{Dual, Real};

/// A differentiable operation.
///
/// An operation depends only on its attributes (such as axes) and its inputs. It captures no data, so a replay cannot use
/// stale values. Built-in operations and your own are both applied with [`Recording::apply`](crate::Recording::apply) and
/// checked by [`check::op`](crate::check::op()). For elementwise operations, see [`scalar_op!`](crate::scalar_op) and
/// [`Pointwise`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an operation in the scalar `{T}`",
    note = "the gradient checker needs `impl<T: Real> Op<T> for {Self}`; `check::single` checks an operation of `f32` alone"
)]
pub trait Op<T: Real>: Any + Debug + Send + Sync {
    /// The name shown in errors, profiles and graphs.
    fn name(&self) -> &'static str;

    /// The shape rule: the output's shape, or why the inputs' shapes are invalid. Called once, while recording.
    ///
    /// # Errors
    /// Invalid shapes or attributes.
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch>;

    /// The number of scalars that `forward` saves for `backward`; 0 by default.
    fn saved(&self, inputs: &[&Shape]) -> usize {
        let _ = inputs;
        0
    }

    /// Rejects invalid values, such as an index out of range. Called before every `forward`.
    ///
    /// Do not reject numbers whose result is merely NaN or infinite.
    ///
    /// # Errors
    /// Invalid values.
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let _ = inputs;
        Ok(())
    }

    /// Whether `backward` computes the gradient of this input; true by default. If false (indices, masks, comparisons),
    /// requesting that gradient is an error that names the operation.
    fn differentiable(&self, input: usize) -> bool {
        let _ = input;
        true
    }

    /// What `backward` reads of inputs and output; everything by default. A [`Program`](crate::Program) overwrites what nobody
    /// reads any more, so that `backward` finds other numbers in what it does not declare. Shapes and layouts stay.
    fn reads(&self) -> Reads {
        Reads::ALL
    }

    /// Whether the operation is elementwise: once the inputs are broadcast, each element of the output depends on the elements at
    /// its index, and nothing is [saved](Op::saved). False by default.
    ///
    /// A [`Program`](crate::Program) calls the other methods of such an operation for blocks of large arrays, with inputs and
    /// output of one shape of one axis, and so computes several operations while a block is in the cache.
    fn is_elementwise(&self) -> bool {
        false
    }

    /// Computes the output. Must write every element of `output`, in row-major order, and of `saved`.
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]);

    /// The pullback: adds to `grads` the vector-Jacobian product of `cotangent`, in row-major order, for each input.
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
    fn reads(&self) -> Reads {
        (**self).reads()
    }
    fn is_elementwise(&self) -> bool {
        (**self).is_elementwise()
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        (**self).forward(inputs, output, saved);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        (**self).backward(at, cotangent, grads);
    }
}

/// Checks in a shape rule that there are exactly `N` inputs, and returns their shapes as an array.
///
/// # Errors
/// If their number is not `N`.
pub fn expect_inputs<'a, const N: usize>(inputs: &[&'a Shape]) -> Result<[&'a Shape; N], Mismatch> {
    <[&Shape; N]>::try_from(inputs).map_err(|_| Mismatch::new(format!("takes {N} inputs, {} given", inputs.len())))
}

/// An operation generic over the scalar, as the gradient checker takes it. Implemented for every `Op` that is `Clone`.
pub trait AnyScalar: Debug + Send + Sync {
    /// The operation in `f32`.
    fn single(&self) -> Box<dyn Op<f32>>;
    /// The operation in `f64`.
    fn double(&self) -> Box<dyn Op<f64>>;
    /// The operation in dual numbers, for first derivatives.
    fn dual(&self) -> Box<dyn Op<Dual<f64>>>;
    /// The operation in nested dual numbers, for second derivatives.
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
