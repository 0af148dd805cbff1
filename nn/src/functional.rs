//! The functions of layers, with weights given as values, as in `torch.nn.functional`.
//!
//! A layer registers parameters and records one of these. Use the function where the weight is not a parameter of its own:
//! shared, computed by another network, or an input.
//!
//! ```
//! use autodiff::{Mode, Params, Tape};
//! use nn::functional::linear;
//!
//! let params = Params::<f32>::default();
//! let mut tape = Tape::new();
//! let t = tape.start(&params, Mode::Train);
//! let (x, weight) = (t.input(&[[1.0, 2.0]].into()), t.variable(&[[3.0, 4.0]].into()));
//! assert_eq!(linear(x, weight, None).value()?, [[11.0]].into());
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! Elementwise functions are methods of [`Var`](autodiff::Var); losses are in [`crate::loss`].

pub use crate::layers::functional::*;
