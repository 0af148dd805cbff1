//! Derivatives and gradients as values of a recording agree with those that `transform` computes, and have exact gradients.

use autodiff::{Dual, Mode, Params, Real, Tape, Tensor, Var, check, transform};

/// A function of one array, in any scalar.
fn bent<'t, T: Real>(x: Var<'t, T>) -> Var<'t, T> {
    (x.sin() * x).exp().cumsum(0) * x.tanh()
}

fn point() -> Tensor<f64> {
    Tensor::from_fn([3, 2], |k| k as f64 * 0.3 - 0.7)
}

fn direction() -> Tensor<f64> {
    Tensor::from_fn([3, 2], |k| 1.0 - k as f64 * 0.4)
}

fn assert_close(found: &Tensor<f64>, expected: &Tensor<f64>) {
    assert_eq!(found.shape(), expected.shape());
    for (found, expected) in found.data().iter().zip(expected.data()) {
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} is not {expected}");
    }
}

#[test]
fn derivatives_are_those_of_forward_mode() {
    let (params, mut tape) = (Params::default(), Tape::new());
    let t = tape.start(&params, Mode::Train);
    let (x, v) = (t.variable(&point()), t.input(&direction()));
    let [y, slope] = t.derivatives(x, v, [], |_, x, []| bent(x));
    let (value, tangent) = transform::jvp(bent, &point(), &direction()).unwrap();
    assert_close(&y.value().unwrap(), &value);
    assert_close(&slope.value().unwrap(), &tangent);
    let w = t.input(&point());
    let [y, along_v, along_w, both] = t.second_derivatives(x, [v, w], [], |_, x, []| bent(x));
    assert_close(&y.value().unwrap(), &value);
    assert_close(&along_v.value().unwrap(), &tangent);
    assert_close(&along_w.value().unwrap(), &transform::jvp(bent, &point(), &point()).unwrap().1);
    // The derivative along w of that along v, by forward mode over the first.
    fn first(x: Var<'_, Dual<f64>>) -> Var<'_, Dual<f64>> {
        let v = x.recording().constant(&Tensor::from_fn([3, 2], |k| Dual::new(direction().data()[k], 0.0)));
        x.recording().derivatives(x, v, [], |_, x, []| bent(x))[1]
    }
    let (value, tangent) = transform::jvp(first, &point(), &point()).unwrap();
    assert_close(&along_v.value().unwrap(), &value);
    assert_close(&both.value().unwrap(), &tangent);
}

#[test]
fn a_gradient_is_that_of_reverse_mode_and_its_gradient_the_hessian() {
    let (params, mut tape) = (Params::default(), Tape::new());
    let t = tape.start(&params, Mode::Train);
    let (x, v) = (t.variable(&point()), t.input(&direction()));
    let [slope] = t.gradient([x], [], |_, [x], []| bent(x).sum(..));
    let [expected] = transform::grad(|[x]| bent(x).sum(..), [&point()]).unwrap();
    assert_close(&slope.value().unwrap(), &expected);
    let mut grads = params.gradients();
    (slope * v).sum(..).backward(&mut grads).unwrap();
    let product = transform::hvp(|x| bent(x).sum(..), &point(), &direction()).unwrap();
    assert_close(&grads.of(x).unwrap(), &product);
}

fn three() -> [Tensor<f64>; 3] {
    [point(), direction(), Tensor::from_fn([2], |k| 0.5 + k as f64)]
}

#[test]
fn the_checker_finds_nothing_in_derivatives() {
    check::function(
        |[x, v, a]| {
            let [y, slope] = x.recording().derivatives(x, v, [a], |_, x, [a]| bent(x * a));
            y * 0.5 + slope
        },
        three(),
    )
    .unwrap()
    .assert();
}

#[test]
fn the_checker_finds_nothing_in_second_derivatives() {
    check::function(
        |[x, v, a]| {
            let [y, along_v, along_x, both] = x.recording().second_derivatives(x, [v, x], [a], |_, x, [a]| bent(x * a));
            y * along_v + along_x * both
        },
        three(),
    )
    .unwrap()
    .assert();
}

#[test]
fn the_checker_finds_nothing_in_gradients() {
    check::function(
        |[x, w, a]| {
            let [of_x, of_w] = x.recording().gradient([x, w], [a], |_, [x, w], [a]| bent(x * a + w * w).sum(..));
            of_x * of_w + x
        },
        three(),
    )
    .unwrap()
    .assert();
}
