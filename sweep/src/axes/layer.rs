//! The linear part of layers: dense or a convolution.

use std::sync::Arc;

use autodiff::{Real, Scope};
use nn::{Conv2d, ConvSettings, Initial, Padding};

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, Made, Site};

inventory::submit!(AxisEntry::new::<LayerAxis>());

#[derive(Clone, Copy)]
enum LayerAxis {
    Dense,
    /// Of 3×3, with this padding.
    Convolution(Padding<2>),
}

impl Axis for LayerAxis {
    const NAME: &'static str = "layer";
    const COLUMN: u32 = 20;
    const HELP: &'static str = "Layers: dense, conv (3×3, circular padding, as theory supposes) or conv-zero (zero padding).";
    const DEFAULT: &'static str = "dense";
    const EXAMPLES: &'static str = "dense,conv,conv-zero";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        let circular = LayerAxis::Convolution(Padding::Circular([1, 1]));
        let zeros = LayerAxis::Convolution(Padding::Zeros([1, 1]));
        one_of(value, &[("dense", LayerAxis::Dense), ("conv", circular), ("conv-zero", zeros)])
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        let LayerAxis::Convolution(padding) = *self else { return };
        blueprint.images = true;
        if matches!(padding, Padding::Zeros(_)) {
            blueprint.known.unknown = Some("no theory of zero padding");
        }
        blueprint.affine = Arc::new(move |scope: Scope<'_, T>, site: Site, weight: Initial, bias: Initial| -> Made<T> {
            let settings = ConvSettings { padding, ..ConvSettings::default() };
            Box::new(Conv2d::with_initializers(scope, site.inputs, site.outputs, [3, 3], settings, weight, Some(bias)))
        });
    }
}
