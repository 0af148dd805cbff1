//! Training runs and their checkpoints.

use std::path::Path;

use autodiff::{Alone, Error, Params};
use nn::data::{Batches, Dataset};
use nn::{Linear, Module, loss::cross_entropy};
use optim::{Adam, Plateau, Schedule, Sgd};
use train::{EpochReport, TrainingState, Trainer, Callback};

use super::given::*;
use super::harness::cases;

fn data(samples: usize) -> Dataset<f64> {
    Dataset::new(ramp([samples, 3]), &(0..samples).map(|k| k % 2).collect::<Vec<_>>()).unwrap()
}

fn fresh() -> (TrainingState<f64, optim::SgdRule>, Linear) {
    let mut params = Params::new(0);
    let layer = Linear::new(params.scope("fc"), 3, 2);
    (TrainingState::new(params, Sgd::new(0.1)), layer)
}

fn one() -> Trainer {
    Trainer::new(1, Batches::new(2)).quiet()
}

/// Trains a layer on a few samples.
fn fit(trainer: Trainer, samples: usize) -> Result<(), Error> {
    let (mut state, layer) = fresh();
    trainer.fit(&mut state, &data(samples), |x, y| cross_entropy(layer.forward(x), y), &mut Judge)
}

/// Gives a metric that is NaN, and one that grows.
struct Judge;

impl Callback<f64> for Judge {
    fn evaluate(&mut self, params: &Params<f64>) -> Result<Vec<(String, f64)>, Error> {
        Ok(vec![("worse".into(), params.step() as f64), ("none".into(), NAN)])
    }
}

/// What `run` does with a path in an empty folder.
fn in_folder<R>(run: impl FnOnce(&Path) -> R) -> R {
    let folder = tempfile::tempdir().unwrap();
    run(&folder.path().join("file"))
}

/// Resumes a run from a file of these bytes.
fn resume_from(bytes: &[u8]) -> Result<(), Error> {
    in_folder(|path| {
        std::fs::write(path, bytes).unwrap();
        fresh().0.resume(path)
    })
}

