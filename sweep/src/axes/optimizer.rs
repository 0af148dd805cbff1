//! The optimizer.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::Blueprint;
use crate::stepper;

inventory::submit!(AxisEntry::new::<Optimizer>());

#[derive(Clone, Copy)]
enum Optimizer {
    Sgd,
    Momentum,
    Nesterov,
    Adam,
    AdamW,
    RmsProp,
    AdaGrad,
}

impl Axis for Optimizer {
    const NAME: &'static str = "optimizer";
    const COLUMN: u32 = 26;
    const HELP: &'static str = "Optimizer: sgd, momentum (0.9), nesterov, adam, adamw, rmsprop or adagrad.";
    const DEFAULT: &'static str = "momentum";
    const EXAMPLES: &'static str = "sgd,momentum,nesterov,adam,adamw,rmsprop,adagrad";

    fn parse(value: &str) -> Result<Self, String> {
        use Optimizer::{AdaGrad, Adam, AdamW, Momentum, Nesterov, RmsProp, Sgd};
        let known = [
            ("sgd", Sgd),
            ("momentum", Momentum),
            ("nesterov", Nesterov),
            ("adam", Adam),
            ("adamw", AdamW),
            ("rmsprop", RmsProp),
            ("adagrad", AdaGrad),
        ];
        one_of(value, &known)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        let (make, adaptive): (crate::blueprint::MakeOptimizer<T>, bool) = match self {
            Optimizer::Sgd => (stepper::sgd, false),
            Optimizer::Momentum => (stepper::momentum, false),
            Optimizer::Nesterov => (stepper::nesterov, false),
            Optimizer::Adam => (stepper::adam, true),
            Optimizer::AdamW => (stepper::adam_w, true),
            Optimizer::RmsProp => (stepper::rms_prop, true),
            Optimizer::AdaGrad => (stepper::ada_grad, true),
        };
        (blueprint.optimizer, blueprint.adaptive) = (make, adaptive);
    }
}
