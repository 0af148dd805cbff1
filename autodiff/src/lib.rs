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

mod anomaly;
mod backward;
mod caller;
pub mod catalogue;
pub mod check;
mod cursor;
mod dot;
mod dual;
mod error;
mod gradients;
mod graph;
mod kernel;
mod layout;
mod memory;
mod node;
mod op;
pub mod ops;
mod params;
mod profile;
mod program;
mod push;
mod real;
mod scope;
mod shape;
mod sums;
mod tape;
mod tensor;
pub mod transform;
mod var;
mod view;

pub use cursor::offsets;
pub use dual::Dual;
pub use error::{Error, Mismatch};
pub use gradients::Gradients;
pub use layout::{Layout, check_axis};
pub use op::{Frame, InputGrads, Inputs, Op, exactly};
pub use ops::{Axes, keep};
pub use params::{ParamId, Params, StateId};
pub use profile::{Line, Profile};
pub use program::Program;
pub use real::Real;
pub use scope::Scope;
pub use shape::Shape;
pub use tape::{Mode, Recording, Tape};
pub use tensor::Tensor;
pub use var::Var;
pub use view::{View, ViewMut, accumulate, for_each_block};
