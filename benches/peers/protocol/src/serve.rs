//! The commands of the driver, one a line, and their answers.
//!
//! | command | answer |
//! |---|---|
//! | (the start) | `baseline KIB`, then `ready`, `unsupported REASON` or `failed REASON` |
//! | `steps COUNT` | `losses`, one for each step |
//! | `run SECONDS` | `times`, in seconds, of as many steps as that takes, at least one |
//! | `memory` | `memory KIB` |

use std::fmt::{self, Display};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::data::Data;
use crate::memory;
use crate::workload::Workload;

/// One step; returns its loss, before the update.
pub type Step = Box<dyn FnMut() -> Result<f64>>;

/// What a contestant is started for.
#[derive(Debug)]
pub struct Request {
    /// The way in which the contestant runs the workload, such as `eager`.
    pub variant: String,
    /// What is run.
    pub workload: Workload,
    /// What it starts from.
    pub data: Data,
}

/// The error of a contestant that cannot run a workload, with the reason.
#[derive(Debug)]
pub struct Unsupported(pub &'static str);

impl Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Unsupported {}

/// Runs a contestant as `PROGRAM VARIANT WORKLOAD DATA`, until standard input ends.
pub fn serve(prepare: impl FnOnce(&Request) -> Result<Step>) -> ExitCode {
    match run(prepare) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let word = if error.is::<Unsupported>() { "unsupported" } else { "failed" };
            // The driver reads lines; nobody is left to tell if it does not.
            let _ = answer(word, [format!("{error:#}").replace('\n', " ")]);
            ExitCode::FAILURE
        }
    }
}

fn run(prepare: impl FnOnce(&Request) -> Result<Step>) -> Result<()> {
    answer("baseline", [memory::peak()?])?;
    let mut step = prepare(&request()?)?;
    answer("ready", [""; 0])?;
    for line in std::io::stdin().lock().lines() {
        match line?.split_once(' ').unwrap_or(("memory", "")) {
            ("steps", count) => {
                let losses: Result<Vec<f64>> = (0..count.parse::<usize>()?).map(|_| step()).collect();
                answer("losses", losses?)?;
            }
            ("run", seconds) => {
                let times = timed(&mut step, Duration::try_from_secs_f64(seconds.parse()?)?)?;
                answer("times", times)?;
            }
            ("memory", _) => answer("memory", [memory::peak()?])?,
            (command, _) => bail!("unknown command {command}"),
        }
    }
    Ok(())
}

fn request() -> Result<Request> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |what: &str| arguments.next().with_context(|| format!("the {what} is missing"));
    let (variant, workload, path) = (next("variant")?, next("workload")?, PathBuf::from(next("data")?));
    Ok(Request { variant, workload: workload.parse()?, data: Data::open(&path)? })
}

/// The times of steps in seconds, until together they take `length`.
fn timed(step: &mut Step, length: Duration) -> Result<Vec<f64>> {
    let mut times = Vec::new();
    let start = Instant::now();
    let mut last = start;
    while times.is_empty() || last - start < length {
        step()?;
        let now = Instant::now();
        times.push((now - last).as_secs_f64());
        last = now;
    }
    Ok(times)
}

/// Writes an answer.
fn answer<T: Display>(word: &str, values: impl IntoIterator<Item = T>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "{word}")?;
    values.into_iter().try_for_each(|value| write!(out, " {value}"))?;
    writeln!(out)?;
    Ok(out.flush()?)
}
