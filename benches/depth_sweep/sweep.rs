//! Runs all networks of a sweep: one for each activation, depth and seed.

use autodiff::Real;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::data::Data;
use crate::options::Options;
use crate::run::run;
use crate::types::{Configuration, Failure, Outcome};
use crate::{files, memory};

/// The outcomes, ordered by activation, depth and seed. Networks run in parallel and share no mutable data, so results do not
/// depend on the number of threads.
pub(crate) fn sweep<T: Real>(options: &Options) -> Result<Vec<Outcome>, Failure> {
    files::check(&options.out).map_err(|error| {
        Failure::Option(format!("--out {}: no files can be written there: {error}", options.out.display()))
    })?;
    // Before threads are started, which need memory themselves.
    memory::check(options)?;
    let threads = threads(options)?;
    let data: Vec<Data<T>> =
        (0..options.seeds).map(|seed| Data::load(options, seed as u64)).collect::<Result<_, _>>()?;
    let configurations = configurations(options);
    let layers: usize = configurations.iter().map(|configuration| configuration.depth * options.seeds).sum();
    let progress = ProgressBar::new(layers as u64).with_style(style());
    let networks: Vec<_> = configurations
        .iter()
        .flat_map(|configuration| (0..).zip(&data).map(move |seed| (configuration, seed)))
        .collect();
    let outcomes = threads.install(|| {
        let networks = networks.into_par_iter().with_max_len(1);
        let outcomes = networks.map(|(configuration, (seed, data))| {
            let outcome = run(options, configuration.clone(), seed, data);
            progress.inc(configuration.depth as u64);
            outcome
        });
        outcomes.collect::<Result<_, _>>()
    })?;
    progress.finish_and_clear();
    Ok(outcomes)
}

/// The number of threads: that of the machine, limited by the memory for networks.
fn threads(options: &Options) -> Result<ThreadPool, Failure> {
    let all = ThreadPoolBuilder::new().build()?;
    match memory::networks_at_a_time(options, all.current_num_threads()) {
        fitting if fitting < all.current_num_threads() => Ok(ThreadPoolBuilder::new().num_threads(fitting).build()?),
        _ => Ok(all),
    }
}

fn configurations(options: &Options) -> Vec<Configuration> {
    let mut configurations = Vec::new();
    for &activation in &options.activations {
        let weights = options.weights(activation);
        let of_depth = |&depth| Configuration { activation, weights: weights.clone(), depth };
        configurations.extend(options.depths.iter().map(of_depth));
    }
    configurations
}

/// Shown only on a terminal; progress counts layers, because deep networks take longer.
fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} % of {len} layers, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
