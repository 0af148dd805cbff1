//! The operations, one family a file: rule, `Var` method and catalogue entry stand together.

mod activation;
mod arrange;
mod axes;
mod binary;
mod compare;
mod conv;
mod elementwise;
mod extrema;
mod index;
mod join;
mod matmul;
mod moments;
mod normalize;
mod norms;
mod random;
mod reduction;
mod scalar;
mod select;
mod softmax;
#[cfg(feature = "linalg")]
mod spectral;
mod unary;

/// What a family's file needs.
mod prelude {
    pub(super) use crate::array::Shape;
    pub(super) use crate::array::{accumulate, for_each_block};
    #[cfg(feature = "catalogue")]
    pub(super) use crate::catalogue::{Case, Choices, Domain, Entry};
    pub(super) use crate::error::Mismatch;
    pub(super) use crate::kernel::dispatch;
    pub(super) use crate::op::{Frame, InputGrads, Inputs, Op, Pointwise, expect_inputs};
    pub(super) use crate::scalar::Real;
    pub(super) use crate::tape::Var;
}

pub use activation::*;
pub use arrange::*;
pub use axes::{Axes, keepdim};
pub use binary::*;
pub use compare::*;
pub use conv::*;
pub use extrema::*;
pub use index::*;
pub use join::*;
pub use matmul::*;
pub use moments::*;
pub use normalize::*;
pub use norms::*;
pub use random::*;
pub use select::*;
pub use softmax::*;
#[cfg(feature = "linalg")]
pub use spectral::*;
pub use unary::*;

/// All built-in operations with cases of them, family by family.
#[cfg(feature = "catalogue")]
pub fn entries() -> impl Iterator<Item = &'static crate::catalogue::Entry> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

#[cfg(feature = "catalogue")]
const FAMILIES: &[&[crate::catalogue::Entry]] = &[
    unary::ENTRIES,
    activation::ENTRIES,
    binary::ENTRIES,
    compare::ENTRIES,
    select::ENTRIES,
    moments::ENTRIES,
    norms::ENTRIES,
    normalize::ENTRIES,
    random::ENTRIES,
    extrema::ENTRIES,
    softmax::ENTRIES,
    matmul::ENTRIES,
    #[cfg(feature = "linalg")]
    spectral::ENTRIES,
    conv::ENTRIES,
    join::ENTRIES,
    index::ENTRIES,
    arrange::ENTRIES,
];

#[cfg(test)]
mod testing {
    use crate::{Mode, Params, Tape, Tensor, Var};

    /// The value of `function` at `x`, and the gradient of its sum.
    pub(super) fn value_and_gradient(
        function: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>,
        x: Tensor<f64>,
    ) -> (Tensor<f64>, Tensor<f64>) {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&x);
        let y = function(x);
        let mut grads = params.gradients();
        y.sum(..).backward(&mut grads).unwrap();
        (y.value().unwrap(), grads.of(x).unwrap())
    }
}
