//! Right operations that a gradient checker is tempted to accuse: each passes, or is undecided with its reason.

use autodiff::check::{self, Check, Report};
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, accumulate, expect_inputs, for_each_block};
use autodiff::{Real, Shape, Tensor, scalar_op};

fn of<T: Real>(x: f64) -> T {
    T::from_f64(x)
}

scalar_op! { Wiggle, |x| x * (T::ONE / x).sin(), |_z| [(T::ONE / x).sin() - (T::ONE / x).cos() / x] }
scalar_op! { Steep, |x| (of::<T>(1e4) * x).sigmoid(), |z| [of::<T>(1e4) * z * (T::ONE - z)] }
scalar_op! { FastSine, |x| (of::<T>(1e3) * x).sin(), |_z| [of::<T>(1e3) * (of::<T>(1e3) * x).cos()] }
scalar_op! { Swish, |x| x * (of::<T>(30.0) * x).sigmoid(), |_z| [{
    let s = (of::<T>(30.0) * x).sigmoid();
    s + of::<T>(30.0) * x * s * (T::ONE - s)
}] }
scalar_op! { Versine, |x| (T::ONE - x.cos()) / (x * x), |_z| [{
    // Its series: the quotient cancels near 0.
    let y = x * x;
    if y < of(1e-2) { x * (of::<T>(-1.0 / 12.0) + y * (of::<T>(1.0 / 180.0) - y * of(1.0 / 6720.0))) }
    else { x.sin() / y - of::<T>(2.0) * (T::ONE - x.cos()) / (y * x) }
}] }
scalar_op! { Branches, |x| if x > T::ZERO { x } else { -x }, |_z| [if x < T::ZERO { -T::ONE } else { T::ONE }] }
scalar_op! { Root, |x| x.sqrt(), |z| [of::<T>(0.5) / z] }
scalar_op! { Logarithm, |x| x.ln(), |_z| [T::ONE / x] }
scalar_op! { Reciprocal, |x| T::ONE / x, |z| [-(z * z)] }
scalar_op! { Growth, |x| (of::<T>(20.0) * x).exp(), |z| [of::<T>(20.0) * z] }
scalar_op! { Offset, |x| of::<T>(1e8) + x, |_z| [T::ONE] }
scalar_op! { Rectified, |x| x.maximum(T::ZERO), |_z| [if x > T::ZERO { T::ONE } else { T::ZERO }] }
scalar_op! { Angle, |y, x| (y / x).atan(), |_z| [x / (x * x + y * y), -y / (x * x + y * y)] }

/// ∛x, of either sign.
#[derive(Clone, Debug)]
struct CubeRoot;

/// ln Γ(x) by Stirling's series after a shift, with the digamma function.
#[derive(Clone, Debug)]
struct LogGamma;

fn cube_root<T: Real>(x: T) -> T {
    let root = x.abs().powf(1.0 / 3.0);
    if x < T::ZERO { -root } else { root }
}

fn log_gamma<T: Real>(mut x: T) -> T {
    let mut shift = T::ZERO;
    while x < of(12.0) && x > T::ZERO {
        shift += x.ln();
        x += T::ONE;
    }
    let y = T::ONE / (x * x);
    let series =
        (of::<T>(1.0 / 12.0) - y * (of::<T>(1.0 / 360.0) - y * (of::<T>(1.0 / 1260.0) - y * of(1.0 / 1680.0)))) / x;
    (x - of(0.5)) * x.ln() - x + of(0.918_938_533_204_672_7) + series - shift
}

fn digamma<T: Real>(mut x: T) -> T {
    let mut shift = T::ZERO;
    while x < of(12.0) && x > T::ZERO {
        shift += T::ONE / x;
        x += T::ONE;
    }
    let y = T::ONE / (x * x);
    let series =
        y * (of::<T>(1.0 / 12.0) - y * (of::<T>(1.0 / 120.0) - y * (of::<T>(1.0 / 252.0) - y * of(1.0 / 240.0))));
    x.ln() - of::<T>(0.5) / x - series - shift
}

/// An elementwise operation by a function and its derivative.
macro_rules! elementwise {
    ($name:ident, $value:expr, $slope:expr) => {
        impl<T: Real> Op<T> for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                expect_inputs::<1>(inputs).map(|[x]| x.clone())
            }
            fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                for_each_block([inputs.view(0)], |first, [x]| {
                    output[first..].iter_mut().zip(x).for_each(|(y, &x)| *y = $value(x));
                });
            }
            fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                let Some(grad) = grads.view(0) else { return };
                accumulate([at.inputs.view(0)], grad, |first, [x], sums| {
                    for ((sum, &x), &g) in sums.iter_mut().zip(x).zip(&cotangent[first..]) {
                        *sum += g * $slope(x);
                    }
                });
            }
        }
    };
}

