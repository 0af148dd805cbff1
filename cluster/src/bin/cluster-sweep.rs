//! `cluster-sweep`: the sweeps of `depth-sweep`, with its options, on the processes of MPI.
//!
//! The first process keeps the journal and gives each of the others the next network when it is free. A lost process ends the job;
//! with `--resume`, a new one runs what is missing.

#[path = "../../../benches/depth_sweep/options.rs"]
mod options;

use std::path::Path;
use std::process::ExitCode;

use cluster::World;
use options::{Merge, Task};
use sweep::results::Results;
use sweep::{Error, Queue, Run, Settings};

fn main() -> ExitCode {
    World::run(|world| match options::read() {
        Err(wrong) if wrong.use_stderr() => Err(Error::Setting(options::in_one_line(&wrong))),
        // Every process reads the same options; one does what needs only one.
        task if world.is_first() => first(world, task),
        Ok(Task::Sweep(sweeps)) => sweeps.each.iter().try_for_each(|settings| world.work(|task| found(settings, task))),
        _ => Ok(()),
    })
}

/// What the first process does.
fn first(world: &World, task: Result<Task, clap::Error>) -> Result<(), Error> {
    let show = |folder: &Path, results: &Results| {
        println!("{} of {} runs: {}", results.finished, results.runs, folder.join("report.html").display());
    };
    match task {
        Err(shown) => print!("{shown}"),
        Ok(Task::Print(text)) => print!("{text}"),
        Ok(Task::Merge(Merge { folders, out, restart })) => show(&out, &sweep::merge(&folders, &out, restart)?),
        Ok(Task::Sweep(sweeps)) => {
            let mut pages = Vec::new();
            for settings in &sweeps.each {
                let results = run(world, settings)?;
                show(&settings.out, &results);
                pages.push(results);
            }
            if let Some(path) = sweeps.together {
                sweep::write_report(&path, &pages.iter().collect::<Vec<_>>())?;
            }
        }
    }
    Ok(())
}

/// Runs a sweep, in the other processes if there are any.
fn run(world: &World, settings: &Settings) -> Result<Results, Error> {
    if world.is_single() {
        return settings.run();
    }
    let mut queue = settings.queue()?;
    world.give(|result| next(&mut queue, result))?;
    queue.finish()
}

/// Runs the network that a task names, and returns what was found, as text.
fn found(settings: &Settings, task: &[u8]) -> Result<Vec<u8>, Error> {
    let record = settings.run_one(parsed::<Run>(task)?)?;
    text(&record)
}

/// Adds what was found by a process, if it is not its first call, and returns the next task.
fn next(queue: &mut Queue<'_>, result: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    if !result.is_empty() {
        queue.add(&parsed(result)?)?;
    }
    queue.next_run().map(|run| text(&run)).transpose()
}

fn text(value: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| Error::Setting(format!("a message: {error}")))
}

fn parsed<V: serde::de::DeserializeOwned>(text: &[u8]) -> Result<V, Error> {
    serde_json::from_slice(text).map_err(|error| Error::Setting(format!("a message: {error}")))
}
