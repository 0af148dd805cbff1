//! Errors of training, which change nothing: settings, gradients, checkpoints of another run.

use autodiff::{Error, Params, Real, Tensor, Var};
use nn::data::{Batches, Dataset};
use nn::loss::cross_entropy;
use nn::{BatchNorm, Linear, Module};
use optim::{Adam, EarlyStopping, L2, Optimizer, Plateau, RmsProp, Rule, Schedule, Sgd, SgdRule};
use train::{Callback, Trainer, TrainingState};

const SEED: u64 = 3;

/// Sixteen samples of four features.
fn data<T: Real>() -> Dataset<T> {
    Dataset::new(Tensor::from_fn([16, 4], |k| T::from_f64((k as f64).sin())), &[1; 16]).unwrap()
}

fn begin<T: Real, R: Rule<T>>(seed: u64, optimizer: Optimizer<T, R>) -> (TrainingState<T, R>, Linear) {
    let mut params = Params::new(seed);
    let model = Linear::new(params.scope("fc"), 4, 3);
    (TrainingState::new(params, optimizer), model)
}

fn fit_by<T: Real, R: Rule<T>>(
    trainer: &Trainer,
    (state, model): &mut (TrainingState<T, R>, Linear),
    data: &Dataset<T>,
) -> Result<(), Error> {
    trainer.clone().quiet().fit(state, data, |x, y| cross_entropy(model.forward(x), y), &mut ())
}

/// The message of a fit that is refused. Asserts that the state is unchanged.
fn refused<T: Real, R: Rule<T>>(
    trainer: &Trainer,
    mut begun: (TrainingState<T, R>, Linear),
    data: &Dataset<T>,
) -> String {
    let before = begun.0.params.flat().to_vec();
    let message = fit_by(trainer, &mut begun, data).unwrap_err().to_string();
    assert_eq!(begun.0.params.flat(), before, "{message}");
    assert_eq!((begun.0.params.step(), begun.0.optimizer.steps(), begun.0.history().len()), (0, 0, 0), "{message}");
    message
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    let begun = || begin::<f32, SgdRule>(SEED, Sgd::new(0.1));
    let of = |trainer: Trainer| refused(&trainer, begun(), &data());
    let trainer = || Trainer::new(1, Batches::new(8));
    assert_eq!(of(Trainer::new(0, Batches::new(8))), "epochs is 0: must be at least 1");
    assert!(of(Trainer::new(1, Batches::new(0))).starts_with("batch size is 0"));
    for shards in [0, 9, 1 << 40, usize::MAX] {
        let due = format!("shards is {shards}: must be at least 1 and at most the samples of a batch");
        assert_eq!(of(trainer().shards(shards)), due);
    }
    // The samples of the data are a limit, too.
    assert!(of(Trainer::new(1, Batches::new(usize::MAX)).shards(17)).starts_with("shards is 17"));
    assert_eq!(of(trainer().checkpoint("none", 0)), "steps between checkpoints is 0: must be at least 1");
    assert!(of(trainer().plateau("loss", Plateau::new(f64::NAN, 1))).starts_with("plateau factor is NaN"));
    assert!(of(trainer().early_stopping("loss", 0, 0.0)).starts_with("patience is 0"));
    assert!(of(trainer().early_stopping("loss", 1, f64::NAN)).starts_with("minimum change is NaN"));
    let cosine = Schedule::Cosine { steps: 5, end: 0.0, stretch: f64::INFINITY };
    assert!(of(trainer().schedule(cosine)).starts_with("stretch is inf"));
    for rate in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
        let message = refused(&trainer(), begin::<f32, _>(SEED, Sgd::new(rate)), &data());
        assert!(message.starts_with(&format!("rate is {rate}")), "{message}");
    }
    // A schedule that grows past the range of f32 ends the run before the step.
    let growing = Schedule::Exponential { factor: f64::MAX };
    let mut begun = begun();
    let message = fit_by(&trainer().schedule(growing), &mut begun, &data()).unwrap_err().to_string();
    assert!(message.starts_with("rate is ") && begun.0.optimizer.steps() == 1, "{message}");
}

