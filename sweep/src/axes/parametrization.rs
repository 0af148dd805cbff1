//! How initial weights and learning rates depend on width and depth.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::Blueprint;

inventory::submit!(AxisEntry::new::<Parametrization>());

/// The width and depth at which all parametrizations are the same.
const BASE: (f64, f64) = (64.0, 2.0);

#[derive(Clone, Copy)]
enum Parametrization {
    Standard,
    /// The maximal-update parametrization (Yang 2022).
    Mup,
    /// With residual branches scaled by 1/depth besides (Bordelon 2023; Dey 2025).
    CompleteP,
}

impl Axis for Parametrization {
    const NAME: &'static str = "parametrization";
    const COLUMN: u32 = 25;
    const HELP: &'static str = "Parametrization: standard, mup (maximal update, base width 64) or complete-p (also base depth 2; needs \
                                --residual on).";
    const DEFAULT: &'static str = "standard";
    const EXAMPLES: &'static str = "standard,mup";
    const WITH: &'static [(&'static str, &'static str)] = &[("optimizer", "momentum,adam")];

    fn parse(value: &str) -> Result<Self, String> {
        use Parametrization::{CompleteP, Mup, Standard};
        one_of(value, &[("standard", Standard), ("mup", Mup), ("complete-p", CompleteP)])
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        match self {
            Parametrization::Standard => {}
            Parametrization::Mup => blueprint.adjustments.push(Box::new(maximal_update)),
            Parametrization::CompleteP => {
                blueprint.adjustments.push(Box::new(maximal_update));
                blueprint.checks.push(|blueprint| {
                    let scaled = blueprint.known.branch.is_some_and(|scale| scale > 0.0);
                    if scaled { Ok(()) } else { Err("--parametrization complete-p: --residual must be on or scaled".into()) }
                });
                blueprint.adjustments.push(Box::new(|blueprint| {
                    let (_, depth) = BASE;
                    blueprint.known.branch = blueprint.known.branch.map(|scale| scale * depth / blueprint.depth as f64);
                }));
            }
        }
    }
}

/// Table 8 of Yang (2022), relative to the base width: the logits are multiplied by 1/width and the readout is drawn as at the
/// base width; Adam divides the rate of hidden matrices by the width, plain descent multiplies that of all others by it.
fn maximal_update<T: Real>(blueprint: &mut Blueprint<T>) {
    let relative = blueprint.width as f64 / BASE.0;
    // The readout's initial variance is 1/width, that of the base width 1/base.
    blueprint.head_gain = relative.sqrt();
    blueprint.head_scale = 1.0 / relative;
    // Of two factors for a parameter the last one counts. A plain network's first layer reads features, whose number is fixed.
    blueprint.rate_factors = match (blueprint.adaptive, blueprint.residual) {
        (true, true) => vec![("hidden*.weight", 1.0 / relative)],
        (true, false) => vec![("hidden*.weight", 1.0 / relative), ("hidden1.weight", 1.0)],
        (false, true) => vec![("*.bias", relative), ("readout.*", relative)],
        (false, false) => vec![("*.bias", relative), ("readout.*", relative), ("hidden1.*", relative)],
    };
    if blueprint.norm.is_some() {
        blueprint.rate_factors.push(("*.norm.weight", if blueprint.adaptive { 1.0 } else { relative }));
    }
}
