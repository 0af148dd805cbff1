//! A run that is killed and resumed ends with the same bits as one that is not; so does one on any number of threads.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use autodiff::{Error, Params, Tensor};
use nn::data::{Augmentation, Batches, Dataset, Digits};
use nn::loss::cross_entropy;
use nn::metrics::zero_one;
use nn::{BatchNorm, Dropout, Linear, Module, Relu};
use optim::{AdamRule, L2, Schedule};
use prost::Message;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use train::{Callback, Trainer, TrainingState};

type Net = (Linear, BatchNorm, Relu, Dropout, Linear);

fn begin() -> (TrainingState<f32, AdamRule>, Net) {
    let mut params = Params::new(3);
    let first = (Linear::new(params.scope("fc1"), 64, 48), BatchNorm::new(params.scope("bn"), 48));
    let model = (first.0, first.1, Relu, Dropout::new(0.5), Linear::new(params.scope("fc2"), 48, 10));
    (TrainingState::new(params, optim::Adam::new(0.01).regularize(L2(1e-4)).clip_norm(1.0)), model)
}

struct Error01<'a>(&'a Net, &'a Dataset<f32>);

impl Callback<f32> for Error01<'_> {
    fn evaluate(&mut self, params: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
        let mut tape = autodiff::Tape::new();
        let t = tape.start(params, autodiff::Mode::Eval);
        let scores = self.0.forward(t.input(self.1.features())).value()?;
        Ok(vec![("test error".to_owned(), zero_one(&scores, self.1.labels())?)])
    }
}

/// A short run with everything that a checkpoint must hold.
fn fit(trainer: Trainer) -> Result<TrainingState<f32, AdamRule>, Error> {
    let (train, test) = Digits::load()?.split(0.75, 0)?;
    let (mut state, model) = begin();
    let trainer = trainer
        .schedule(Schedule::Cosine { steps: 300, end: 0.01, stretch: 1.0 })
        .early_stopping("test error", 2, 0.005)
        .quiet();
    // Augmented images, flattened for dense layers.
    trainer.fit(
        &mut state,
        &train.reshaped([1, 8, 8])?,
        |x, y| {
            let samples = y.shape().map_or(0, |shape| shape[0]);
            cross_entropy(model.forward(x.reshape([samples, 64])), y)
        },
        &mut Error01(&model, &test),
    )?;
    Ok(state)
}

fn batches() -> Batches {
    Batches::new(32).shuffled(7).augmented(Augmentation { padding: 1, flip: false }, 7)
}

fn trainer() -> Trainer {
    Trainer::new(12, batches())
}

/// All results of a run, as bits.
fn bits(state: &TrainingState<f32, AdamRule>) -> Vec<u64> {
    let numbers = state.params.iter().chain(state.params.states()).flat_map(|(_, _, values)| values);
    let buffers = state.optimizer.buffers().flat_map(|(_, buffer)| buffer);
    let history = state.history().iter().flat_map(|epoch| [epoch.loss, epoch.metrics[0].1]);
    let numbers = numbers.chain(buffers).map(|x| u64::from(x.to_bits()));
    let counts =
        [state.params.step(), state.optimizer.steps(), state.optimizer.rate().to_bits(), state.stopped().into()];
    numbers.chain(history.map(f64::to_bits)).chain(counts).collect()
}

const CHILD: &str = "TRAIN_TEST_FOLDER";

/// The process that is killed. Does nothing when run as an ordinary test.
#[test]
fn child() {
    let Ok(folder) = std::env::var(CHILD) else { return };
    let folder = Path::new(&folder);
    let trainer = trainer().checkpoint(folder.join("run.safetensors"), 3);
    fit(trainer.csv(folder.join("log.csv")).tensorboard(folder.join("events"))).unwrap();
    std::fs::write(folder.join("done"), "").unwrap();
}

