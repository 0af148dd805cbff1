//! Optimizers that step the flat [`autodiff::Params`] along their flat [`autodiff::Gradients`].
//!
//! ```
//! use autodiff::{Mode, Params, Tape};
//! use optim::Sgd;
//!
//! let mut params = Params::<f64>::new(0);
//! let w = params.scope("w").parameter("value", [2], |values, _| values.copy_from_slice(&[5.0, -3.0]));
//! let mut sgd = Sgd::new(0.1).momentum(0.5).nesterov();
//! let (mut tape, mut grads) = (Tape::new(), params.gradients());
//! for _ in 0..50 {
//!     tape.start(&params, Mode::Train).param(w).square().sum(..).backward(&mut grads)?;
//!     sgd.step(&mut params, &grads)?;
//! }
//! assert!(params.flat().iter().all(|w| w.abs() < 1e-6));
//! # Ok::<(), autodiff::Error>(())
//! ```
//!
//! An [`Optimizer`] is a chain of three kinds of parts, each of which is a public trait:
//!
//! | part | trait | implementations |
//! |---|---|---|
//! | changes the gradient before the update rule | [`GradientTransform`] | [`Penalty`], [`ClipValue`], [`ClipNorm`], [`ClipEach`] |
//! | turns the gradient into the direction of the step | [`Rule`] | [`SgdRule`], [`AdamRule`], [`RmsPropRule`], [`AdaGradRule`], [`LionRule`], [`MuonRule`] |
//! | changes the parameters after the step | [`Projection`] | [`Decay`], [`Proximal`], [`MaxNorm`] |
//!
//! [`Sgd`], [`Adam`], [`RmsProp`], [`AdaGrad`], [`Lion`] and [`Muon`] are optimizers of one rule each, with a method for each of the
//! other parts:
//!
//! ```
//! use optim::{Adam, ParamFilter, ParamGroup};
//!
//! let adam_w = Adam::<f32>::new(1e-3)
//!     .clip_norm(1.0)
//!     .decay(1e-2, ParamFilter::except("*bias"))
//!     .group("encoder.*", ParamGroup::rate_factor(0.1));
//! ```
//!
//! Others evaluate the loss themselves, by a closure that fills the gradients:
//!
//! | what | for |
//! |---|---|
//! | [`Sam`] | a step of any [`Optimizer`] along the gradient at a point nearby where the loss is high, which seeks flat minima |
//! | [`Lbfgs`] | losses without noise, to many digits: small models and whole data sets |
//! | [`minimize()`] | a function of a tensor, by L-BFGS |

mod early_stopping;
mod ema;
mod find_rate;
mod gradient_table;
mod lbfgs;
mod minimize;
mod moved;
mod norm;
mod optimizer;
mod param_filter;
mod plateau;
mod projections;
mod rules;
mod sam;
mod schedule;
mod settings;
mod transforms;

pub use early_stopping::{EarlyStopping, StoppingStatus};
pub use ema::Ema;
pub use find_rate::find_rate;
pub use gradient_table::{GradientRow, GradientTable, gradient_table};
pub use lbfgs::{Descent, Ended, Lbfgs};
pub use minimize::{Minimum, minimize};
pub use optimizer::{Optimizer, ParamGroup};
pub use param_filter::ParamFilter;
pub use plateau::Plateau;
pub use projections::{Decay, MaxNorm, Projection, Proximal};
pub use rules::{
    AdaGrad, AdaGradRule, Adam, AdamRule, Lion, LionRule, Muon, MuonRule, MuonScale, RmsProp, RmsPropRule, Rule, Sgd,
    SgdRule,
};
pub use sam::Sam;
pub use schedule::Schedule;
pub use transforms::{
    ClipEach, ClipNorm, ClipValue, ElasticNet, GradientTransform, L1, L2, ParamGradient, Penalty, SelectedGradients,
};
