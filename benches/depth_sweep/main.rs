//! `depth-sweep`: how the gradient fares in networks of growing depth, at initialization and after training.
//!
//! [`options`] reads the command line, [`mod@sweep`] runs one network for each activation, depth and seed in parallel,
//! [`summary`] takes means over seeds, [`report`], [`files`] and [`plot`] show them.

mod data;
mod files;
mod measure;
mod memory;
mod network;
mod options;
mod plot;
mod probe;
mod report;
mod run;
mod summary;
mod sweep;
mod weights;

use std::io::{self, Write};
use std::process::ExitCode;

use options::{Dtype, Options};
use summary::Summary;
use sweep::sweep;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// The user asked for something that cannot be.
    #[error("{0}")]
    Option(String),
    #[error("{0}")]
    Computation(#[from] autodiff::Error),
    #[error("gradients.csv, summary.csv: {0}")]
    Table(#[from] csv::Error),
    #[error("gradients.svg: {0}")]
    Plot(Box<dyn std::error::Error>),
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    #[error("standard output: {0}")]
    Print(#[from] io::Error),
}

fn main() -> ExitCode {
    let result = match Options::read() {
        Err(shown) if !shown.use_stderr() => shown.print().map_err(Failure::Print),
        Err(wrong) => Err(Failure::Option(options::in_one_line(&wrong))),
        Ok(options) => run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the table has seen enough; the files are written by then.
        Err(Failure::Print(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::from(if matches!(failure, Failure::Option(_)) { 2 } else { 1 })
        }
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let outcomes = match options.dtype {
        Dtype::F32 => sweep::<f32>(options)?,
        Dtype::F64 => sweep::<f64>(options)?,
    };
    let summaries: Vec<_> = outcomes.chunks(options.seeds).filter_map(Summary::of).collect();
    let gradients = files::gradients(options, &outcomes)?;
    let summary = files::summary(options, &summaries)?;
    let picture = plot::gradients(options, &summaries).map_err(Failure::Plot)?;
    let named: [(&str, &[u8]); 3] =
        [("gradients.csv", &gradients), ("summary.csv", &summary), ("gradients.svg", picture.as_bytes())];
    files::write(&options.out, named)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", report::table(options, &summaries))?;
    let folder = options.out.display();
    writeln!(out, "Written to {folder}: {}.", named.map(|(name, _)| name).join(", "))?;
    Ok(())
}
