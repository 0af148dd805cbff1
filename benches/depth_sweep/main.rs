//! `depth-sweep`: measures how gradients vanish or explode with depth, at initialization and after training.
//!
//! [`types`] has the shared types. [`options`] reads the command line, [`mod@sweep`] runs one network for each activation, depth and seed in parallel,
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
mod types;
mod weights;

use std::io::{self, Write};
use std::process::ExitCode;

use options::Options;
use sweep::sweep;
use types::{Dtype, Failure, Summary};

fn main() -> ExitCode {
    let result = match Options::read() {
        Err(shown) if !shown.use_stderr() => shown.print().map_err(Failure::Print),
        Err(wrong) => Err(Failure::Option(options::in_one_line(&wrong))),
        Ok(options) => run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of the table closed the pipe; the files are written already.
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
    let summaries: Vec<_> = outcomes.chunks(options.seeds).filter_map(Summary::from_outcomes).collect();
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
