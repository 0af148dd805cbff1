//! Residual layers.

use std::sync::Arc;

use autodiff::{ParamId, Real, Scope, Var};
use nn::{Initial, Module};

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, Made, Site};
use crate::layer::{Layer, LayerTrace, Nonlinear};

inventory::submit!(AxisEntry::new::<Residual>());

#[derive(Clone, Copy, PartialEq)]
enum Residual {
    Off,
    /// The branch is multiplied by 1.
    On,
    /// By 1/√depth.
    Scaled,
    /// By a number that is learned, 0 at first (Bachlechner 2021).
    ReZero,
    /// Two layers a branch, initialized without a normalization in mind (Zhang 2019).
    Fixup,
}

impl Axis for Residual {
    const NAME: &'static str = "residual";
    const COLUMN: u32 = 2;
    const HELP: &'static str = "Residual layers h + α W φ(norm(h)): off, on (α = 1), scaled (1/√depth), rezero (α learned, 0 at first), \
                                fixup.";
    const DEFAULT: &'static str = "off";
    const EXAMPLES: &'static str = "off,on,scaled,rezero,fixup";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        use Residual::{Fixup, Off, On, ReZero, Scaled};
        one_of(value, &[("off", Off), ("on", On), ("scaled", Scaled), ("rezero", ReZero), ("fixup", Fixup)])
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        let kind = *self;
        if kind == Residual::Off {
            return;
        }
        blueprint.residual = true;
        if kind == Residual::Fixup {
            blueprint.checks.push(|blueprint| match blueprint.norm {
                Some(_) => Err("--residual fixup replaces normalization: --norm must be none".into()),
                None => Ok(()),
            });
        }
        blueprint.known.branch = Some(if matches!(kind, Residual::On | Residual::Scaled) { 1.0 } else { 0.0 });
        if kind == Residual::Scaled {
            // The depth is known when all axes have been applied.
            blueprint.adjustments.push(Box::new(|blueprint| {
                blueprint.known.branch = Some(1.0 / (blueprint.depth as f64).sqrt());
            }));
        }
        blueprint.layer = match kind {
            Residual::Fixup => Arc::new(|scope, blueprint, site| Box::new(FixupLayer::new(scope, blueprint, site))),
            _ => Arc::new(move |scope, blueprint, site| {
                Box::new(ResidualLayer::new(scope, blueprint, site, kind == Residual::ReZero))
            }),
        };
    }
}

/// `h + α · W φ(norm(h))`; δ is taken at its output.
struct ResidualLayer<T: Real> {
    nonlinear: Nonlinear<T>,
    affine: Made<T>,
    scale: f64,
    learned: Option<ParamId>,
}

impl<T: Real> ResidualLayer<T> {
    fn new(mut scope: Scope<'_, T>, blueprint: &Blueprint<T>, site: Site, learned: bool) -> Self {
        let learned = learned.then(|| scope.parameter("scale", [1], |_, _| {}));
        let (weight, bias) = (blueprint.weights.weight(), blueprint.weights.bias());
        let nonlinear = Nonlinear::new(&mut scope, blueprint);
        let scale = blueprint.known.branch.filter(|_| learned.is_none()).unwrap_or(1.0);
        ResidualLayer { nonlinear, affine: (blueprint.affine)(scope, site, weight, bias), scale, learned }
    }
}

impl<T: Real> Layer<T> for ResidualLayer<T> {
    fn trace<'t>(&self, x: Var<'t, T>) -> LayerTrace<'t, T> {
        let (u, activated) = self.nonlinear.trace(x);
        let branch = self.affine.forward(activated);
        let branch = if self.scale == 1.0 { branch } else { branch * self.scale };
        let branch = self.learned.map_or(branch, |scale| branch * x.recording().param(scale));
        let h = x + branch;
        LayerTrace { z: h, u: Some(u), h }
    }
}

/// `h + s · (W₂ φ(W₁ φ(h + b₁) + b₂) + b₃)`, biases and multiplier being numbers, W₁ drawn with 1/√depth of the deviation and W₂ 0;
/// δ is taken at its output.
struct FixupLayer<T: Real> {
    nonlinear: Nonlinear<T>,
    affine: [Made<T>; 2],
    biases: [ParamId; 3],
    multiplier: ParamId,
}

impl<T: Real> FixupLayer<T> {
    fn new(mut scope: Scope<'_, T>, blueprint: &Blueprint<T>, site: Site) -> Self {
        let mut number = |name: &str, value: f64| scope.parameter(name, [1], |values, _| values.fill(value));
        let biases = ["bias1", "bias2", "bias3"].map(|name| number(name, 0.0));
        let multiplier = number("multiplier", 1.0);
        let nonlinear = Nonlinear::new(&mut scope, blueprint);
        let zero = Initial::Constant(0.0);
        let first = blueprint.weights.scaled(1.0 / (blueprint.depth as f64).sqrt());
        let first = (blueprint.affine)(scope.child("first"), site, first, zero);
        let second = (blueprint.affine)(scope.child("second"), site, zero, zero);
        FixupLayer { nonlinear, affine: [first, second], biases, multiplier }
    }
}

impl<T: Real> Layer<T> for FixupLayer<T> {
    fn trace<'t>(&self, x: Var<'t, T>) -> LayerTrace<'t, T> {
        let [b1, b2, b3] = self.biases.map(|bias| x.recording().param(bias));
        let [first, second] = &self.affine;
        let (u, activated) = self.nonlinear.trace(x + b1);
        let (_, activated) = self.nonlinear.trace(first.forward(activated) + b2);
        let branch = second.forward(activated) + b3;
        let h = x + branch * x.recording().param(self.multiplier);
        LayerTrace { z: h, u: Some(u), h }
    }
}
