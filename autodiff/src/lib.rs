//! Reverse-mode automatic differentiation on a Wengert tape.
//!
//! ```
//! use autodiff::{Mode, Params, Tape};
//!
//! let mut params = Params::<f32>::new(0);
//! let w = params.scope("line").parameter("weight", [2], |values, _| values.fill(0.5));
//! let (mut tape, mut grads) = (Tape::new(), params.gradients());
//!
//! let t = tape.start(&params, Mode::Train);
//! let x = t.input(&[[1.0, 2.0], [3.0, 4.0]].into());
//! let loss = (x.matmul(t.param(w)) - 1.0).square().mean(..);
//! loss.backward(&mut grads)?;
//! assert_eq!(loss.item()?, 3.25);
//! assert_eq!(grads.flat(), &[8.0, 11.0]);
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! A [`Tape`] records operations on [`Var`]s; the backward pass visits them in reverse order. Values and gradients are
//! stored in one arena each, in the order of computation; views of a value (transposes, slices, broadcasts) share its
//! memory in both. Everything is generic over the scalar ([`Real`]): `f32` to train, `f64` to check gradients, [`Dual`]
//! for exact directional and second derivatives.
//!
//! - [`Tape`], [`Recording`], [`Var`]: compute and differentiate. [`Program`]: record once, replay without allocating.
//! - [`Params`], [`Scope`], [`Gradients`]: a model's parameters, its state and their gradients, in flat buffers.
//! - [`ops`]: the operations, which are methods of [`Var`]. [`op`]: how to write your own.
//! - [`check`]: the gradient checker. [`transform`]: derivatives of functions and models.
//! - [`Tensor`], [`Shape`], [`Error`]: data in and out, and the error type.
//!
//! # Features
//!
//! - `linalg`: decompositions, systems of equations and functions of matrices, using nalgebra.
//! - `catalogue`: test cases of every built-in operation.
//! - `proptest`: strategies for shapes and tensors. `serde`: makes the gradient checker's reports serializable.

mod array;
#[cfg(feature = "catalogue")]
pub mod catalogue;
pub mod check;
mod error;
mod inspect;
mod kernel;
mod memory;
pub mod op;
pub mod ops;
mod params;
mod scalar;
mod tape;
pub mod transform;

pub use array::{Axis, Extents, Shape, Tensor};
pub use error::Error;
pub use inspect::{Profile, ProfileLine};
pub use ops::{Axes, keepdim};
pub use params::{ParamId, ParamVec, Params, Scope, StateId};
pub use scalar::{Dual, Real};
pub use tape::{
    Alone, Gradients, InputSpec, Keep, Mode, PerSample, ProcessGroup, Program, Recording, Replay, Shards, Tape, Var,
    input, variable,
};