#[test]
fn the_largest_settings_do_not_overflow() {
    let mut begun = begin::<f32, _>(SEED, Sgd::new(0.1));
    struct Worse(f64);
    impl Callback<f32> for Worse {
        fn evaluate(&mut self, _: &Params<f32>) -> Result<Vec<(String, f64)>, Error> {
            self.0 += 1.0;
            Ok(vec![("error".to_owned(), self.0)])
        }
    }
    let trainer = Trainer::new(u64::MAX, Batches::new(usize::MAX)).early_stopping("error", 3, 0.0).shards(16);
    let (state, model) = &mut begun;
    // Not quiet, so that the progress bar counts that many epochs, too.
    trainer.fit(state, &data(), |x, y| cross_entropy(model.forward(x), y), &mut Worse(0.0)).unwrap();
    assert!(state.stopped() && state.history().len() == 4);
    let mut patient = EarlyStopping::<f32>::new(usize::MAX).min_change(f64::MAX);
    patient.observe(1.0, &state.params);
}

#[test]
fn an_epoch_without_a_batch_is_an_error_that_says_why() {
    let begun = || begin::<f32, SgdRule>(SEED, Sgd::new(0.1));
    let message = refused(&Trainer::new(1, Batches::new(32).drop_last()), begun(), &data());
    assert!(message.starts_with("training: epoch 0 has no batch: 16 samples in Batches"), "{message}");
    assert!(message.contains("drop_last: true"), "{message}");
    let empty = Dataset::new(Tensor::from_fn([0, 4], |_| 0.0_f32), &[]).unwrap();
    let message = refused(&Trainer::new(1, Batches::new(8)), begun(), &empty);
    assert!(message.starts_with("training: epoch 0 has no batch: 0 samples"), "{message}");
}

/// Its gradient at zero weights is NaN, its value 0.
fn root<'t, T: Real>(x: Var<'t, T>) -> Var<'t, T> {
    x.square().sqrt().mean(..)
}

#[test]
fn a_gradient_that_is_not_finite_names_the_operation_and_nothing_is_stepped_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    for shards in [1, 2] {
        let mut begun = begin::<f32, _>(SEED, Adam::new(0.1));
        begun.0.params.flat_mut().fill(0.0);
        let (state, model) = &mut begun;
        let trainer = Trainer::new(2, Batches::new(8)).checkpoint(&path, 1).shards(shards).quiet();
        let message = trainer.fit(state, &data(), |x, _| root(model.forward(x)), &mut ()).unwrap_err().to_string();
        assert!(message.contains("sqrt") && message.contains("backward"), "{message}");
        assert!(message.contains("refusals.rs"), "{message}");
        assert!(state.params.flat().iter().all(|&w| w == 0.0) && state.params.step() == 0);
        assert!(state.optimizer.steps() == 0 && state.history().is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn a_running_statistic_that_is_not_finite_is_named_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let mut params = Params::<f32>::new(SEED);
    let model = (BatchNorm::new(params.scope("bn"), 4), Linear::new(params.scope("fc"), 4, 3));
    let mut state = TrainingState::new(params, Sgd::new(0.1));
    let before = state.params.clone();
    let large = Dataset::new(Tensor::from_fn([16, 4], |k| 1e30 * (k as f32).sin()), &[1; 16]).unwrap();
    let trainer = Trainer::new(1, Batches::new(8)).checkpoint(&path, 1).quiet();
    let ended = trainer.fit(&mut state, &large, |x, y| cross_entropy(model.forward(x), y), &mut ());
    let message = ended.unwrap_err().to_string();
    assert!(message.contains("bn.") || message.contains("bn)"), "{message}");
    assert!(state.params.states().zip(before.states()).all(|(new, old)| new.2 == old.2), "{message}");
    assert!(state.params.flat() == before.flat() && !path.exists(), "{message}");
}

#[test]
fn values_that_a_step_makes_infinite_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let mut begun = begin::<f32, _>(SEED, Sgd::new(3e38));
    let trainer = Trainer::new(1, Batches::new(16)).checkpoint(&path, 1);
    let big = Dataset::new(Tensor::from_fn([16, 4], |k| 100.0 * (k as f32 + 1.0)), &[1; 16]).unwrap();
    let message = fit_by(&trainer, &mut begun, &big).unwrap_err().to_string();
    assert!(message.starts_with("parameter fc.weight: its value is "), "{message}");
    assert!(!path.exists());
    assert!(begun.0.save(&path).is_err() && !path.exists());
    // Without a checkpoint, the end of the epoch finds it.
    let mut begun = begin::<f32, _>(SEED, Sgd::new(3e38));
    let message = fit_by(&Trainer::new(1, Batches::new(16)), &mut begun, &big).unwrap_err().to_string();
    assert!(message.starts_with("parameter fc.weight: its value is ") && begun.0.history().is_empty(), "{message}");
}

