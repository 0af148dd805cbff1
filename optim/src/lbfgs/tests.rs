use autodiff::{Mode, ParamId, Tape};

use super::*;

/// Parameters of these values.
fn at(values: &[f64]) -> (Params<f64>, ParamId) {
    let mut params = Params::new(0);
    let id = params.scope("p").parameter("value", [values.len()], |own, _| own.copy_from_slice(values));
    (params, id)
}

/// Rosenbrock's function of two or more numbers, and its gradient.
fn rosenbrock(params: &Params<f64>, grads: &mut Gradients<f64>) -> Result<f64, Error> {
    let (x, g) = (params.flat(), grads.flat_mut());
    g.fill(0.0);
    let mut value = 0.0;
    for k in 0..x.len() - 1 {
        let (bend, off) = (x[k + 1] - x[k] * x[k], 1.0 - x[k]);
        value += 100.0 * bend * bend + off * off;
        g[k] -= 400.0 * x[k] * bend + 2.0 * off;
        g[k + 1] += 200.0 * bend;
    }
    Ok(value)
}

#[test]
fn steps_one_by_one_are_those_of_a_descent() {
    let (mut params, _) = at(&[-1.2, 1.0]);
    let mut again = params.clone();
    let mut lbfgs = Lbfgs::new().history(3);
    let descent = lbfgs.minimize(&mut params, rosenbrock).unwrap();
    assert_eq!(descent.ended, Ended::Gradient);
    let mut steps = 0;
    let last = loop {
        let step = lbfgs.step(&mut again, rosenbrock).unwrap();
        if step.ended != Ended::MaxIterations {
            break step;
        }
        steps += 1;
    };
    // The step that converges is the last, or one that finds the gradient small where it starts.
    assert_eq!(steps + last.iterations, descent.iterations);
    assert_eq!((last.value, last.gradient_norm), (descent.value, descent.gradient_norm));
    assert_eq!((again.flat(), again.step()), (params.flat(), params.step()));
    assert_eq!(params.step(), descent.iterations as u64);
}

#[test]
fn it_resumes_from_its_pairs_with_the_same_bits() {
    let (mut params, _) = at(&[-1.2, 1.0, 0.3]);
    let mut lbfgs = Lbfgs::new().history(4);
    (0..7).for_each(|_| {
        lbfgs.step(&mut params, rosenbrock).unwrap();
    });
    let saved: Vec<[Vec<f64>; 2]> = lbfgs.pairs().map(|pair| pair.map(|values| values.flat().to_vec())).collect();
    assert_eq!(saved.len(), 4);
    let mut resumed = Lbfgs::new().history(4);
    resumed.resume(&params, saved.iter().map(|[step, change]| [&step[..], &change[..]])).unwrap();
    let mut again = params.clone();
    for _ in 0..5 {
        let (one, other) = (lbfgs.step(&mut params, rosenbrock), resumed.step(&mut again, rosenbrock));
        assert_eq!((one, params.flat()), (other, again.flat()));
    }
    let refused = |pair: [&[f64]; 2]| Lbfgs::new().resume(&params, [pair]).unwrap_err().to_string();
    assert_eq!(refused([&[1.0; 3], &[1.0; 2]]), "lbfgs: pair 0 has 2 values, the parameters 3");
    assert_eq!(refused([&[1.0; 3], &[-1.0; 3]]), "lbfgs: pair 0 has no positive curvature");
}

#[test]
fn a_shorter_history_is_kept_from_the_next_step_on() {
    let (mut params, _) = at(&[-1.2, 1.0, 0.3]);
    let mut lbfgs = Lbfgs::new();
    (0..6).for_each(|_| {
        lbfgs.step(&mut params, rosenbrock).unwrap();
    });
    let mut lbfgs = lbfgs.history(2);
    lbfgs.step(&mut params, rosenbrock).unwrap();
    assert_eq!(lbfgs.pairs().count(), 2);
}

