//! The optimizer.

use autodiff::Real;
use optim::{AdaGrad, Adam, Lion, Muon, MuonScale, ParamGroup, RmsProp, Sgd};

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
    Lion,
    Muon,
}

impl Axis for Optimizer {
    const NAME: &'static str = "optimizer";
    const COLUMN: u32 = 26;
    const HELP: &'static str = "Optimizer: sgd, momentum (0.9), nesterov, adam, adamw, rmsprop, adagrad, lion or muon (hidden layers; Adam \
                                for the readout, biases and norms; at the rates of Adam).";
    const DEFAULT: &'static str = "momentum";
    const EXAMPLES: &'static str = "sgd,momentum,nesterov,adam,adamw,rmsprop,adagrad,lion,muon";

    fn parse(value: &str) -> Result<Self, String> {
        let known = [
            ("sgd", Optimizer::Sgd),
            ("momentum", Optimizer::Momentum),
            ("nesterov", Optimizer::Nesterov),
            ("adam", Optimizer::Adam),
            ("adamw", Optimizer::AdamW),
            ("rmsprop", Optimizer::RmsProp),
            ("adagrad", Optimizer::AdaGrad),
            ("lion", Optimizer::Lion),
            ("muon", Optimizer::Muon),
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
            Optimizer::Lion => (|b| complete(Lion::new(b.rate), b), true),
            Optimizer::Muon => {
                blueprint.checks.push(|blueprint| {
                    let is_standard = blueprint.rate_factors.is_empty();
                    if is_standard { Ok(()) } else { Err("--optimizer muon: --parametrization must be standard".into()) }
                });
                (|b| complete(muon(b), b), true)
            }
        };
        (blueprint.optimizer, blueprint.adaptive) = (make, adaptive);
    }
}

/// Muon at the rates of Adam. It is for hidden layers: the readout is Adam's.
fn muon<T: Real>(blueprint: &Blueprint<T>) -> Muon<T> {
    let muon = Muon::new(blueprint.rate).scale(MuonScale::MatchRms);
    if blueprint.head { muon.group("readout.*", ParamGroup::default().entrywise()) } else { muon }
}
