//! Sweeps that are stopped and go on.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use autodiff::Scope;
use nn::{Linear, Relu};
use sweep::{Error, Settings, Stop};

const FILES: [&str; 3] = ["gradients.csv", "summary.csv", "gradients.svg"];

fn tiny(folder: &Path) -> Settings {
    let settings = [("depth", "1,2,3"), ("width", "4,8"), ("batch", "8"), ("steps", "2")]
        .into_iter()
        .fold(Settings::default().out(folder), |settings, (name, value)| settings.with(name, value).unwrap());
    Settings { seeds: 4, jobs: Some(2), ..settings }
}

fn layer(mut scope: Scope<'_, f32>, _: usize, width: usize) -> (Linear, Relu) {
    (Linear::new(scope.child("fc"), width, width), Relu)
}

fn contents(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

/// Stops the sweep when so many layers have been made.
fn stopped(settings: &Settings, layers: usize) -> Result<sweep::results::Results, Error> {
    let (stop, made) = (Stop::default(), AtomicUsize::new(0));
    let settings = Settings { stop: stop.clone(), ..settings.clone() };
    sweep::run(&settings, move |scope, depth, width| {
        if made.fetch_add(1, Ordering::Relaxed) >= layers {
            stop.stop();
        }
        layer(scope, depth, width)
    })
}

#[test]
fn a_sweep_that_is_stopped_reports_what_is_there_and_goes_on_to_the_same_files() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    sweep::run(&tiny(whole.path()), layer).unwrap();
    let mut finished = 0;
    for layers in [7, 9, 11] {
        let settings = Settings { resume: true, ..tiny(parts.path()) };
        let results = stopped(&settings, layers).unwrap();
        assert!(finished < results.finished && results.finished < 24, "{finished} {}", results.finished);
        finished = results.finished;
        assert!(parts.path().join("report.html").exists());
    }
    let settings = Settings { resume: true, ..tiny(parts.path()) };
    assert_eq!(sweep::run(&settings, layer).unwrap().finished, 24);
    assert_eq!(contents(parts.path()), contents(whole.path()));
    let lines = fs::read_to_string(parts.path().join("runs.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 24, "nothing is repeated");
}

#[test]
fn an_unfinished_sweep_is_neither_dropped_nor_mixed_with_another() {
    let folder = tempfile::tempdir().unwrap();
    stopped(&tiny(folder.path()), 9).unwrap();
    let said = |settings: Settings| sweep::run(&settings, layer).unwrap_err().to_string();
    assert!(said(tiny(folder.path())).contains("--resume continues it, --restart drops it"));
    let other = tiny(folder.path()).with("width", "4,16").unwrap();
    assert!(said(Settings { resume: true, ..other.clone() }).contains("a sweep of other settings"));
    let results = sweep::run(&Settings { restart: true, ..other }, layer).unwrap();
    assert_eq!(results.finished, 24);
    // A finished sweep is replaced by the next.
    assert_eq!(sweep::run(&tiny(folder.path()), layer).unwrap().finished, 24);
}

#[test]
fn a_run_that_a_kill_cut_off_is_made_again_and_damage_is_named() {
    let (folder, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&folder, &whole] {
        sweep::run(&tiny(folder.path()), layer).unwrap();
    }
    let path = folder.path().join("runs.jsonl");
    let runs = fs::read(&path).unwrap();
    fs::write(&path, &runs[..runs.len() - 20]).unwrap();
    let settings = Settings { resume: true, ..tiny(folder.path()) };
    assert_eq!(sweep::run(&settings, layer).unwrap().finished, 24);
    assert_eq!(contents(folder.path()), contents(whole.path()));

    let mut damaged = runs.clone();
    damaged[10] = b'}';
    fs::write(&path, damaged).unwrap();
    let message = sweep::run(&settings, layer).unwrap_err().to_string();
    assert!(message.contains("runs.jsonl: line 1 is damaged"), "{message}");
}

#[test]
fn two_sweeps_do_not_write_to_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let settings = tiny(folder.path());
    let second = settings.clone();
    let tried = std::sync::OnceLock::new();
    sweep::run(&settings, move |scope, depth, width| {
        tried.get_or_init(|| {
            let message = second.run().unwrap_err().to_string();
            assert!(message.contains("another sweep writes to this folder"), "{message}");
        });
        layer(scope, depth, width)
    })
    .unwrap();
}
