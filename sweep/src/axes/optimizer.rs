//! The optimizer.

use autodiff::Real;
use optim::{AdaGrad, Adam, RmsProp, Sgd};

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, MakeOptimizer};
use crate::stepper::complete;

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
        let known = [
            ("sgd", Optimizer::Sgd),
            ("momentum", Optimizer::Momentum),
            ("nesterov", Optimizer::Nesterov),
            ("adam", Optimizer::Adam),
            ("adamw", Optimizer::AdamW),
            ("rmsprop", Optimizer::RmsProp),
            ("adagrad", Optimizer::AdaGrad),
        ];
        one_of(value, &known)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        let (make, adaptive): (MakeOptimizer<T>, bool) = match self {
            Optimizer::Sgd => (|b| complete(Sgd::new(b.rate), b), false),
            Optimizer::Momentum => (|b| complete(Sgd::new(b.rate).momentum(0.9), b), false),
            Optimizer::Nesterov => (|b| complete(Sgd::new(b.rate).momentum(0.9).nesterov(), b), false),
            Optimizer::Adam => (|b| complete(Adam::new(b.rate), b), true),
            Optimizer::AdamW => (|b| complete(Adam::new(b.rate).decay(1e-2, "*.weight"), b), true),
            Optimizer::RmsProp => (|b| complete(RmsProp::new(b.rate), b), true),
            Optimizer::AdaGrad => (|b| complete(AdaGrad::new(b.rate), b), true),
        };
        (blueprint.optimizer, blueprint.adaptive) = (make, adaptive);
    }
}
