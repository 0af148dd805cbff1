//! At the extremes of the scalar no operation invents a NaN.

use autodiff::catalogue::{self, Choices};
use autodiff::{Real, Tensor};

use crate::support::apply;

/// Operations whose value or derivative is truly not a number at some of the points: outside the domain.
fn defined(name: &str, x: f64) -> bool {
    match name {
        "sqrt" | "rsqrt" | "ln" | "pow_scalar" => x > 0.0,
        "ln_1p" => x > -1.0,
        // The two would-be values ∞·0 and ∞/∞ of a pole.
        "recip" | "scalar_div" => x != 0.0,
        _ => true,
    }
}

fn check<T: Real>(largest: f64, op_of: fn(&catalogue::Case) -> Box<dyn autodiff::Op<T>>) {
    for entry in catalogue::entries() {
        let case = (entry.draw)(&mut Choices::new(&[]));
        if case.inputs.len() != 1 || !op_of(&case).differentiable(0) || op_of(&case).shape(&[&[1].into()]).is_err() {
            continue;
        }
        for x in [0.0, 1e-30, 1e3, 1e30, largest].into_iter().flat_map(|x| [x, -x]) {
            if !defined(entry.name, x) {
                continue;
            }
            let input = Tensor::full([1], T::from_f64(x));
            let Ok(applied) = apply(op_of(&case), &[input], &[true], &Tensor::full([1], T::ONE)) else { continue };
            let value = applied.output.data()[0].to_f64();
            let slope = applied.gradients[0].as_ref().unwrap().data()[0].to_f64();
            assert!(!value.is_nan(), "{}({x:e}) is NaN", entry.name);
            assert!(!slope.is_nan(), "the derivative of {} at {x:e} is NaN", entry.name);
        }
    }
}

#[test]
fn no_function_of_one_value_invents_a_nan_in_f64() {
    check::<f64>(f64::MAX, |case| case.op.double());
}

#[test]
fn no_function_of_one_value_invents_a_nan_in_f32() {
    check::<f32>(f32::MAX.into(), |case| case.op.single());
}
