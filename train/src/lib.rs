//! Training loops over `nn` models with `optim` optimizers: epochs, evaluation, early stopping, logs, and checkpoints from which a
//! run resumes with the same bits.
//!
//! ```
//! use autodiff::Params;
//! use nn::data::{Batches, Digits};
//! use nn::{Linear, Module, Tanh, loss::cross_entropy};
//! use optim::Sgd;
//! use train::{Trainer, TrainingState};
//!
//! let mut params = Params::<f32>::new(1);
//! let model = (Linear::new(params.scope("fc1"), 64, 32), Tanh, Linear::new(params.scope("fc2"), 32, 10));
//! let (train, test) = Digits::load()?.standardized().split(0.75, 0)?;
//! let mut state = TrainingState::new(params, Sgd::new(0.1).momentum(0.9));
//! let trainer = Trainer::new(2, Batches::new(64).shuffled(0)).quiet();
//! trainer.fit(&mut state, &train, |x, y| cross_entropy(model.forward(x), y), &mut ())?;
//! assert!(state.history()[1].loss < state.history()[0].loss);
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! - [`TrainingState`] holds everything that training changes, and is what a checkpoint saves.
//! - [`Trainer`] holds the settings of the loop, and runs it.
//! - A [`Callback`] evaluates the model after each epoch.
//!
//! `nn` and `optim` do not depend on each other; this crate depends on both. It uses their public interfaces only, so a loop of
//! your own can do all of the same.
//!
//! # Features
//!
//! - `tensorboard`: event files for TensorBoard.

mod agreement;
mod callback;
mod checkpoint;
mod checksum;
mod fit;
mod logs;
mod progress;
mod recorded;
mod state;
mod trainer;

pub use callback::Callback;
pub use state::{EpochReport, TrainingState};
pub use trainer::Trainer;
