//! The built-in operations, one family per file: rule, [`Var`](crate::Var) method and catalogue entry are side by side.
//!
//! | methods of [`Var`](crate::Var) | what they compute |
//! |---|---|
//! | `+`, `-`, `*`, `/`, `pow`, `powi`, `maximum`, `minimum` | arithmetic, also `mul_add`; shapes broadcast as numpy's, constants are `f64` or `i32` |
//! | `neg`, `recip`, `sqrt`, `rsqrt`, `square`, `abs`, `sign`, `exp`, `exp_m1`, `ln`, `ln_1p`, `clamp`, `floor`, `ceil`, `round`, `erf` | elementwise functions |
//! | `sin`, `cos`, `tan`, `asin`, `acos`, `atan`, `sinh`, `cosh`, `asinh`, `acosh`, `atanh` | trigonometric and hyperbolic functions |
//! | `tanh`, `sigmoid`, `relu`, `leaky_relu`, `elu`, `selu`, `gelu`, `silu`, `mish`, `softplus`, … | activations |
//! | `softmax`, `log_softmax`, `log_sum_exp`, `cross_entropy` | along an axis |
//! | `sum`, `mean`, `variance`, `prod`, `norm`, `max`, `min`, `argmax`, `argmin` | reductions over [`Axes`] |
//! | `cumsum`, `cumprod` | cumulative sums and products |
//! | `matmul`, `tril`, `triu`, `diag`, `diagonal`, `trace` | matrices, with batch axes in front |
//! | `cholesky`, `solve_triangular`, `solve`, `inverse`, `slogdet`, `qr`, `eigh`, `symmetric_function`, `singular_values` | linear algebra, with batch axes in front (feature `linalg`) |
//! | `conv2d`, `conv_transpose2d`, `unfold` | convolutions and windows |
//! | `normalize`, `normalize_shards`, `normalize_by_norm` | standardization, unit vectors |
//! | `greater`, `greater_equal`, `less`, `less_equal`, `equal`, `not_equal`, `select` | comparisons and selection by a mask |
//! | `index_select`, `gather`, `one_hot`, `index_add`, `scatter_add` | elements by index |
//! | `argsort`, `sort`, `top_k`, `flip` | order |
//! | `transpose`, `t`, `permute`, `reshape`, `flatten`, `split_axis`, `unsqueeze`, `squeeze`, `broadcast_to`, `narrow`, `index`, `detach` | views |
//! | `concatenate`, `stack`, `pad`, `repeat`, `contiguous` | joining, padding and copying |
//! | `random` | random draws |
//! | `stack_shards` | where the shards of a batch meet |

mod activation;
mod arrange;
mod axes;
mod binary;
mod compare;
mod conv;
mod cross_entropy;
mod cumulative;
mod diag;
mod elementwise;
mod extrema;
mod group_moments;
mod grouping;
mod index;
mod join;
#[cfg(feature = "linalg")]
mod linalg;
mod matmul;
mod moments;
mod mul_add;
mod norms;
mod order;
mod random;
mod reduction;
mod scalar;
mod scatter;
mod select;
mod softmax;
mod stack;
mod standardize;
mod triangle;
mod unary;

/// Imports of a family's file.
mod prelude {
    pub(super) use crate::array::Axis;
    pub(super) use crate::array::Shape;
    pub(super) use crate::array::{accumulate, for_each_block};
    #[cfg(feature = "catalogue")]
    pub(super) use crate::catalogue::{Case, Choices, Domain, Entry};
    pub(super) use crate::error::Mismatch;
    pub(super) use crate::op::{Frame, InputGrads, Inputs, Op, Pointwise, Reads, expect_inputs};
    pub(super) use crate::scalar::Real;
    pub(super) use crate::tape::Var;
}

pub use activation::*;
pub use arrange::*;
pub use axes::{Axes, keepdim};
pub use binary::*;
pub use compare::*;
pub use conv::*;
pub use cross_entropy::*;
pub use cumulative::*;
pub use diag::Diag;
pub use extrema::*;
pub use group_moments::{GroupMoments, PoolMoments};
pub use index::*;
pub use join::*;
#[cfg(feature = "linalg")]
pub use linalg::*;
pub use matmul::*;
pub use moments::*;
pub use mul_add::*;
pub use norms::*;
pub use order::*;
pub use random::*;
pub use scatter::*;
pub use select::*;
pub use softmax::*;
pub use stack::*;
pub use standardize::*;
pub use triangle::*;
pub use unary::*;

/// The catalogue entries of all built-in operations, by family.
// Not inlined: compiles all operations in all scalars once, here, and not in each crate that calls it.
#[inline(never)]
#[cfg(feature = "catalogue")]
pub fn entries() -> impl Iterator<Item = &'static crate::catalogue::Entry> {
    let families = FAMILIES.iter();
    #[cfg(feature = "linalg")]
    let families = families.chain(linalg::FAMILIES);
    families.flat_map(|family| family.iter())
}

#[cfg(feature = "catalogue")]
const FAMILIES: &[&[crate::catalogue::Entry]] = &[
    unary::ENTRIES,
    activation::ENTRIES,
    binary::ENTRIES,
    mul_add::ENTRIES,
    compare::ENTRIES,
    select::ENTRIES,
    moments::ENTRIES,
    norms::ENTRIES,
    group_moments::ENTRIES,
    standardize::ENTRIES,
    random::ENTRIES,
    extrema::ENTRIES,
    softmax::ENTRIES,
    cross_entropy::ENTRIES,
    matmul::ENTRIES,
    conv::ENTRIES,
    join::ENTRIES,
    index::ENTRIES,
    scatter::ENTRIES,
    arrange::ENTRIES,
    cumulative::ENTRIES,
    order::ENTRIES,
    triangle::ENTRIES,
    diag::ENTRIES,
    stack::ENTRIES,
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