#[test]
fn a_run_killed_at_random_moments_ends_with_the_same_bits() {
    let whole = fit(trainer()).unwrap();
    assert!(whole.stopped() && whole.history().len() < 12, "{} epochs", whole.history().len());
    let expected = bits(&whole);
    let folder = tempfile::tempdir().unwrap();
    let mut random = StdRng::seed_from_u64(std::process::id().into());
    let (mut kills, mut starts) = (0, 0);
    let done = folder.path().join("done");
    while kills < 20 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "resume::child"])
            .env(CHILD, folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        starts += 1;
        std::thread::sleep(Duration::from_millis(random.random_range(5..80)));
        child.kill().unwrap();
        child.wait().unwrap();
        if done.exists() {
            // It ended before the kill: starts over.
            std::fs::remove_file(&done).unwrap();
            std::fs::remove_file(folder.path().join("run.safetensors")).unwrap();
            std::fs::remove_dir_all(folder.path().join("events")).unwrap();
        } else {
            kills += 1;
        }
    }
    let (path, events) = (folder.path().join("run.safetensors"), folder.path().join("events"));
    let last = || trainer().checkpoint(&path, 3).csv(folder.path().join("log.csv")).tensorboard(&events);
    let state = fit(last()).unwrap();
    assert_eq!(bits(&state), expected);
    // Once more, with a run that has ended.
    assert_eq!(bits(&fit(last()).unwrap()), expected);
    let epochs: Vec<i64> = (0..state.history().len() as i64).collect();
    assert_eq!(steps_of(&events), epochs);
    // The last writes removed the temporary files of killed processes.
    let mut left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["events", "log.csv", "run.safetensors"]);
    let line = format!("resume: killed {kills} times in {starts} starts, {} numbers the same bits\n", expected.len());
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    summary: Option<Vec<u8>>,
}

/// The step of every row in a folder of event files, none of which is empty.
fn steps_of(folder: &Path) -> Vec<i64> {
    let mut steps = Vec::new();
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // TensorBoard reads no other files.
    for path in paths.filter(|path| path.to_string_lossy().contains("tfevents")) {
        let (bytes, mut events) = (std::fs::read(path).unwrap(), Vec::new());
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<8>() {
            let length = usize::try_from(u64::from_le_bytes(*length)).unwrap();
            events.push(Event::decode(&after[4..4 + length]).unwrap());
            rest = &after[4 + length + 4..];
        }
        assert!(events.len() > 1 && events[0].file_version.as_deref() == Some("brain.Event:2"), "{events:?}");
        assert!(events[1..].iter().all(|event| event.summary.is_some()), "{events:?}");
        steps.extend(events[1..].iter().map(|event| event.step));
    }
    steps.sort_unstable();
    steps
}

#[test]
fn an_epoch_that_is_repeated_is_in_the_event_files_once() {
    let folder = tempfile::tempdir().unwrap();
    let (path, events) = (folder.path().join("run.safetensors"), folder.path().join("events"));
    let two = || Trainer::new(2, batches()).tensorboard(&events);
    fit(two().checkpoint(&path, 50)).unwrap();
    // As after a kill between the row of the second epoch and its checkpoint.
    let first = folder.path().join("first");
    fit(Trainer::new(1, batches()).checkpoint(&first, 1)).unwrap();
    std::fs::rename(first, &path).unwrap();
    fit(two().checkpoint(&path, 50)).unwrap();
    assert_eq!(steps_of(&events), [0, 1]);
    assert_eq!(std::fs::read_dir(&events).unwrap().count(), 1);
}

/// As on a full disk: the process may write files of at most 4 KiB, and gets an error instead of a signal.
#[test]
#[cfg(unix)]
fn a_checkpoint_that_cannot_be_written_leaves_the_old_one_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let begun = Trainer::new(1, batches()).checkpoint(&path, 1000);
    fit(begun).unwrap();
    let old = std::fs::read(&path).unwrap();
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact resume::child --nocapture"])
        .arg(std::env::current_exe().unwrap())
        .env(CHILD, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr).into_owned();
    assert!(!child.status.success() && said.contains("run.safetensors") && said.contains("too large"), "{said}");
    assert_eq!(std::fs::read(&path).unwrap(), old);
    // The half-written file is gone.
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["run.safetensors"]);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        bits(&pool.install(|| fit(trainer().shards(4))).unwrap())
    };
    let one = on(1);
    for threads in [1, 2, 4] {
        assert_eq!(on(threads), one, "{threads} threads");
    }
}

