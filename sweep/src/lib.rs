//! Depth sweeps: how gradients fare from the top layer to the bottom, measured and predicted.

mod axis;
mod blueprint;
mod configuration;
mod data;
mod error;
mod journal;
mod label;
mod layer;
mod measure;
mod memory;
mod network;
mod output;
mod phase;
mod prediction;
mod presets;
pub mod report;
pub mod results;
mod run;
mod settings;
mod stepper;
mod stop;
mod summary;
mod sweep;
mod tables;
pub mod theory;
mod training;

/// A file for each axis; the folder is the list.
mod axes {
    automod::dir!("src/axes");
}

pub use axis::{AxisEntry, axes};
pub use error::Error;
pub use measure::Spectrum;
pub use settings::{Group, Lists, Settings};
pub use stop::Stop;

use std::sync::Arc;

use autodiff::Scope;
use nn::Module;

/// Sweeps layers of your own: `layer` makes one from its scope, the number of layers and the width. Each maps
/// `[samples, width]` to the same; δ is taken at its output. Axes that say what a layer of ours is have no effect.
///
/// # Errors
/// Those of [`Settings::run`], and mistakes of the layer.
pub fn run<M: Module<f32> + 'static>(
    settings: &Settings,
    layer: impl Fn(Scope<'_, f32>, usize, usize) -> M + Send + Sync + 'static,
) -> Result<results::Results, Error> {
    let make: blueprint::MakeLayer<f32> = Arc::new(move |scope, blueprint, _| {
        Box::new(layer::CustomLayer(Box::new(layer(scope, blueprint.depth, blueprint.width))))
    });
    sweep::sweep(settings, Some(&make))
}
