//! Reverse-mode automatic differentiation on a Wengert tape.
//!
//! A [`Tape`] records operations on [`Var`]s and replays them backwards. Values and gradients lie in one arena each, in
//! the order of computation; views of a value (transposes, slices, broadcasts) share its place in both. The scalar is
//! a parameter ([`Real`]): `f32` to train, `f64` to check, [`Dual`] for exact directional and second derivatives.
//!
//! - [`Tape`], [`Recording`], [`Var`]: compute and differentiate. [`Program`]: record once, replay without allocating.
//! - [`Params`], [`Scope`], [`Gradients`]: the parameters and the state of a model, flat.
//! - [`Op`]: the one door for operations, the built-in ones in [`ops`] and your own. [`catalogue`] lists the former.
//! - [`Tensor`], [`Shape`], [`Error`]: the borders.

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
pub use inspect::{Line, Profile};
pub use ops::{Axes, keepdim};
pub use params::{ParamId, ParamVec, Params, Scope, StateId};
pub use scalar::{Dual, Real};
pub use tape::{Gradients, InputSpec, Mode, Program, Recording, Replay, Tape, Var, input, variable};
