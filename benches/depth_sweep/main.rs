//! `depth-sweep`: the command line of the crate `sweep`.

mod options;

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use sweep::results::Results;
use sweep::{Error, Settings, Stop, report};

use options::{Merge, Sweeps};

/// The status of a program that a signal ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let sweeps = match options::read() {
        Err(shown) if !shown.use_stderr() => return printed(shown.print()),
        Err(wrong) => return failed(&options::in_one_line(&wrong), 2),
        Ok(options::Task::Print(text)) => return printed(io::stdout().write_all(text.as_bytes())),
        Ok(options::Task::Merge(parts)) => return ended(merged(&parts)),
        Ok(options::Task::Sweep(sweeps)) => sweeps,
    };
    let stop = Stop::default();
    let handled = stop.clone();
    if let Err(error) = ctrlc::set_handler(move || handled.stop()) {
        return failed(&format!("Ctrl-C cannot be handled: {error}"), 1);
    }
    let result = run(sweeps, &stop);
    if result.is_ok() && stop.is_stopped() { ExitCode::from(INTERRUPTED) } else { ended(result) }
}

fn ended(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Print(error)) => printed(Err(error)),
        Err(Failure::Sweep(Error::Stopped)) => failed("stopped before a run was finished", INTERRUPTED),
        Err(Failure::Sweep(error @ Error::Setting(_))) => failed(&error.to_string(), 2),
        Err(Failure::Sweep(error)) => failed(&error.to_string(), 1),
    }
}

/// Why the program failed.
enum Failure {
    Sweep(Error),
    Print(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Sweep(error)
    }
}

/// Runs one sweep after the other; several have a report together.
fn run(sweeps: Sweeps, stop: &Stop) -> Result<(), Failure> {
    let mut pages = Vec::new();
    for settings in sweeps.each {
        let settings = Settings { stop: stop.clone(), ..settings };
        let results = settings.run()?;
        show(&settings.out, &results).map_err(Failure::Print)?;
        pages.push(results);
        if stop.is_stopped() {
            break;
        }
    }
    if let Some(path) = sweeps.together {
        sweep::write_report(&path, &pages.iter().collect::<Vec<_>>())?;
        writeln!(io::stdout(), "All of them: {}", path.display()).map_err(Failure::Print)?;
    }
    Ok(())
}

/// Joins the parts of a sweep.
fn merged(Merge { folders, out, restart }: &Merge) -> Result<(), Failure> {
    let results = sweep::merge(folders, out, *restart)?;
    show(out, &results).map_err(Failure::Print)
}

/// The columns that the table fits where the terminal does not say how many it has.
const COLUMNS: u16 = 100;

/// Prints the table.
fn show(folder: &Path, results: &Results) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let color = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    if !results.title.is_empty() {
        writeln!(out, "{}", results.title)?;
    }
    writeln!(out, "{}", report::terminal(results, COLUMNS, color))?;
    if results.finished < results.runs {
        writeln!(out, "{} of {} runs are finished; --resume continues.", results.finished, results.runs)?;
    }
    writeln!(out, "Report: {}", folder.join("report.html").display())
}

fn printed(result: io::Result<()>) -> ExitCode {
    match result {
        // The reader closed the pipe; the files are written already.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => failed(&format!("standard output: {error}"), 1),
        _ => ExitCode::SUCCESS,
    }
}

fn failed(message: &str, status: u8) -> ExitCode {
    eprintln!("error: {message}");
    ExitCode::from(status)
}