#[test]
fn an_error_leaves_the_parameters_where_the_last_iteration_ended() {
    for failing in 1..30 {
        let (mut params, _) = at(&[-1.2, 1.0]);
        let mut count = 0;
        let mut visited = Vec::new();
        let result = Lbfgs::new().minimize(&mut params, |params, grads| {
            count += 1;
            visited.push(params.flat().to_vec());
            if count == failing {
                return Err(Error::InvalidInput { what: "loss", reason: "at fault".into() });
            }
            rosenbrock(params, grads)
        });
        assert_eq!(result.unwrap_err().to_string(), "loss: at fault");
        assert!(failing == 1 || visited[..failing - 1].iter().any(|point| point == params.flat()), "{failing}");
        let value = rosenbrock(&params, &mut params.gradients()).unwrap();
        assert!(value <= 24.2 + 1e-9, "{failing}: {value}");
    }
}

#[test]
fn a_panic_leaves_the_parameters_where_they_were() {
    let (mut params, _) = at(&[-1.2, 1.0]);
    let mut count = 0;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Lbfgs::new().minimize(&mut params, |params, grads| {
            count += 1;
            assert!(count < 2, "at fault");
            rosenbrock(params, grads)
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(params.flat(), [-1.2, 1.0]);
}

#[test]
fn it_says_why_it_ended() {
    let run = |lbfgs: Lbfgs<f64>, start: &[f64]| lbfgs.minimize(&mut at(start).0, rosenbrock).unwrap();
    let limited = run(Lbfgs::new().max_iterations(3), &[-1.2, 1.0]);
    assert_eq!((limited.ended, limited.iterations), (Ended::MaxIterations, 3));
    let at_minimum = run(Lbfgs::new(), &[1.0, 1.0]);
    assert_eq!((at_minimum.ended, at_minimum.iterations, at_minimum.evaluations), (Ended::Gradient, 0, 1));
    let coarse = run(Lbfgs::new().value_tolerance(0.5).gradient_tolerance(0.0), &[-1.2, 1.0]);
    assert_eq!(coarse.ended, Ended::Value);
    // A gradient of the wrong sign.
    let uphill = Lbfgs::new().minimize(&mut at(&[-1.2, 1.0]).0, |params, grads| {
        let value = rosenbrock(params, grads)?;
        grads.flat_mut().iter_mut().for_each(|g| *g = -*g);
        Ok(value)
    });
    assert_eq!(uphill.unwrap().ended, Ended::NoDecrease);
    // To the last bit.
    let exact = run(Lbfgs::new().value_tolerance(0.0).gradient_tolerance(0.0), &[-1.2, 1.0]);
    assert!(exact.value < 1e-20 && exact.iterations < 60, "{exact:?}");
}

#[test]
fn a_function_without_a_minimum_ends_at_the_limit_or_where_it_overflows() {
    let (mut params, id) = at(&[1.0]);
    let mut tape = Tape::new();
    let descent = Lbfgs::new().minimize(&mut params, |params, grads| {
        let t = tape.start(params, Mode::Train);
        let value = -t.param(id).square().sum(..);
        value.backward(grads)?;
        value.item()
    });
    let descent = descent.unwrap();
    assert!(!descent.ended.is_converged() && descent.value < -1e40, "{descent:?}");
    assert!(params.flat()[0].is_finite());
}

#[test]
fn in_f32_it_ends_at_the_precision_of_the_value() {
    let mut params = Params::<f32>::new(0);
    let id = params.scope("p").parameter("value", [2], |values, _| values.copy_from_slice(&[-1.2, 1.0]));
    let mut tape = Tape::new();
    let descent = Lbfgs::new().minimize(&mut params, |params, grads| {
        let t = tape.start(params, Mode::Train);
        let (x, y) = (t.param(id).index(0, 0), t.param(id).index(0, 1));
        let value = (1.0 - x).square() + (y - x.square()).square() * 100.0 + 7.0;
        value.backward(grads)?;
        value.item()
    });
    let descent = descent.unwrap();
    assert!((descent.value - 7.0).abs() < 1e-6 && descent.evaluations < 150, "{descent:?}");
}