#[test]
fn a_checkpoint_of_another_run_is_refused_and_both_sides_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let trainer = || Trainer::new(1, Batches::new(8).shuffled(1)).checkpoint(&path, 1);
    let adam = || Adam::new(0.1).regularize(L2(0.1));
    fit_by(&trainer(), &mut begin::<f64, _>(SEED, adam()), &data()).unwrap();
    let assert_sides = |message: String, [what, old, new]: [&str; 3]| {
        let due = format!("of another run: its {what} is ");
        assert!(message.contains(&due) && message.contains("run.safetensors"), "{message}");
        assert!(message.contains(old) && message.ends_with(new), "{message}");
    };
    let of_trainer = |trainer: Trainer| refused(&trainer, begin::<f64, _>(SEED, adam()), &data());
    assert_sides(
        refused(&trainer(), begin::<f64, _>(SEED, RmsProp::new(0.1).regularize(L2(0.1))), &data()),
        [
            "optimizer",
            "AdamRule {",
            "RmsPropRule { alpha: 0.99, epsilon: 1e-8, momentum: 0.0, centered: false }, \
          Penalty { l1: 0.0, l2: 0.1 } for all",
        ],
    );
    let sgd = refused(&trainer(), begin::<f64, _>(SEED, Sgd::new(0.1)), &data());
    assert_sides(sgd, ["optimizer", "AdamRule {", "SgdRule { momentum: 0.0, dampening: 0.0, nesterov: false }"]);
    let without = refused(&trainer(), begin::<f64, _>(SEED, Adam::new(0.1)), &data());
    assert_sides(without, ["optimizer", "l2: 0.1", "amsgrad: false }"]);
    let single = refused(&trainer(), begin::<f32, _>(SEED, Adam::new(0.1).regularize(L2(0.1))), &data());
    assert_sides(single, ["scalar", "is f64,", "this run f32"]);
    let seed = refused(&trainer(), begin::<f64, _>(4, adam()), &data());
    assert_sides(seed, ["seed", "is 3,", "this run 4"]);
    let rate = refused(&trainer(), begin::<f64, _>(SEED, Adam::new(0.2).regularize(L2(0.1))), &data());
    assert_sides(rate, ["rate", "is 0.1,", "this run 0.2"]);
    let batches = |batches: Batches| of_trainer(Trainer::new(1, batches).checkpoint(&path, 1));
    assert_sides(batches(Batches::new(4).shuffled(1)), ["batches", "size: 8", "augmentation: None }"]);
    assert_sides(batches(Batches::new(8).shuffled(2)), ["batches", "Some(1)", "augmentation: None }"]);
    assert_sides(of_trainer(trainer().shards(2)), ["shards", "is 1,", "this run 2"]);
    let fewer = Dataset::new(Tensor::from_fn([12, 4], |k| k as f64), &[1; 12]).unwrap();
    let message = refused(&trainer(), begin::<f64, _>(SEED, adam()), &fewer);
    assert_sides(message, ["features", "is [16, 4],", "this run [12, 4]"]);
    // More epochs and another schedule are allowed.
    let longer = Trainer::new(3, Batches::new(8).shuffled(1)).checkpoint(&path, 1);
    let mut begun = begin::<f64, _>(SEED, adam());
    fit_by(&longer.schedule(Schedule::Exponential { factor: 0.9 }), &mut begun, &data()).unwrap();
    assert_eq!(begun.0.history().len(), 3);
}

