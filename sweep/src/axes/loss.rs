//! The loss.

use autodiff::{Real, Var};
use nn::loss::{cross_entropy, multiclass_hinge, squared};

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<LossAxis>());

#[derive(Clone, Copy)]
enum LossAxis {
    Log,
    Squared,
    Hinge,
}

impl Axis for LossAxis {
    const NAME: &'static str = "loss";
    const COLUMN: u32 = 30;
    const HELP: &'static str = "Loss: log (softmax cross-entropy), squared (to one-hot labels) or hinge (Crammer and Singer).";
    const DEFAULT: &'static str = "log";
    const EXAMPLES: &'static str = "log,squared,hinge";

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &[("log", LossAxis::Log), ("squared", LossAxis::Squared), ("hinge", LossAxis::Hinge)])
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.loss = match self {
            LossAxis::Log => cross_entropy,
            LossAxis::Squared => squared_to_one_hot,
            LossAxis::Hinge => multiclass_hinge,
        };
    }
}

fn squared_to_one_hot<'t, T: Real>(logits: Var<'t, T>, labels: Var<'t, T>) -> Var<'t, T> {
    let Ok([_, classes]) = logits.dims::<2>() else { return logits };
    squared(logits, labels.one_hot(classes))
}