cases! {
    TrainingState::new { accepts: fit(one(), 4); }
    TrainingState::save {
        refuses "/nowhere/at/all": fresh().0.save("/nowhere/at/all");
        refuses "/": fresh().0.save("/");
        refuses "fc.weight": in_folder(|path| { let mut r = fresh().0; r.params.flat_mut()[0] = NAN; r.save(path) });
        accepts: in_folder(|path| TrainingState::new(Params::<f32>::default(), Sgd::new(NAN)).save(path));
    }
    TrainingState::resume {
        accepts: fresh().0.resume("/nowhere/at/all");
        refuses "/file: ": resume_from(&[]);
        refuses "/file: ": resume_from(&[255; 1000]);
        refuses "/file: ": resume_from(&u64::MAX.to_le_bytes());
        refuses "/dev/zero": fresh().0.resume("/dev/zero");
        refuses "/: ": fresh().0.resume("/");
        refuses "/file: ": in_folder(|path| {
            TrainingState::new(fresh().0.params, Adam::new(0.1)).save(path)?;
            fresh().0.resume(path)
        });
        refuses "/file: ": in_folder(|path| {
            TrainingState::new(fresh().0.params.cast::<f32>(), Sgd::new(0.1)).save(path)?;
            fresh().0.resume(path)
        });
        refuses "seed": in_folder(|path| {
            let mut params = Params::<f64>::new(9);
            Linear::new(params.scope("fc"), 3, 2);
            TrainingState::new(params, Sgd::new(0.1)).save(path)?;
            fresh().0.resume(path)
        });
        accepts: in_folder(|path| {
            let mut state = fresh().0;
            state.params.set_step(u64::MAX);
            state.save(path)?;
            fresh().0.resume(path)
        });
    }
    Trainer::new {
        returns: fit(Trainer::new(0, Batches::new(2)).quiet(), 4);
        refuses "batch size is 0": fit(Trainer::new(1, Batches::new(0)).quiet(), 4);
        refuses "0": fit(one(), 0);
        refuses "patience is 0": fit(Trainer::new(u64::MAX, Batches::new(2)).quiet().early_stopping("worse", 0, 0.0), 4);
        refuses "patience is 0": fit(Trainer::new(u64::MAX, Batches::new(MAX)).early_stopping("worse", 0, 0.0), 4);
        refuses "no batch": fit(Trainer::new(1, Batches::new(9).drop_last()).quiet(), 4);
    }
    Trainer::schedule {
        refuses "NaN": fit(one().schedule(Schedule::Exponential { factor: NAN }), 4);
        refuses "factor is -1": fit(one().schedule(Schedule::Sequential(vec![(9, Schedule::Exponential { factor: -1.0 })])), 4);
        refuses "steps is 0": fit(one().schedule(Schedule::Cosine { steps: 0, end: 0.0, stretch: 0.0 }), 4);
    }
    Trainer::shards {
        refuses "0": fit(one().shards(0), 4);
        returns: fit(one().shards(1 << 40), 4);
        returns: fit(one().shards(MAX), 4);
    }
    Trainer::checkpoint {
        refuses "/dev/null/at": fit(one().checkpoint("/dev/null/at/all", 1), 4);
        returns: in_folder(|path| fit(one().checkpoint(path, 0), 4));
        accepts: in_folder(|path| fit(one().checkpoint(path, u64::MAX), 4));
    }
    Trainer::csv { refuses "/dev/null/at": fit(one().csv("/dev/null/at/all"), 4); refuses "/": fit(one().csv("/"), 4); }
    Trainer::tensorboard { refuses "/proc/nowhere": fit(one().tensorboard("/proc/nowhere"), 4); }
    Trainer::early_stopping {
        refuses "nowhere": fit(one().early_stopping("nowhere", 1, 0.0), 4);
        refuses "NaN": fit(one().early_stopping("worse", 1, NAN), 4);
        returns: fit(Trainer::new(3, Batches::new(2)).quiet().early_stopping("none", MAX, 0.0), 4);
    }
    Trainer::plateau { refuses "nowhere": fit(one().plateau("nowhere", Plateau::new(0.5, 1)), 4); refuses "NaN": fit(Trainer::new(3, Batches::new(2)).quiet().plateau("worse", Plateau::new(NAN, 0)), 4); }
    Trainer::quiet { accepts: fit(one().quiet(), 1); }
    Trainer::fit {
        refuses "3": one().fit(&mut fresh().0, &Dataset::new(ramp([2, 3]), &[0, 3]).unwrap(), |x, y| cross_entropy(x, y), &mut ());
        refuses "ln": { let (mut state, layer) = fresh(); one().fit(&mut state, &data(2), |x, _| (layer.forward(x) * 0.0 - 1.0).ln().sum(..), &mut ()) };
        refuses "[2, 3]": one().fit(&mut fresh().0, &data(2), |x, _| x, &mut ());
        refuses "gradient": one().fit(&mut fresh().0, &data(2), |x, _| x.sum(..), &mut ());
        refuses "sqrt": root_at_zero();
    }
    Trainer::fit_among {
        refuses "3": one().fit_among(&Alone, &mut fresh().0, &Dataset::new(ramp([2, 3]), &[0, 3]).unwrap(), |x, y| cross_entropy(x, y), &mut ());
    }
    Callback::evaluate { returns: Callback::<f64>::evaluate(&mut (), &Params::default()); }
    Callback::on_epoch_end { returns: Callback::<f64>::on_epoch_end(&mut (), &EpochReport { epoch: u64::MAX, loss: NAN, metrics: vec![] }); }
}

/// A finite loss with a gradient that is not: weights that are zero under a root.
fn root_at_zero() -> Result<(), Error> {
    let (mut state, layer) = fresh();
    state.params.flat_mut().fill(0.0);
    one().fit(&mut state, &data(2), |x, _| layer.forward(x).square().sqrt().sum(..), &mut ())
}