#[test]
fn a_damaged_or_foreign_checkpoint_is_named_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let short = Trainer::new(1, Batches::new(64)).checkpoint(&path, 10).quiet();
    let data = Dataset::new(Tensor::from_fn([64, 64], |k| (k as f32).sin()), &[1; 64]).unwrap();
    let (mut state, model) = begin();
    short.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut ()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for index in (0..whole.len()).step_by(997) {
        let mut damaged = whole.clone();
        damaged[index] ^= 4;
        std::fs::write(&path, damaged).unwrap();
        let (mut other, _) = begin();
        let before = other.params.flat().to_vec();
        let message =
            short.fit(&mut other, &data, |x, y| cross_entropy(model.forward(x), y), &mut ()).unwrap_err().to_string();
        assert!(message.contains("run.safetensors"), "{message}");
        assert_eq!(other.params.flat(), before);
    }
    std::fs::write(&path, &whole).unwrap();
    let mut params = Params::<f32>::new(0);
    let linear = Linear::new(params.scope("other"), 64, 10);
    let mut foreign = TrainingState::new(params, optim::Adam::new(0.1));
    let message = short.fit(&mut foreign, &data, |x, y| cross_entropy(linear.forward(x), y), &mut ()).unwrap_err();
    assert!(message.to_string().contains("of another model: other.weight is missing"), "{message}");
}

#[test]
fn a_loss_that_is_nan_ends_the_run_and_names_the_operation() {
    let data = Dataset::new(Tensor::from_fn([8, 64], |k| (k as f32).sin()), &[1; 8]).unwrap();
    let (mut state, model) = begin();
    let before = state.params.flat().to_vec();
    let trainer = Trainer::new(1, Batches::new(8)).quiet();
    let ended = trainer.fit(&mut state, &data, |x, y| (cross_entropy(model.forward(x), y) * -1.0).sqrt(), &mut ());
    let message = ended.unwrap_err().to_string();
    assert!(
        message.contains("sqrt") && message.contains("first produced NaN") && message.contains("resume.rs"),
        "{message}"
    );
    assert_eq!(state.params.flat(), before);
}

#[test]
fn early_stopping_restores_the_best_parameters() {
    struct Rising(f64);
    impl Callback<f32> for Rising {
        fn evaluate(&mut self, _: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
            self.0 += 1.0;
            Ok(vec![("error".to_owned(), (self.0 - 2.0).abs())])
        }
    }
    let data = Dataset::new(Tensor::from_fn([64, 64], |k| (k as f32).sin()), &[1; 64]).unwrap();
    let (mut state, model) = begin();
    let two = Trainer::new(2, Batches::new(64)).quiet();
    two.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut ()).unwrap();
    let expected = state.params.flat().to_vec();
    let (mut state, model) = begin();
    let stopped = Trainer::new(20, Batches::new(64)).early_stopping("error", 3, 0.0).quiet();
    stopped.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut Rising(0.0)).unwrap();
    assert!(state.stopped() && state.history().len() == 5);
    assert_eq!(state.params.flat(), expected);
    // Best at the second epoch: the rate is lowered after the fourth, and again after the sixth.
    let (mut state, model) = begin();
    let lowered = Trainer::new(7, Batches::new(64)).plateau("error", optim::Plateau::new(0.1, 1)).quiet();
    lowered.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut Rising(0.0)).unwrap();
    assert!((state.optimizer.rate() - 1e-4).abs() < 1e-12, "{}", state.optimizer.rate());
    let missing = Trainer::new(1, Batches::new(64)).early_stopping("accuracy", 3, 0.0).quiet();
    let (mut state, model) = begin();
    let message = missing.fit(&mut state, &data, |x, y| cross_entropy(model.forward(x), y), &mut ()).unwrap_err();
    assert!(message.to_string().contains("the metric accuracy is watched"), "{message}");
}

#[test]
fn the_weights_of_a_checkpoint_load_into_a_fresh_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let trained = fit(Trainer::new(1, batches()).checkpoint(&path, 1000)).unwrap().params;
    let mut fresh = begin().0.params;
    nn::io::load(&mut fresh, &path).unwrap();
    assert_eq!(fresh.flat(), trained.flat());
    assert!(fresh.states().eq(trained.states()));
    assert_eq!(nn::io::load_matching(&mut fresh, &path).unwrap(), nn::io::Differences::default());
}
