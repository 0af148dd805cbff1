//! Neural networks on an [`autodiff`] tape: layers, models, initializers, losses, metrics, data and files.
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
//! let (mut tape, mut grads) = (Tape::new(), params.gradients());
//! for (images, labels) in train.batches(64, 0)? {
//!     let t = tape.start(&params, Mode::Train);
//!     let loss = cross_entropy(model.forward(t.input(&images)), t.input(&labels));
//!     loss.backward(&mut grads)?;
//!     // Here an optimizer steps: see the crate `optim`.
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`Module`] describes a computation. It holds [`autodiff::ParamId`]s; the numbers are in [`autodiff::Params`], and the mode and
//! the random numbers belong to the recording. Tuples and vectors of modules run in order.
//!
//! | where | what |
//! |---|---|
//! | crate root | layers, also for sequences, activations, models, [`Initial`] |
//! | [`functional`] | the functions of layers, with weights as values |
//! | [`loss`], [`metrics`] | losses on the tape, measures without gradients |
//! | [`data`] | data sets, batches, readers of file formats |
//! | [`io`] | weights as safetensors, files replaced whole |
//! | [`ensemble`] | bagging, boosting, Monte-Carlo dropout |
//!
//! # Features
//! None is on by default.
//!
//! - `npz`: archives of numpy arrays, `data::npz`.
//! - `whitening`: whitening batch normalization, `WhitenNorm`, which needs an eigen-decomposition.

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

pub use initializers::{Distribution, Fan, Initial, lsuv};
pub use layers::*;
pub use models::{ResNet, ResNetSettings};
pub use module::Module;
pub use summary::summary;
