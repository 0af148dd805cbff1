//! Optimizers: updates of flat [`autodiff::Params`] from flat [`autodiff::Gradients`].

mod sgd;

pub use sgd::Sgd;
