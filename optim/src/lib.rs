//! Optimizers: updates of flat [`autodiff::Params`] from flat [`autodiff::Gradients`].
//!
//! An [`Optimizer`] is a chain of small parts: changes of the gradient, in the order they are written, a [`Rule`] that makes
//! a direction of it, and what is done to the parameters behind the step.
//!
//! ```
//! use optim::{Adam, L2, Sgd};
//!
//! let plain = Sgd::<f32>::new(0.1).momentum(0.9).nesterov().regularize(L2(1e-4)).clip_norm(1.0);
//! let decayed = Adam::<f32>::new(1e-3).decay(1e-2, "*weight");
//! ```

mod average;
mod early_stopping;
mod find_rate;
mod names;
mod norm;
mod optimizer;
mod penalty;
mod plateau;
mod rules;
mod schedule;
mod settings;
mod table;

pub use average::Average;
pub use early_stopping::{EarlyStopping, Progress};
pub use find_rate::find_rate;
pub use names::Names;
pub use optimizer::{Group, Optimizer};
pub use penalty::{ElasticNet, L1, L2, Penalty};
pub use plateau::Plateau;
pub use rules::{AdaGrad, AdaGradRule, Adam, AdamRule, Momentum, RmsProp, RmsPropRule, Rule, Sgd};
pub use schedule::Schedule;
pub use table::{GradientRow, GradientTable, gradient_table};
