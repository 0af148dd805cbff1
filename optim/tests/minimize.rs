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
fn a_loss_that_is_no_scalar_has_the_line_of_the_call() {
    let error = refused(|x| x.square(), &[1.0, 2.0]);
    println!("{error}");
    let error = minimize(|x| x.square(), &start(&[])).unwrap_err();
    println!("{error}");
}

#[test]
fn a_start_or_a_loss_that_is_not_finite_is_refused() {
    for value in [f64::NAN, f64::INFINITY] {
        let error = refused(|x| x.square().sum(..), &[1.0, value]);
        assert_eq!(error.to_string(), format!("minimize: element 1 of the start is {value}"));
    }
    println!("{}", refused(|x| x.ln().sum(..), &[1.0, -1.0]));
    println!("{}", refused(|x| x.ln().sum(..), &[1.0, 0.0]));
    println!("{}", refused(|x| x.sqrt().sum(..), &[1.0, 0.0]));
    println!("{}", refused(|x| (x.exp() * 0.0).sum(..), &[1.0, 1000.0]));
}

#[test]
fn a_loss_that_does_not_depend_on_the_start_is_refused() {
    println!("{}", refused(|x| x.detach().sum(..), &[1.0]));
    println!("{}", refused(|x| x.greater(x * 0.0).sum(..), &[1.0]));
    let _ = Params::<f64>::new(0);
}
