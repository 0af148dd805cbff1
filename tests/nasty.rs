//! Right operations that a gradient checker is tempted to accuse: each passes, or is undecided with its reason.

use autodiff::check::{self, Check, Report};
use autodiff::{Real, Tensor, scalar_op};

use crate::right;

fn of<T: Real>(x: f64) -> T {
    T::from_f64(x)
}

// x sin(1/x), without a value at 0.
scalar_op! { Wiggle, |x| x * (T::ONE / x).sin(), |_z| [(T::ONE / x).sin() - (T::ONE / x).cos() / x] }
// The quotient cancels near 0, in dual numbers too; the derivative is its series there.
scalar_op! { Versine, |x| (T::ONE - x.cos()) / (x * x), |_z| [{
    let y = x * x;
    if y < of(1e-2) { x * (of::<T>(-1.0 / 12.0) + y * (of::<T>(1.0 / 180.0) - y * of(1.0 / 6720.0))) }
    else { x.sin() / y - of::<T>(2.0) * (T::ONE - x.cos()) / (y * x) }
}] }

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
    // What a report must say besides.
    let said = |name: &str| match name {
        "right: sin(1000 x)" | "right: x sigmoid(30 x)" => &["warning: right at 1e3"][..],
        "right: |x| by branches at 0" | "right: relu at 0" => &["kink"],
        _ => &[],
    };
    for right in right::all() {
        let report = check::op(&*right.op, vec![right.inputs]).unwrap();
        not_accused(right.name, report, said(right.name));
    }
    let tiny = || Tensor::from([1e-5, -2e-6, 3e-4, 0.7]);
    let near = Tensor::from([0.003, 0.01, -0.02, 0.3]);
    not_accused("x sin(1/x)", check::op(&Wiggle, [near]).unwrap(), &["warning: NaN where input 0 is 0"]);
    not_accused("(1 − cos x)/x²", check::op(&Versine, [tiny()]).unwrap(), &["undecided", "terms cancel"]);
}

#[test]
fn a_detached_path_is_named() {
    let line = line!() + 1;
    let report = check::function(|[x]| (x * x.detach()).sum(..), [[0.5, -1.5, 2.0].into()]).unwrap();
    let said = format!("note: the path through detach at {}:{line}:", file!());
    not_accused("x · detach(x)", report, &[&said]);
}

/// √x, or a panic outside of its domain.
fn guarded<T: Real>(x: T) -> T {
    assert!((0.0..=2.0).contains(&x.to_f64()), "{x} is outside of 0..=2");
    x.sqrt()
}

scalar_op! { Guarded, |x| guarded(x), |_z| [of::<T>(0.5) / guarded(x)] }

#[test]
fn no_probe_leaves_the_bounds_of_an_input() {
    let x = || Tensor::from([0.3, 1.2, 2.0, 0.01, 1e-6]);
    Check::new().within(0, 0.0..=2.0).op(&Guarded, [x()]).unwrap().assert();
    assert!(!check::op(&Guarded, [x()]).unwrap().passed(), "without bounds, probes leave the domain");
    assert!(Check::new().within(0, 0.5..).op(&Guarded, [x()]).is_err(), "the case itself is outside");
    assert!(Check::new().within(1, 0.0..).op(&Guarded, [x()]).is_err(), "there is one input");
}
