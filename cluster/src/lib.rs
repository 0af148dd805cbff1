//! Training on the processes of MPI: the same bits for any number of them.
//!
//! A [`World`] is all processes that `mpiexec` has started. It is a [`ProcessGroup`](autodiff::ProcessGroup), so that
//! [`Trainer::fit_among`](train::Trainer::fit_among) divides the shards of each batch among them:
//!
//! ```no_run
//! use autodiff::Params;
//! use cluster::World;
//! use nn::data::{Batches, Digits};
//! use nn::{Linear, Module, Tanh, loss::cross_entropy};
//! use optim::Sgd;
//! use train::{Trainer, TrainingState};
//!
//! fn main() -> std::process::ExitCode {
//!     World::run(|world| {
//!         let mut params = Params::<f32>::new(1);
//!         let model = (Linear::new(params.scope("fc1"), 64, 32), Tanh, Linear::new(params.scope("fc2"), 32, 10));
//!         let (train, _) = Digits::load()?.standardized().split(0.75, 0)?;
//!         let mut state = TrainingState::new(params, Sgd::new(0.1).momentum(0.9));
//!         let trainer = Trainer::new(2, Batches::new(64).shuffled(0)).shards(4);
//!         trainer.fit_among(world, &mut state, &train, |x, y| cross_entropy(model.forward(x), y), &mut ())
//!     })
//! }
//! ```
//!
//! The program `cluster-sweep` runs the sweeps of `depth-sweep`: one process gives networks to the others.
//!
//! The number of shards is a setting of the run, as it is on one machine; processes and threads divide the shards. Each process has
//! the whole data and the whole model.

mod lengths;
mod tasks;
mod world;

pub use world::World;