#[test]
fn a_run_within_an_epoch_continues_with_its_own_batches_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.safetensors");
    let adam = || Adam::<f64>::new(0.1);
    let mut begun = begin(SEED, adam());
    // Ends with an error in the third step, which finds an infinite feature.
    let infinite = Tensor::from_fn([16, 4], |k| if k == 9 * 4 { f64::INFINITY } else { (k % 7) as f64 });
    let infinite = Dataset::new(infinite, &[1; 16]).unwrap();
    let trainer = Trainer::new(1, Batches::new(4)).checkpoint(&path, 1).quiet();
    assert!(fit_by(&trainer, &mut begun, &infinite).is_err());
    let mut resumed = begin(SEED, adam());
    resumed.0.resume(&path).unwrap();
    let message = fit_by(&Trainer::new(1, Batches::new(2)), &mut resumed, &data()).unwrap_err().to_string();
    assert!(message.contains("its batches is Batches { size: 4") && message.contains("size: 2"), "{message}");
    fit_by(&Trainer::new(1, Batches::new(4)), &mut resumed, &data()).unwrap();
    assert_eq!(resumed.0.optimizer.steps(), 4);
}

#[test]
fn missing_folders_are_created_before_the_first_step() {
    let folder = tempfile::tempdir().unwrap();
    let trainer = |below: &std::path::Path| {
        let trainer = Trainer::new(1, Batches::new(8)).checkpoint(below.join("a/run.safetensors"), 1);
        trainer.csv(below.join("b/log.csv")).tensorboard(below.join("c"))
    };
    let mut begun = begin::<f32, _>(SEED, Sgd::new(0.1));
    fit_by(&trainer(&folder.path().join("new")), &mut begun, &data()).unwrap();
    for path in ["new/a/run.safetensors", "new/b/log.csv", "new/c"] {
        assert!(folder.path().join(path).exists(), "{path}");
    }
    // A file cannot contain a folder.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let message = refused(&trainer(&file), begin::<f32, _>(SEED, Sgd::new(0.1)), &data());
    assert!(message.contains("file/a"), "{message}");
}

#[test]
fn a_path_that_is_not_a_file_or_too_large_for_a_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut state = begin::<f32, _>(SEED, Sgd::new(0.1)).0;
    let message = state.resume(folder.path()).unwrap_err().to_string();
    assert!(message.ends_with("is a folder: only regular files are read"), "{message}");
    #[cfg(unix)]
    {
        let message = state.resume("/dev/zero").unwrap_err().to_string();
        assert!(message.ends_with("/dev/zero: is a device: only regular files are read"), "{message}");
    }
    // A sparse file of 1 GiB.
    let path = folder.path().join("run.safetensors");
    std::fs::File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let message = state.resume(&path).unwrap_err().to_string();
    assert!(message.contains("not a safetensors file"), "{message}");
    // A scalar that a checkpoint does not hold.
    let mut duals = TrainingState::new(state.params.cast::<autodiff::Dual<f64>>(), Sgd::new(0.1));
    let message = duals.save(&path).unwrap_err().to_string();
    assert!(message.contains("holds f32 or f64, not ") && message.ends_with("Dual<f64>"), "{message}");
    assert!(duals.resume(&path).is_err());
}