elementwise!(CubeRoot, cube_root::<T>, |x: T| T::ONE / (of::<T>(3.0) * cube_root(x) * cube_root(x)));
elementwise!(LogGamma, log_gamma::<T>, digamma::<T>);

/// The report, which must have no finding; what it says besides is compared with the words expected.
fn not_accused(what: &str, report: Report, said: &[&str]) {
    assert!(report.passed(), "{what}: {report}");
    let text = report.to_string();
    for words in said {
        assert!(text.contains(words), "{what} is to say {words:?}: {report}");
    }
}

#[test]
fn operations_that_bend_fast_or_cancel_are_not_accused() {
    let near = || Tensor::from([0.003, 0.01, -0.02, 0.3]);
    let tiny = || Tensor::from([1e-5, -2e-6, 3e-4, 0.7]);
    let check = |op: &dyn autodiff::op::AnyScalar, x: Tensor<f64>| check::op(op, [x]).unwrap();
    not_accused("x sin(1/x)", check(&Wiggle, near()), &[]);
    not_accused("sigmoid of slope 1e4", check(&Steep, tiny()), &[]);
    not_accused("cube root", check(&CubeRoot, tiny()), &[]);
    not_accused("cube root at 1e-12", check(&CubeRoot, [1e-12, -1e-9].into()), &[]);
    not_accused("log-gamma", check(&LogGamma, [0.3, 1.0, 2.5, 40.0].into()), &[]);
    not_accused("sin(1000 x)", check(&FastSine, near()), &["warning: right at"]);
    not_accused("x σ(30 x)", check(&Swish, [0.3, -0.2, 1.1].into()), &["warning: right at"]);
    not_accused("(1 − cos x)/x²", check(&Versine, tiny()), &["undecided"]);
    not_accused("|x| by branches at 0", check(&Branches, [0.0, 0.5, -0.5].into()), &["kink"]);
    not_accused("sqrt near 0", check(&Root, [1e-12, 1e-4, 2.0].into()), &[]);
    not_accused("ln near 0", check(&Logarithm, [1e-12, 1e-4, 2.0].into()), &[]);
    not_accused("1/x near 0", check(&Reciprocal, [1e-6, -1e-4, 2.0].into()), &[]);
    not_accused("exp(20 x)", check(&Growth, [0.3, -0.2, 1.1].into()), &[]);
    not_accused("1e8 + x", check(&Offset, [0.3, -0.2, 1.1].into()), &[]);
    not_accused("relu at 0", check(&Rectified, [0.0, -0.2, 1.1].into()), &["kink"]);
    not_accused("atan", check::op(&Angle, [[0.1, 0.7].into(), [1e-5, -0.4].into()]).unwrap(), &[]);
}

#[test]
fn a_detached_path_is_named() {
    let line = line!() + 1;
    let report = check::function(|[x]| (x * x.detach()).sum(..), [[0.5, -1.5, 2.0].into()]).unwrap();
    let said = format!("note: the path through detach at {}:{line}:", file!());
    not_accused("x · detach(x)", report, &[&said]);
}

/// √x, or a panic outside of its domain.
#[derive(Clone, Debug)]
struct Guarded;

fn guarded<T: Real>(x: T) -> T {
    assert!((0.0..=2.0).contains(&x.to_f64()), "{x} is outside of 0..=2");
    x.sqrt()
}

elementwise!(Guarded, guarded::<T>, |x: T| of::<T>(0.5) / guarded(x));

#[test]
fn no_probe_leaves_the_bounds_of_an_input() {
    let x = || Tensor::from([0.3, 1.2, 2.0, 0.01, 1e-6]);
    Check::new().within(0, 0.0..=2.0).op(&Guarded, [x()]).unwrap().assert();
    assert!(!check::op(&Guarded, [x()]).unwrap().passed(), "without bounds, probes leave the domain");
    assert!(Check::new().within(0, 0.5..).op(&Guarded, [x()]).is_err(), "the case itself is outside");
    assert!(Check::new().within(1, 0.0..).op(&Guarded, [x()]).is_err(), "there is one input");
}
