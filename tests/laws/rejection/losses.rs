//! Losses, metrics, ensembles and initial values.

use autodiff::{Error, Params, Tensor, Var};
use nn::data::Dataset;
use nn::ensemble::*;
use nn::loss::*;
use nn::metrics::*;
use nn::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::given::*;
use super::harness::cases;

/// The loss of scores and targets, each for itself.
fn loss(loss: impl Loss<f64>, scores: impl Into<Tensor<f64>>, targets: impl Into<Tensor<f64>>) -> Result<Tensor<f64>, Error> {
    at([scores.into(), targets.into()], |x, y| loss.unreduced(x, y))
}

/// The cross entropy of two samples of three classes.
fn of_labels(options: CrossEntropy, labels: [f64; 2]) -> Result<Tensor<f64>, Error> {
    at([ramp([2, 3]), labels.into()], |x, y| options.reduced(x, y, Reduction::Mean))
}

fn data(samples: usize) -> Dataset<f64> {
    Dataset::new(ramp([samples, 2]), &(0..samples).map(|k| k % 2).collect::<Vec<_>>()).unwrap()
}

/// A member of an ensemble that gives its features as scores.
fn member() -> Trained<f64, Option<Tanh>> {
    Trained { params: Params::default(), model: None }
}

/// A member that breaks.
fn broken() -> Trained<f64, Softmax> {
    Trained { params: Params::default(), model: Softmax { axis: 9 } }
}

fn boosting(start: impl Into<Tensor<f64>>, rate: f64) -> GradientBoosting<f64, Option<Tanh>> {
    GradientBoosting::new(start.into(), rate)
}

/// Boosts two outputs by members that give their features.
fn boost(start: impl Into<Tensor<f64>>, rate: f64, samples: usize, rounds: usize) -> Result<Vec<f64>, Error> {
    boosting(start, rate).boost(&ramp([samples, 2]), &ramp([]), rounds, |x, _| x.square().sum(..), |_, _, _| Ok(member()))
}

/// Boosts, with a member that is at fault.
fn boost_once(rounds: usize) -> Result<Vec<f64>, Error> {
    let fault = Error::InvalidInput { what: "member", reason: "at fault".into() };
    boosting([0.0, 0.0], 0.1).boost(&ramp([3, 2]), &ramp([]), rounds, |x, _| x.square().sum(..), |_, _, _| Err(fault.clone()))
}

fn fill(initial: Initial, shape: &[usize], values: usize) -> Vec<f64> {
    let mut filled = vec![0.0; values];
    initial.fill(shape, &mut filled, &mut StdRng::seed_from_u64(0));
    filled
}

fn every_initial() -> Vec<Initial> {
    let (scale, gain, variance) = (NAN, INF, -1.0);
    let mut all = Initial::NAMED.map(|(_, initial)| initial).to_vec();
    for fan in [Fan::In, Fan::Out, Fan::Average] {
        all.extend([Distribution::Normal, Distribution::TruncatedNormal, Distribution::Uniform].map(|distribution| Initial::VarianceScaling { scale, fan, distribution }));
    }
    all.extend([Initial::Orthogonal { gain }, Initial::DeltaOrthogonal { gain }, Initial::Identity, Initial::Constant(NAN)]);
    all.extend([Initial::Normal { variance }, Initial::TruncatedNormal { variance }, Initial::ScaledNormal { variance }]);
    all.extend([Initial::Uniform { low: INF, high: -INF }, Initial::Uniform { low: f64::MIN, high: f64::MAX }]);
    all
}

/// Fills weights of this shape in every way.
fn fill_all(shape: &[usize]) -> usize {
    every_initial().into_iter().map(|initial| fill(initial, shape, shape.iter().product()).len()).sum()
}

fn lsuv_of(weights: usize, batch: &Tensor<f64>, outputs: impl for<'t> Fn(Var<'t, f64>) -> Vec<Var<'t, f64>>) -> Result<(), Error> {
    let (mut params, weight, _) = model();
    lsuv(&mut params, &vec![weight; weights], batch, outputs)
}

