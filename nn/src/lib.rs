//! Neural networks on an [`autodiff`] tape: modules, initializers, losses, metrics and data.
//!
//! A [`Module`] is a description that holds [`autodiff::ParamId`]s; the numbers live in [`autodiff::Params`], mode and
//! randomness on the recording. Tuples and vectors of modules run one after the other:
//!
//! ```
//! use autodiff::{Mode, Params, Tape};
//! use nn::data::Digits;
//! use nn::loss::cross_entropy;
//! use nn::{Linear, Module, Tanh};
//!
//! let mut params = Params::<f32>::new(1);
//! let model = (Linear::new(params.scope("fc1"), 64, 32), Tanh, Linear::new(params.scope("fc2"), 32, 10));
//! let (train, _test) = Digits::load()?.standardized().split(0.75, 0)?;
//! let mut tape = Tape::new();
//! let mut grads = params.gradients();
//! for (images, labels) in train.batches(64, 0)? {
//!     let t = tape.start(&params, Mode::Train);
//!     let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
//!     loss.backward(&mut grads)?;
//!     // An optimizer's turn: `optim::Sgd`.
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod caller;
pub mod data;
pub mod ensemble;
pub mod functional;
mod initializers;
mod invalid;
pub mod io;
mod label;
mod layers;
pub mod loss;
mod memory;
pub mod metrics;
mod models;
mod module;
mod settings;
mod summary;

pub use initializers::{Draw, Fan, Initial, lsuv};
pub use layers::*;
pub use models::{ResNet, ResNetSettings};
pub use module::Module;
pub use summary::summary;
