//! What is wrong with a function or its start is said by `minimize`, with the line where it is.

use autodiff::{Error, Tensor, Var};
use optim::{Lbfgs, minimize};

fn start(values: &[f64]) -> Tensor<f64> {
    Tensor::from_fn([values.len()], |k| values[k])
}

fn refused(function: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>, values: &[f64]) -> Error {
    minimize(function, &start(values)).unwrap_err()
}

#[track_caller]
fn assert_at(error: &Error, line: u32) {
    let text = error.to_string();
    let (Error::Operation { location, .. } | Error::NotFinite { location, .. }) = error else { panic!("{text}") };
    assert_eq!((location.file(), location.line()), (file!(), line), "{text}");
}

#[test]
fn a_mistake_in_the_function_has_its_line() {
    let error = refused(
        |x| {
            let squared = x.square();
            (squared + x.narrow(0, 0..2)).sum(..)
        },
        &[1.0, 2.0, 3.0],
    );
    assert_at(&error, line!() - 4);
    assert!(error.to_string().contains("shapes do not broadcast: [3] × [2]"), "{error}");
    let error = refused(|x| x.index(0, 7), &[1.0]);
    assert_at(&error, line!() - 1);
    // In a function that the closure calls.
    fn outer<'t>(x: Var<'t, f64>) -> Var<'t, f64> {
        x.matmul(x).sum(..)
    }
    let error = Lbfgs::new().minimize_function(outer, &Tensor::full([2, 3], 0.5)).unwrap_err();
    assert_at(&error, line!() - 3);
}

#[test]
fn a_loss_that_is_no_scalar_or_does_not_depend_on_the_start_has_the_line_of_the_call() {
    for length in [0, 2] {
        let error = minimize(|x| x.square(), &Tensor::<f64>::full([length], 1.0)).unwrap_err();
        assert_at(&error, line!() - 1);
        assert!(
            error.to_string().contains(&format!("starts from a scalar; reduce it, or use backward_with: [{length}]"))
        );
    }
    let error = minimize(|x| x.detach().sum(..), &start(&[1.0])).unwrap_err();
    assert_at(&error, line!() - 1);
    assert!(error.to_string().starts_with("backward: nothing it depends on needs a gradient"), "{error}");
    let error = refused(|x| x.greater(x * 0.5).sum(..), &[1.0]).to_string();
    assert!(error.starts_with(&format!("gradient of greater at {}:{}", file!(), line!() - 1)), "{error}");
}

#[test]
fn a_start_that_is_not_finite_is_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let error = refused(|x| x.square().sum(..), &[1.0, value]);
        assert_eq!(error.to_string(), format!("minimize: element 1 of the start is {value}"));
    }
}

#[test]
fn an_operation_that_makes_the_loss_or_its_gradient_infinite_or_nan_at_the_start_has_its_line() {
    let error = refused(|x| x.ln().sum(..), &[1.0, -1.0]);
    assert_at(&error, line!() - 1);
    assert!(error.to_string().starts_with("ln first produced NaN in forward"), "{error}");
    let error = refused(|x| (x.exp() * 0.0).sum(..), &[1.0, 1000.0]);
    assert_at(&error, line!() - 1);
    assert!(error.to_string().starts_with("exp first produced inf in forward"), "{error}");
    let error = refused(|x| x.sqrt().sum(..), &[1.0, 0.0]);
    assert_at(&error, line!() - 1);
    assert!(error.to_string().starts_with("sqrt first produced inf in backward"), "{error}");
}

/// The first trial leads to a negative number, whose logarithm is NaN.
#[test]
fn a_trial_at_which_the_loss_is_not_finite_is_shortened() {
    let minimum = minimize(|x| (x - x.ln() * 0.01).sum(..), &start(&[0.5])).unwrap();
    assert!((minimum.point.data()[0] - 0.01).abs() < 1e-6, "{minimum:?}");
}