cases! {
    CrossEntropy::reduced { refuses "on two tapes": across(|x, y| CrossEntropy::new().reduced(x, y, Reduction::Mean)); }
    CrossEntropy::new { refuses "3": of_labels(CrossEntropy::new(), [0.0, 3.0]); }
    CrossEntropy::from_log_probabilities { refuses "-1": of_labels(CrossEntropy::from_log_probabilities(), [0.0, -1.0]); }
    CrossEntropy::label_smoothing {
        refuses "label_smoothing is NaN": of_labels(CrossEntropy::new().label_smoothing(NAN), [0.0, 1.0]);
        refuses "label_smoothing is 1.5": of_labels(CrossEntropy::new().label_smoothing(1.5), [0.0, 1.0]);
        refuses "label_smoothing is -1": of_labels(CrossEntropy::new().label_smoothing(-1.0), [0.0, 1.0]);
    }
    CrossEntropy::class_weights {
        refuses "0 class weights for 3 classes": of_labels(CrossEntropy::new().class_weights([]), [0.0, 1.0]);
        refuses "NaN": of_labels(CrossEntropy::new().class_weights([1.0, NAN, 1.0]), [0.0, 1.0]);
        refuses "-1": of_labels(CrossEntropy::new().class_weights([1.0, 1.0, -1.0]), [0.0, 1.0]);
        refuses "inf": of_labels(CrossEntropy::new().class_weights([INF, 1.0, 1.0]), [0.0, 1.0]);
    }
    CrossEntropy::ignore_index {
        refuses "ignore_index is": of_labels(CrossEntropy::new().ignore_index(i64::MIN), [i64::MIN as f64, 1.0]);
        returns: of_labels(CrossEntropy::new().ignore_index(i64::MAX), [i64::MAX as f64, 1.0]);
        refuses "ignore_index": loss(CrossEntropy::new().ignore_index(0), ramp([2, 3]), Tensor::full([2, 3], 0.5));
    }
    CrossEntropy::unreduced {
        refuses "99": loss(CrossEntropy::new(), ramp([2, 3]), [0.0, 99.0]);
        refuses "sample 1": loss(CrossEntropy::new(), ramp([2, 3]), [0.0, 99.0]);
        refuses "NaN": loss(CrossEntropy::new(), ramp([2, 3]), [0.0, NAN]);
        refuses "0.5": loss(CrossEntropy::new(), ramp([2, 3]), [0.0, 0.5]);
        refuses "[2, 3] × [3]": loss(CrossEntropy::new(), ramp([2, 3]), [0.0; 3]);
        refuses "[2] × [2]": loss(CrossEntropy::new(), [0.0; 2], [0.0; 2]);
        refuses "-0.5": loss(CrossEntropy::new(), [[0.0, 0.0]], [[-0.5, 1.5]]);
        refuses "0": loss(CrossEntropy::new(), ramp([2, 0]), [0.0, 0.0]);
        returns: loss(CrossEntropy::new(), ramp([0, 3]), ramp([0]));
        refuses "memory": of_two([&[HUGE, 3], &[HUGE]], |x, y| CrossEntropy::new().unreduced(x, y));
        refuses "on two tapes": across(|x, y| CrossEntropy::new().unreduced(x, y));
    }
    loss::loss_fn { refuses "on two tapes": across(loss_fn(|x, y| x + y)); }
    Loss::reduced { refuses "[2] × [1]": at([[1.0, 2.0].into(), [1.0].into()], |x, y| Squared.reduced(x, y, Reduction::Sum)); }
    CrossEntropy::reduced { refuses "7": of_labels(CrossEntropy::new(), [7.0, 0.0]); }
    cross_entropy::cross_entropy { refuses "7": at([ramp([1, 3]), [7.0].into()], |x, y| cross_entropy(x, y)); }
    cross_entropy::negative_log_likelihood { refuses "7": at([ramp([1, 3]), [7.0].into()], |x, y| negative_log_likelihood(x, y)); }
    Hinge::unreduced {
        refuses "sample 0 is 0": loss(Hinge, [1.0], [0.0]);
        refuses "NaN": loss(Hinge, [1.0], [NAN]);
        refuses "[1] × [2]": loss(Hinge, [1.0], [1.0, 1.0]);
        refuses "on two tapes": across(|x, y| Hinge.unreduced(x, y));
    }
    SquaredHinge::unreduced { refuses "sample 0 is 2": loss(SquaredHinge, [1.0], [2.0]); }
    MulticlassHinge::unreduced {
        refuses "3": loss(MulticlassHinge, ramp([1, 3]), [3.0]);
        refuses "NaN": loss(MulticlassHinge, ramp([1, 3]), [NAN]);
        refuses "[2, 3] × [3]": loss(MulticlassHinge, ramp([2, 3]), [0.0; 3]);
        refuses "on two tapes": across(|x, y| MulticlassHinge.unreduced(x, y));
    }
    OneVsRestHinge::unreduced { refuses "-1": loss(OneVsRestHinge, ramp([1, 3]), [-1.0]); refuses "memory": of_two([&[HUGE, 3], &[HUGE]], |x, y| OneVsRestHinge.unreduced(x, y)); }
    hinge::hinge { refuses "sample 0 is 0": at([[1.0].into(), [0.0].into()], |x, y| hinge(x, y)); }
    hinge::squared_hinge { refuses "sample 0 is 0": at([[1.0].into(), [0.0].into()], |x, y| squared_hinge(x, y)); }
    hinge::multiclass_hinge { refuses "3": at([ramp([1, 3]), [3.0].into()], |x, y| multiclass_hinge(x, y)); }
    hinge::one_vs_rest_hinge { refuses "3": at([ramp([1, 3]), [3.0].into()], |x, y| one_vs_rest_hinge(x, y)); }
    BinaryLog::unreduced {
        refuses "sample 0 is -1": loss(BinaryLog::default(), [1.0], [-1.0]);
        refuses "[1] × [2]": loss(BinaryLog::default(), [1.0], [1.0, 1.0]);
        refuses "NaN": loss(BinaryLog { positive_weight: NAN }, [1.0], [1.0]);
        refuses "-1": loss(BinaryLog { positive_weight: -1.0 }, [1.0], [1.0]);
    }
    KlDivergence::unreduced { refuses "sample 0 at [0] is 2": loss(KlDivergence, [[1.0]], [[2.0]]); refuses "[1, 1] × [1]": loss(KlDivergence, [[1.0]], [1.0]); }
    log::binary_log { refuses "sample 0 is 2": at([[1.0].into(), [2.0].into()], |x, y| binary_log(x, y)); }
    log::kl_divergence { refuses "NaN": at([[[1.0]].into(), [[NAN]].into()], |x, y| kl_divergence(x, y)); }
    Squared::unreduced { refuses "[1] × [2]": loss(Squared, [1.0], [1.0, 1.0]); refuses "on two tapes": across(|x, y| Squared.unreduced(x, y)); accepts: loss(Squared, [INF], [NAN]); }
    Absolute::unreduced { refuses "[1, 1] × [1]": loss(Absolute, [[1.0]], [1.0]); refuses "memory": of_two([&[HUGE], &[HUGE]], |x, y| Absolute.unreduced(x, y)); }
    Huber::unreduced {
        refuses "NaN": loss(Huber { delta: NAN }, [1.0], [1.0]);
        refuses "-1": loss(Huber { delta: -1.0 }, [1.0], [1.0]);
        refuses "0": loss(Huber { delta: 0.0 }, [1.0], [2.0]);
        refuses "[1] × [2]": loss(Huber::default(), [1.0], [1.0, 1.0]);
    }
    regression::squared { refuses "[0] × [1]": at([ramp([0]), [1.0].into()], |x, y| squared(x, y)); }
    regression::absolute { refuses "[0] × [1]": at([ramp([0]), [1.0].into()], |x, y| absolute(x, y)); }
    regression::huber { refuses "-inf": at([[1.0].into(), [1.0].into()], |x, y| huber(x, y, -INF)); }

    classes::zero_one {
        refuses "[3]": zero_one(&ramp([2, 3]), &[0.0; 3].into());
        refuses "sample": zero_one(&ramp([0, 3]), &ramp([0]));
        refuses "3": zero_one(&ramp([1, 3]), &[3.0].into());
        refuses "NaN": zero_one(&ramp([1, 3]), &[NAN].into());
        refuses "[2]": zero_one(&ramp([2]), &[0.0; 2].into());
        accepts: zero_one(&Tensor::full([2, 3], NAN), &[0.0; 2].into());
        refuses "0": zero_one(&ramp([1, 0]), &[0.0].into());
    }
    classes::accuracy { refuses "-1": accuracy(&ramp([1, 3]), &[-1.0].into()); }
    classes::top_k_accuracy {
        refuses "0": top_k_accuracy(&ramp([1, 3]), &[1.0].into(), 0);
        refuses "18446744073709551615": top_k_accuracy(&ramp([1, 3]), &[1.0].into(), MAX);
    }
    ConfusionMatrix::new {
        refuses "16777216": ConfusionMatrix::new(1 << 24).add(&ramp([1, 3]), &[0.0].into());
        refuses "18446744073709551615": ConfusionMatrix::new(MAX).add(&ramp([1, 3]), &[0.0].into());
        returns: ConfusionMatrix::new(0).to_string();
    }
    ConfusionMatrix::add {
        refuses "3": ConfusionMatrix::new(3).add(&ramp([1, 3]), &[3.0].into());
        refuses "2": ConfusionMatrix::new(2).add(&ramp([1, 3]), &[0.0].into());
        refuses "NaN": ConfusionMatrix::new(3).add(&Tensor::full([1, 3], NAN), &[0.0].into());
        refuses "0": ConfusionMatrix::new(0).add(&ramp([1, 0]), &[0.0].into());
    }
    ConfusionMatrix::count { returns: ConfusionMatrix::new(3).count(MAX, MAX); returns: ConfusionMatrix::new(1 << 20).count(MAX, 1 << 20); }
    ConfusionMatrix::precision { refuses "nothing": ConfusionMatrix::new(3).precision(MAX); refuses "nothing": ConfusionMatrix::new(0).precision(0); }
    ConfusionMatrix::recall { refuses "nothing": ConfusionMatrix::new(3).recall(MAX); }
    errors::mean_squared_error { refuses "[1]": mean_squared_error(&ramp([1]), &ramp([2])); refuses "0": mean_squared_error(&ramp([0]), &ramp([0])); }
    errors::mean_absolute_error { refuses "[1, 1]": mean_absolute_error(&ramp([1]), &ramp([1, 1])); }

    ensemble::average { refuses "prediction": average::<f64>(&[]); refuses "[2]": average(&[ramp([2]), ramp([3])]); }
    ensemble::vote {
        refuses "prediction": vote::<f64>(&[]);
        refuses "[2]": vote(&[ramp([2])]);
        refuses "[2, 3]": vote(&[ramp([2, 2]), ramp([2, 3])]);
        returns: vote(&[ramp([2, 0])]);
        returns: vote(&[Tensor::full([2, 2], NAN)]);
    }
    Trained::predict { refuses "axis 9": broken().predict(&ramp([2])); }
    bagging::bag {
        refuses "sample": bag(&data(0), 3, 0, |_, _| Ok(member()));
        refuses "18446744073709551615": bag(&data(2), MAX, 0, |_, _| Err::<Trained<f64, ()>, _>(Error::InvalidInput { what: "fit", reason: MAX.to_string() }));
        returns: bag(&data(2), 0, u64::MAX, |_, _| Ok(member()));
    }
    Bag::average { refuses "ensemble": Bag { members: Vec::<Trained<f64, Tanh>>::new() }.average(&ramp([1, 2])); refuses "axis 9": Bag { members: vec![broken()] }.average(&ramp([1, 2])); }
    Bag::vote { refuses "ensemble": Bag { members: Vec::<Trained<f64, Tanh>>::new() }.vote(&ramp([1, 2])); refuses "[2]": Bag { members: vec![member()] }.vote(&ramp([2])); }
    AdaBoost::fit {
        refuses "sample": AdaBoost::fit(&data(0), 3, |_, _, _| Ok(member()));
        refuses "0": AdaBoost::fit(&data(2), 0, |_, _, _| Ok(member()));
        refuses "axis 9": AdaBoost::fit(&data(2), MAX, |_, _, _| Ok(broken()));
    }
    AdaBoost::vote { refuses "[2]": fitted().vote(&ramp([2])); }
    GradientBoosting::new {
        refuses "NaN": boost([0.0, 0.0], NAN, 3, 1);
        refuses "-1": boost([0.0, 0.0], -1.0, 3, 1);
        refuses "0": boost([0.0, 0.0], 0.0, 3, 1);
        refuses "inf": boost([0.0, 0.0], INF, 3, 1);
        refuses "[1, 1]": boosting([[0.0]], 0.1).predict(&ramp([3, 2]));
        refuses "NaN": boosting([NAN], 0.1).predict(&ramp([3, 2]));
    }
    GradientBoosting::boost {
        refuses "at fault": boost_once(HUGE);
        refuses "at fault": boost_once(MAX);
        refuses "[3, 2]": boost([0.0], 0.1, 3, 1);
        returns: boost([0.0, 0.0], 0.1, 0, 1);
        returns: boost([0.0, 0.0], 0.1, 3, 0);
        returns: boost(ramp([0]), 0.1, 3, 1);
    }
    GradientBoosting::predict { returns: boosting(ramp([0]), 0.1).predict(&ramp([3, 2])); returns: boosting([0.0], 0.1).predict(&ramp([])); refuses "memory": boosting(ramp([100_000]), 0.1).predict(&ramp([100_000, 1])); }
    monte_carlo::monte_carlo {
        refuses "passes is 0": monte_carlo(&Params::default(), &Tanh, &ramp([2]), 0);
        refuses "axis 9": monte_carlo(&Params::default(), &Softmax { axis: 9 }, &ramp([2]), u64::MAX);
    }

    Initial::variance {
        returns: every_initial().into_iter().map(|initial| initial.variance(&[])).sum::<f64>();
        returns: every_initial().into_iter().map(|initial| initial.variance(&[MAX, MAX, MAX, MAX])).sum::<f64>();
        returns: every_initial().into_iter().map(|initial| initial.variance(&[0, 0, 0])).sum::<f64>();
    }
    Initial::fill {
        returns: fill_all(&[]);
        returns: fill_all(&[0, 3]);
        returns: fill_all(&[3, 0]);
        returns: fill_all(&[2, 3, 0, 2]);
        returns: fill_all(&[5, 3, 2]);
        returns: fill_all(&[1]);
        returns: every_initial().into_iter().map(|initial| fill(initial, &[3, 2], 5).len()).sum::<usize>();
        returns: every_initial().into_iter().map(|initial| fill(initial, &[MAX, MAX], 4).len()).sum::<usize>();
        returns: every_initial().into_iter().map(|initial| fill(initial, &[0, 0], 4).len()).sum::<usize>();
        returns: every_initial().into_iter().map(|initial| fill(initial, &[2, 2, 3], 7).len()).sum::<usize>();
    }
    Activation::gain { returns: Activation::ALL.iter().map(|activation| activation.gain()).sum::<f64>(); }
    lsuv::lsuv {
        accepts: lsuv_of(0, &ramp([2, 2]), |_| vec![]);
        refuses "layer 0: there is no output": lsuv_of(1, &ramp([2, 2]), |_| vec![]);
        refuses "layer 0: its output has variance 0": lsuv_of(1, &Tensor::full([2], 1.0), |x| vec![x]);
        refuses "layer 0: its output has variance NaN": lsuv_of(1, &[NAN].into(), |x| vec![x]);
        refuses "layer 0": lsuv_of(1, &ramp([2, 2]), |x| vec![x]);
        refuses "layer 0": lsuv_of(1, &ramp([0]), |x| vec![x]);
        refuses "other Params": lsuv(&mut model().0, &[other().1], &ramp([4]), |x| vec![x]);
    }
    Activation::forward {
        accepts: Activation::ALL.iter().try_for_each(|&a| extreme(|x| a.forward(x)).map(drop));
        accepts: Activation::ALL.iter().try_for_each(|&a| of([0, HUGE], |x| a.forward(x)).map(drop));
        refuses "nothing": Activation::ALL.iter().find_map(|&a| of([HUGE], |x| a.forward(x)).ok());
    }
}

/// A boosted member that errs on some.
fn fitted() -> AdaBoost<f64, Option<Tanh>> {
    let data = Dataset::new(ramp([3, 2]), &[1, 1, 0]).unwrap();
    AdaBoost::fit(&data, 1, |_, _, _| Ok(member())).unwrap()
}
