//! Training loops: epochs, evaluation, logs, checkpoints, and resumption that gives the same bits.
//!
//! `nn` and `optim` do not know each other; this crate knows both. A loop of one's own needs none of it: everything here is
//! made of their public parts.
//!
//! ```
//! use autodiff::Params;
//! use nn::data::{Batches, Digits};
//! use nn::{Linear, Module, Tanh, loss::cross_entropy};
//! use optim::Sgd;
//! use train::{Run, Trainer};
//!
//! let mut params = Params::<f32>::new(1);
//! let model = (Linear::new(params.scope("fc1"), 64, 32), Tanh, Linear::new(params.scope("fc2"), 32, 10));
//! let (train, test) = Digits::load()?.standardized().split(0.75, 0)?;
//! let mut run = Run::new(params, Sgd::new(0.1).momentum(0.9));
//! let trainer = Trainer::new(2, Batches::new(64).shuffled(0)).quiet();
//! trainer.fit(&mut run, &train, |x, y| cross_entropy(model.forward(x), y), &mut ())?;
//! assert!(run.history()[1].loss < run.history()[0].loss);
//! # Ok::<(), autodiff::Error>(())
//! ```

mod checkpoint;
mod logs;
mod progress;
mod run;
mod step;
mod trainer;
mod watch;

pub use run::{Epoch, Run};
pub use trainer::Trainer;
pub use watch::Watch;
