//! Twenty steps of sharpness-aware minimization against those that `sam.py` wrote down, and what it leaves as it was.

use autodiff::{Error, Gradients, Mode, Params, Tape, Tensor};
use optim::{Adam, Optimizer, ParamGroup, Rule, Sam, Sgd};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    rho: f64,
    losses: Vec<f64>,
    steps: Vec<Vec<f64>>,
}

fn model() -> Params<f64> {
    let mut params = Params::new(0);
    params.scope("p").parameter("first", [3], |values, _| values.copy_from_slice(&[1.5, -0.7, 0.2]));
    params.scope("p").parameter("second", [2], |values, _| values.copy_from_slice(&[-2.0, 0.9]));
    params
}

fn loss(params: &Params<f64>, grads: &mut Gradients<f64>) -> Result<f64, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let p = t.concatenate([t.param(params.id("p.first")?), t.param(params.id("p.second")?)], 0);
    let tilt = t.input(&Tensor::from_fn([5], |k| 0.3 * (k as f64 - 2.0)));
    let loss = (p.square().square() * 0.25 - p.square() * 0.5 + tilt * p).sum(..);
    loss.backward(grads)?;
    loss.item()
}

fn assert_follows<R: Rule<f64>>(case: &Case, mut optimizer: Optimizer<f64, R>) {
    let (mut params, mut sam) = (model(), Sam::new(case.rho));
    for (expected_loss, expected) in case.losses.iter().zip(&case.steps) {
        let found = sam.step(&mut optimizer, &mut params, loss).unwrap();
        let worst = params.flat().iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-12 && (found - expected_loss).abs() < 1e-12, "{} {}: {worst:.1e}", case.name, case.rho);
    }
}

#[test]
fn sharpness_aware_steps_agree_with_pytorch() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("sam.json")).unwrap();
    for case in &cases {
        match case.name.as_str() {
            "sgd" => assert_follows(case, Sgd::new(0.02).momentum(0.9)),
            _ => assert_follows(case, Adam::new(0.1)),
        }
    }
}

fn fault() -> Error {
    Error::InvalidInput { what: "loss", reason: "at fault".into() }
}

#[test]
fn an_error_or_a_panic_in_either_evaluation_leaves_every_bit() {
    for failing in [1, 2] {
        let (mut params, mut sgd, mut sam) = (model(), Sgd::new(0.1).momentum(0.9), Sam::new(0.3));
        let mut count = 0;
        let error = sam.step(&mut sgd, &mut params, |params, grads| {
            count += 1;
            if count == failing { Err(fault()) } else { loss(params, grads) }
        });
        assert_eq!(error.unwrap_err().to_string(), "loss: at fault");
        let mut count = 0;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sam.step(&mut sgd, &mut params, |params, grads| {
                count += 1;
                assert!(count < failing, "at fault");
                loss(params, grads)
            })
        }));
        assert!(panicked.is_err());
        assert_eq!((params.flat(), params.step(), sgd.steps()), (model().flat(), 0, 0));
        // And a step after it is as the first.
        sam.step(&mut sgd, &mut params, loss).unwrap();
        let (mut again, mut fresh) = (model(), Sgd::new(0.1).momentum(0.9));
        Sam::new(0.3).step(&mut fresh, &mut again, loss).unwrap();
        assert_eq!((params.flat(), params.step()), (again.flat(), 1));
    }
}

#[test]
fn gradients_that_are_not_filled_or_not_finite_are_refused() {
    let refused = |evaluate: fn(&Params<f64>, &mut Gradients<f64>) -> Result<f64, Error>| {
        let (mut params, mut sgd) = (model(), Sgd::new(0.1));
        let message = Sam::new(0.1).step(&mut sgd, &mut params, evaluate).unwrap_err().to_string();
        assert_eq!((params.flat(), sgd.steps()), (model().flat(), 0));
        message
    };
    assert!(refused(|_, _| Ok(1.0)).starts_with("gradients: no backward pass"));
    let nan = refused(|params, grads| {
        loss(params, grads)?;
        grads.flat_mut()[3] = f64::NAN;
        Ok(1.0)
    });
    assert_eq!(nan, "parameter p.second: its gradient is NaN at index [0]");
}

#[test]
fn frozen_parameters_stay_where_they_are_in_both_evaluations() {
    let (mut params, mut seen) = (model(), Vec::new());
    let mut sgd = Sgd::new(0.1).group("p.second", ParamGroup::frozen());
    let step = Sam::new(0.3).step(&mut sgd, &mut params, |params, grads| {
        seen.push(params.flat().to_vec());
        let value = loss(params, grads);
        grads.flat_mut()[4] = f64::INFINITY;
        value
    });
    step.unwrap();
    assert_eq!((&seen[1][3..], &params.flat()[3..]), (&[-2.0, 0.9][..], &[-2.0, 0.9][..]));
    let moved = seen[1].iter().zip(&seen[0]).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
    assert!((moved - 0.3).abs() < 1e-12, "{moved}");
}

#[test]
fn state_updates_are_those_of_the_parameters_as_they_are() {
    let mut params = Params::<f64>::new(0);
    let w = params.scope("p").parameter("w", [1], |values, _| values.fill(2.0));
    let mean = params.scope("p").state("mean", &Tensor::from([0.0]));
    let mut sgd = Sgd::new(0.1);
    let step = Sam::new(0.5).step(&mut sgd, &mut params, |params, grads| {
        let mut tape = Tape::new();
        let t = tape.start(params, Mode::Train);
        t.update(mean, t.param(w) * 10.0);
        let loss = t.param(w).square().sum(..);
        loss.backward(grads)?;
        loss.item()
    });
    step.unwrap();
    assert_eq!(params.state(mean).unwrap().data(), [20.0]);
    assert!((params.flat()[0] - 1.5).abs() < 1e-12);
}
