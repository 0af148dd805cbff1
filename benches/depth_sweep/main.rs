//! `depth-sweep`: the command line of the crate `sweep`.

mod options;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use sweep::results::Results;
use sweep::{Error, Settings, report};

/// The status of a program that a signal ended.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let settings = match options::read() {
        Err(shown) if !shown.use_stderr() => return printed(shown.print()),
        Err(wrong) => return failed(&options::in_one_line(&wrong), 2),
        Ok(options::Task::Print(text)) => return printed(io::stdout().write_all(text.as_bytes())),
        Ok(options::Task::Sweep(settings)) => settings,
    };
    let stop = settings.stop.clone();
    if let Err(error) = ctrlc::set_handler(move || stop.stop()) {
        return failed(&format!("Ctrl-C cannot be handled: {error}"), 1);
    }
    match settings.run() {
        Ok(results) => {
            let shown = printed(show(&settings, &results));
            if results.finished < results.runs { ExitCode::from(INTERRUPTED) } else { shown }
        }
        Err(Error::Stopped) => failed("stopped before a run was finished; nothing is written", INTERRUPTED),
        Err(error @ Error::Setting(_)) => failed(&error.to_string(), 2),
        Err(error) => failed(&error.to_string(), 1),
    }
}

/// The columns that the table fits where the terminal does not say how many it has.
const COLUMNS: u16 = 100;

/// Prints the table.
fn show(settings: &Settings, results: &Results) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let color = out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    writeln!(out, "{}", report::terminal(results, COLUMNS, color))?;
    if results.finished < results.runs {
        writeln!(out, "{} of {} runs are finished; --resume continues.", results.finished, results.runs)?;
    }
    writeln!(out, "Report: {}", settings.out.join("report.html").display())
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
