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

mod activations;
mod caller;
mod convolution;
pub mod data;
mod dropout;
pub mod ensemble;
pub mod file;
mod initializers;
mod label;
mod linear;
pub mod loss;
mod memory;
pub mod metrics;
mod module;
mod normalization;
mod refusal;
mod residual;
mod resnet;
mod settings;
pub mod state;
mod weight;

pub use activations::*;
pub use convolution::*;
pub use dropout::Dropout;
pub use initializers::{Draw, Fan, Initial, gain, lsuv};
pub use linear::Linear;
pub use module::Module;
pub use normalization::*;
pub use residual::Residual;
pub use resnet::{ResNet, ResNetSettings};
pub use weight::Weight;
