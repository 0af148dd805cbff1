use autodiff::{ParamId, Params, Tensor, Var};

use super::*;
use crate::data::Dataset;
use crate::{Dropout, Linear};

/// Scores that are parameters, the same for every sample.
struct Constant {
    scores: ParamId,
}

impl Module<f64> for Constant {
    fn forward<'t>(&self, x: Var<'t, f64>) -> Var<'t, f64> {
        let samples = x.shape().map_or(0, |shape| shape[0]);
        let scores = x.recording().param(self.scores);
        scores.unsqueeze(0).broadcast_to([samples, scores.shape().map_or(0, |shape| shape[0])])
    }
}

fn constant(scores: &[f64]) -> Trained<f64, Constant> {
    let mut params = Params::new(0);
    let scores = params.scope("").parameter("scores", [scores.len()], |values, _| values.copy_from_slice(scores));
    Trained { params, model: Constant { scores } }
}

fn message<R>(result: Result<R, Error>) -> String {
    result.err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn averages_and_votes_are_those_computed_by_hand() {
    let predictions: [Tensor<f64>; 3] = [[[1.0, 0.0]].into(), [[1.0, 0.5]].into(), [[0.0, 4.0]].into()];
    assert_eq!(average(&predictions).unwrap(), [[2.0 / 3.0, 1.5]].into());
    assert_eq!(vote(&predictions).unwrap(), [[2.0, 1.0]].into());
    assert!(message(average::<f64>(&[])).contains("no predictions"));
    assert!(message(vote(&[predictions[0].clone(), [[1.0]].into()])).contains("[1, 2] and [1, 1]"));
}

#[test]
fn a_bag_draws_with_replacement_and_each_member_anew() {
    let data = Dataset::new(Tensor::from_fn([200, 1], |k| k as f64), &[0; 200]).unwrap();
    let mut drawn = Vec::new();
    let bag = bag(&data, 2, 1, |_, data| {
        drawn.push(data.features().clone());
        Ok(constant(&[drawn.len() as f64]))
    })
    .unwrap();
    assert_ne!(drawn[0], drawn[1]);
    for features in &drawn {
        let mut seen: Vec<u64> = features.data().iter().map(|x| *x as u64).collect();
        seen.sort_unstable();
        seen.dedup();
        // 1 − 1/e of 200 is 126; five standard deviations are 22.
        assert!((104..149).contains(&seen.len()), "{}", seen.len());
    }
    assert_eq!(bag.average(&[[0.0]].into()).unwrap(), [[1.5]].into());
}

#[test]
fn boosting_with_least_squares_follows_the_residuals() {
    let x: Tensor<f64> = [[0.0], [1.0]].into();
    let targets: Tensor<f64> = [[1.0], [3.0]].into();
    let mut boosting = GradientBoosting::new([0.0].into(), 0.5);
    let losses = boosting
        .boost(
            &x,
            &targets,
            3,
            |scores, targets| (scores - targets).square().sum(..) * 0.5,
            |_, _, residuals| {
                // The best constant is the mean of the residuals.
                Ok(constant(&[residuals.data().iter().sum::<f64>() / 2.0]))
            },
        )
        .unwrap();
    // Scores 0, 1, 1.5, 1.75 against 1 and 3.
    assert_eq!(losses, [5.0, 2.0, 1.25, 1.0625]);
    assert_eq!(boosting.predict(&x).unwrap(), [[1.75], [1.75]].into());
    let wrong = boosting.boost(&x, &targets, 1, |scores, _| scores.sum(..), |_, _, _| Ok(constant(&[1.0, 2.0])));
    assert!(message(wrong.map(drop)).contains("a member predicts [2, 2], the scores are [2, 1]"));
}

#[test]
fn adaboost_weighs_samples_and_members_by_their_errors() {
    let data = Dataset::new(Tensor::from_fn([5, 1], |k| k as f64), &[0, 0, 0, 0, 1]).unwrap();
    let mut seen = Vec::new();
    let boosted = AdaBoost::fit(&data, 2, |round, _, weights| {
        seen.push(weights.data().to_vec());
        Ok(if round == 0 { constant(&[1.0, 0.0]) } else { constant(&[0.0, 1.0]) })
    })
    .unwrap();
    // The first errs on one in five, which then weighs as much as the other four: the second is no better than chance.
    assert_eq!(seen[0], [1.0; 5]);
    assert!(seen[1].iter().zip([0.625, 0.625, 0.625, 0.625, 2.5]).all(|(a, b)| (a - b).abs() < 1e-12), "{seen:?}");
    let votes: Vec<f64> = boosted.members().map(|(_, vote)| vote).collect();
    assert!(votes.len() == 1 && (votes[0] - 4.0_f64.ln()).abs() < 1e-12, "{votes:?}");
    assert!(message(AdaBoost::fit(&data, 2, |_, _, _| Ok(constant(&[0.0, 1.0])))).contains("better than chance"));
    let foreign = Dataset::new(Tensor::full([2, 1], 0.0), &[0, 2]).unwrap();
    let error = message(AdaBoost::fit(&foreign, 2, |_, _, _| Ok(constant(&[1.0, 0.0]))));
    assert_eq!(error, "ensemble: the label of sample 1 is 2: must be a class, an integer in 0..2");
}

#[test]
fn passes_of_one_model_differ_and_repeat() {
    let mut params = Params::<f64>::new(1);
    let model = (Dropout::new(0.5).in_evaluation(), Linear::new(params.scope("fc"), 8, 2));
    let x = Tensor::full([3, 8], 1.0);
    let found = monte_carlo(&params, &model, &x, 20).unwrap();
    assert!(found.variance.data().iter().all(|&v| v > 0.0));
    assert_eq!(found, monte_carlo(&params, &model, &x, 20).unwrap());
    assert!(message(monte_carlo(&params, &model, &x, 0)).contains("passes is 0: must be at least 1"));
}

#[test]
fn passes_give_mean_and_biased_variance() {
    let mut params = Params::<f64>::new(1);
    let model = (Dropout::new(0.5).in_evaluation(), Linear::new(params.scope("fc"), 8, 2));
    let x = Tensor::full([1, 8], 1.0);
    let found = monte_carlo(&params, &model, &x, 5).unwrap();
    let mut tape = Tape::new();
    let outputs: Vec<f64> = (0..5)
        .map(|pass| {
            let t = tape.start(&params, Mode::Eval);
            t.set_pass(pass);
            model.forward(t.input(&x)).value().unwrap().data()[0]
        })
        .collect();
    let mean = outputs.iter().sum::<f64>() / 5.0;
    let variance = outputs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 5.0;
    assert!((found.mean.data()[0] - mean).abs() < 1e-14 && (found.variance.data()[0] - variance).abs() < 1e-14);
}

#[test]
fn data_without_samples_and_ensembles_without_members_are_rejected() {
    let empty = Dataset::<f64>::new(Tensor::full([0, 1], 0.0), &[]).unwrap();
    let some = Dataset::new(Tensor::full([2, 1], 0.0), &[0, 1]).unwrap();
    let never = |_: usize, _: &Dataset<f64>, _: &Tensor<f64>| -> Result<Trained<f64, Constant>, Error> {
        Err(invalid("a member was fitted".into()))
    };
    let no_samples = "ensemble: the data have no samples: must be at least 1";
    assert_eq!(message(AdaBoost::fit(&empty, 3, never)), no_samples);
    assert_eq!(message(AdaBoost::fit(&some, 0, never)), "rounds is 0: must be at least 1");
    let member = |_: usize, _: &Dataset<f64>| -> Result<Trained<f64, Constant>, Error> { Ok(constant(&[1.0])) };
    assert_eq!(message(bag(&empty, 2, 0, member)), no_samples);
    assert_eq!(message(bag(&some, 0, 0, member)), "count is 0: must be at least 1");
    let nobody = Bag::<f64, Constant> { members: Vec::new() };
    assert_eq!(message(nobody.vote(some.features())), "ensemble: there are no predictions");
    assert_eq!(message(nobody.average(some.features())), "ensemble: there are no predictions");
    let mut boosting = GradientBoosting::<f64, Constant>::new([0.0].into(), 0.5);
    let none =
        boosting.boost(empty.features(), empty.labels(), 3, |scores, _| scores.sum(..), |_, _, _| Ok(constant(&[0.0])));
    assert_eq!(message(none), no_samples);
}

#[test]
fn scores_with_a_nan_and_labels_without_a_class_are_rejected() {
    let nan = [[0.0, 1.0], [f64::NAN, 1.0]].into();
    assert_eq!(message(vote(&[nan])), "ensemble: a score of sample 1 is NaN: there is no largest");
    let none = vote::<f64>(&[Tensor::full([2, 0], 0.0)]);
    assert_eq!(
        message(none),
        "ensemble: predictions have shape [2, 0]: must be [samples, classes] with at least one class"
    );
    let data = Dataset::new(Tensor::full([3, 1], 0.0), &[0, 2, 1]).unwrap();
    let two_classes = AdaBoost::fit(&data, 1, |_, _, _| Ok(constant(&[1.0, 0.0])));
    assert!(message(two_classes).contains("the label of sample 1 is 2: must be a class, an integer in 0..2"));
    let undefined = AdaBoost::fit(&data, 1, |_, _, _| {
        let mut member = constant(&[1.0, 0.0, 0.0]);
        member.params.flat_mut()[2] = f64::NAN;
        Ok(member)
    });
    assert!(message(undefined).contains("a score of sample 0 is NaN"));
}

#[test]
fn more_rounds_than_there_is_memory_for_stop_when_a_fit_does() {
    let x: Tensor<f64> = [[0.0], [1.0]].into();
    for rounds in [1 << 45, usize::MAX] {
        let mut boosting = GradientBoosting::new([0.0].into(), 0.5);
        let mut fitted = 0;
        let stopped = boosting.boost(
            &x,
            &x,
            rounds,
            |scores, _| scores.square().sum(..),
            |_, _, _| {
                fitted += 1;
                if fitted == 3 { Err(invalid("enough".into())) } else { Ok(constant(&[0.0])) }
            },
        );
        assert_eq!((message(stopped), fitted, boosting.members().len()), ("ensemble: enough".into(), 3, 2));
    }
}

#[test]
fn gradient_boosting_rejects_settings_and_data_out_of_range() {
    let fit = |start: Tensor<f64>, rate: f64, features: &Tensor<f64>, scale: f64| {
        let mut boosting = GradientBoosting::new(start, rate);
        message(boosting.boost(
            features,
            features,
            1,
            |scores, _| (scores + 1.0).sum(..) * scale,
            |_, _, _| Ok(constant(&[0.0])),
        ))
    };
    let x: Tensor<f64> = [[0.0], [1.0]].into();
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(fit([0.0].into(), rate, &x, 1.0), format!("rate is {rate}: must be a positive number"));
    }
    assert!(fit(Tensor::full([0], 0.0), 0.5, &x, 1.0).contains("must be [outputs] with at least one output"));
    assert!(fit(Tensor::scalar(0.0), 0.5, &x, 1.0).contains("the start has shape []"));
    assert!(fit([0.0].into(), 0.5, &Tensor::scalar(0.0), 1.0).contains("the features are a scalar"));
    assert_eq!(fit([0.0].into(), 0.5, &x, f64::INFINITY), "ensemble: the loss is inf: must be finite");
    let endless = Tensor::full([1 << 45, 0], 0.0);
    assert!(fit([0.0].into(), 0.5, &endless, 1.0).contains("a tensor of shape [35184372088832, 1]: out of memory"));
}
