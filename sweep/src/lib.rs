//! Depth sweeps: how gradients fare from the top layer to the bottom, measured and predicted.
//!
//! [`Settings`] list values for [`axes`]: depths, activations, normalizations, learning rates. Their product is run, measured at
//! initialization and after training, set beside what mean-field theory says, and written to a folder as tables, pictures and a
//! report:
//!
//! ```
//! use sweep::Settings;
//!
//! let folder = std::env::temp_dir().join("sweep-front-page");
//! let settings = Settings::default().with("depth", "2,16")?.with("activation", "sigmoid,relu")?.with("steps", "0")?;
//! let results = settings.out(&folder).run()?;
//! let shrink: Vec<f64> = results.summaries.iter().map(|summary| summary.init.shrink).collect();
//! assert!(shrink[1] < 1e-8, "the gradient vanishes in 16 layers of sigmoids");
//! assert!(shrink[3] > 0.5, "and does not in 16 layers of rectifiers");
//! # std::fs::remove_dir_all(folder).ok();
//! # Ok::<(), sweep::Error>(())
//! ```
//!
//! [`Settings::preset`] has sweeps that reproduce what is known; [`run`] sweeps layers of your own. The program `depth-sweep`
//! is the command line of this crate.
//!
//! | what | where |
//! |---|---|
//! | an axis: its name, its values, what they change | a file in `axes/`; nothing else knows of it |
//! | what a network is and how it is trained, as axes leave it | `blueprint` |
//! | the network, its training, what is measured of it | `network`, `layer`, `training`, `measure/`, `run` |
//! | what theory says | [`theory`], `prediction`, `phase` |
//! | all runs, in parallel, on disk as they finish | `sweep`, `journal`, `memory` |
//! | parts of a sweep on several machines, joined; runs for several processes | `shard`, `merge`, `queue` |
//! | what was found, and how it is shown | [`results`], [`report`], `tables`, `output` |

mod axis;
mod blueprint;
mod configuration;
mod data;
mod error;
mod journal;
mod label;
mod layer;
mod lists;
mod measure;
mod memory;
mod merge;
mod network;
mod output;
mod phase;
mod prediction;
mod presets;
mod queue;
mod reason;
pub mod report;
pub mod results;
mod run;
mod settings;
mod shard;
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
pub use lists::Lists;
pub use measure::Spectrum;
pub use merge::merge;
pub use output::write_report;
pub use queue::{Queue, Run};
pub use settings::{Group, Settings};
pub use shard::Shard;
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
