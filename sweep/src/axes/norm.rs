//! The normalization of layers.

use std::sync::Arc;

use autodiff::{Real, Scope};
use nn::{BatchNorm, GroupNorm, LayerNorm, RmsNorm, WhitenNorm, Whitening};

use crate::axis::{Axis, AxisEntry, count};
use crate::blueprint::{Blueprint, Made};
use crate::theory;

inventory::submit!(AxisEntry::new::<Norm>());

#[derive(Clone, Copy)]
enum Norm {
    None,
    Batch,
    Layer,
    Rms,
    Group,
    /// Whitening of groups of this number of units.
    Whitening(Whitening, usize),
}

/// Units that are whitened together, unless another number is given.
const WHITENED: usize = 16;
/// Groups of group normalization, if the width divides into them.
const GROUPS: usize = 8;
/// Added to variances before whitening: groups of little more samples than units have eigenvalues near 0.
const WHITENING_EPSILON: f64 = 1e-3;

impl Axis for Norm {
    const NAME: &'static str = "norm";
    const COLUMN: u32 = 1;
    const HELP: &'static str = "Normalization: none, batch, layer, rms, group, zca, newton-schulz; zca:N and newton-schulz:N whiten \
                                groups of N units (16).";
    const DEFAULT: &'static str = "none";
    const EXAMPLES: &'static str = "none,batch,layer,rms,group,zca,zca:4,newton-schulz";
    const OF_LAYER: bool = true;

    fn parse(value: &str) -> Result<Self, String> {
        let (name, size) = value.split_once(':').unwrap_or((value, ""));
        let size = if size.is_empty() { Ok(WHITENED) } else { count(size, 1, 4096) };
        match (name, value.contains(':')) {
            ("none", false) => Ok(Norm::None),
            ("batch", false) => Ok(Norm::Batch),
            ("layer", false) => Ok(Norm::Layer),
            ("rms", false) => Ok(Norm::Rms),
            ("group", false) => Ok(Norm::Group),
            ("zca", _) => Ok(Norm::Whitening(Whitening::Zca, size?)),
            ("newton-schulz", _) => Ok(Norm::Whitening(Whitening::NewtonSchulz(5), size?)),
            _ => Err("must be one of none, batch, layer, rms, group, zca, zca:N, newton-schulz, newton-schulz:N".into()),
        }
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        let norm = *self;
        if let Norm::None = norm {
            return;
        }
        blueprint.norm = Some(Arc::new(move |scope: Scope<'_, T>, blueprint: &Blueprint<T>| norm.make(scope, blueprint)));
        if let Norm::Rms = norm {
            blueprint.checks.push(|blueprint| {
                if blueprint.images { Err("--norm rms: is for dense layers only, and --layer is conv".into()) } else { Ok(()) }
            });
        }
        // The batch is known when all axes have been applied.
        blueprint.adjustments.push(Box::new(move |blueprint| blueprint.known.norm = norm.known(blueprint)));
    }
}

impl Norm {
    /// What theory is told.
    fn known<T: Real>(self, blueprint: &Blueprint<T>) -> theory::Norm {
        let width = blueprint.width;
        match self {
            Norm::None => theory::Norm::None,
            Norm::Batch => theory::Norm::Batch { samples: blueprint.batch },
            Norm::Layer => theory::Norm::Layer,
            Norm::Rms => theory::Norm::Rms,
            Norm::Group => theory::Norm::Group { size: width / largest_divisor(width, GROUPS) },
            Norm::Whitening(Whitening::Zca, size) if size >= width => theory::Norm::Zca,
            // Of groups no theory is known either.
            Norm::Whitening(..) => theory::Norm::NewtonSchulz,
        }
    }

    fn make<T: Real>(self, scope: Scope<'_, T>, blueprint: &Blueprint<T>) -> Made<T> {
        let width = blueprint.width;
        match self {
            Norm::None => Box::new(()),
            Norm::Batch => Box::new(BatchNorm::new(scope, width)),
            // Over channels and positions of images.
            Norm::Layer if blueprint.images => Box::new(GroupNorm::new(scope, width, 1)),
            Norm::Layer => Box::new(LayerNorm::new(scope, [width])),
            Norm::Rms => Box::new(RmsNorm::new(scope, width)),
            Norm::Group => Box::new(GroupNorm::new(scope, width, largest_divisor(width, GROUPS))),
            Norm::Whitening(how, size) => {
                let groups = width / largest_divisor(width, size);
                Box::new(WhitenNorm::grouped(scope, width, groups, how).epsilon(WHITENING_EPSILON))
            }
        }
    }
}

/// The largest divisor of `width` that is at most `most`.
fn largest_divisor(width: usize, most: usize) -> usize {
    (1..=most.min(width)).rev().find(|divisor| width.is_multiple_of(*divisor)).unwrap_or(1)
}
