//! Mistakes that a small, plain case does not show: in one scalar only, beyond a block, far from ±2, at exactly 0, in one entry of
//! thousands, now and then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, accumulate, expect_inputs};
use autodiff::{Real, Shape, Tensor, scalar_op};

use crate::mutants::table::{Mutant, kill, table};

scalar_op! { SiluFarSlope, |x| x * x.sigmoid(), |_z| [{
    let s = x.sigmoid();
    if x < T::from_f64(-20.0) { s } else { s * (T::ONE + x * (T::ONE - s)) }
}] }
scalar_op! { TanhFlatAboveFive, |x| x.tanh(), |z| [if x > T::from_f64(5.0) { T::ZERO } else { T::ONE - z * z }] }
scalar_op! { SignedSquareAtZero, |x| x * x.abs(), |_z| [if x == T::ZERO { T::ONE } else { x.abs() + x.abs() }] }

fn is<T: Real>(scalar: &str) -> bool {
    std::any::type_name::<T>() == scalar
}

/// The square of each element, with a mistake.
#[derive(Clone, Debug)]
enum Square {
    /// Twice the gradient in `f64` itself.
    InDouble,
    /// The values of `f64` are those of another function.
    ValueInDouble,
    /// A thousandth too much in `f32`.
    InSingle,
    /// Twice the gradient in `f32` of strided inputs.
    InSingleStrided,
    /// Reads the cotangent of the first block for all blocks.
    FirstForgotten,
    /// Clips the cotangent at ±3.
    Clipped,
    /// Flushes cotangents below 0.2.
    Flushed,
    /// Wrong in every fiftieth backward pass.
    NowAndThen(Arc<AtomicU64>),
    /// As long as the first element is the same, the values are those of the run before.
    StaleWhileFirstStays(Arc<Mutex<Vec<f64>>>),
    /// An error of this size in the middle entry of inputs of at least this number.
    OneEntry(usize, f64),
    /// Twice the gradient for more than 16 samples.
    LargeBatch,
}

impl Square {
    /// The factor of the gradient.
    fn factor<T: Real>(&self, at: &Frame<'_, T>) -> f64 {
        let view = at.inputs.view(0);
        let samples = view.shape().first().copied().unwrap_or(1);
        match self {
            Square::InDouble if is::<T>("f64") => 2.0,
            Square::InSingle if is::<T>("f32") => 1.001,
            Square::InSingleStrided if is::<T>("f32") && view.dense().is_none() => 2.0,
            Square::NowAndThen(calls) if calls.fetch_add(1, Ordering::Relaxed) % 50 == 49 => 2.0,
            Square::LargeBatch if samples > 16 => 2.0,
            _ => 1.0,
        }
    }

    fn cotangent<T: Real>(&self, g: T) -> T {
        let three = T::from_f64(3.0);
        match self {
            Square::Clipped => g.maximum(-three).minimum(three),
            Square::Flushed if g.abs() < T::from_f64(0.2) => T::ZERO,
            _ => g,
        }
    }
}

impl<T: Real> Op<T> for Square {
    fn name(&self) -> &'static str {
        "square"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let values: Vec<T> = inputs.view(0).iter().collect();
        output.iter_mut().zip(&values).for_each(|(y, &x)| *y = x * x);
        if let (Square::ValueInDouble, true) = (self, is::<T>("f64")) {
            output.iter_mut().for_each(|y| *y = *y + *y);
        }
        if let Square::StaleWhileFirstStays(old) = self {
            let mut old = old.lock().unwrap();
            let now: Vec<f64> = values.iter().map(|x| x.to_f64()).collect();
            if old.len() == now.len() && old.first() == now.first() {
                output.iter_mut().zip(&*old).for_each(|(y, &x)| *y = T::from_f64(x * x));
            }
            *old = now;
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let factor = T::from_f64(2.0 * self.factor(&at));
        let Some(grad) = grads.view(0) else { return };
        accumulate([at.inputs.view(0)], grad, |first, [x], sums| {
            let start = if let Square::FirstForgotten = self { 0 } else { first };
            for (k, (sum, &x)) in sums.iter_mut().zip(x).enumerate() {
                let mut term = factor * x * self.cotangent(cotangent[start + k]);
                if let Square::OneEntry(size, error) = *self
                    && cotangent.len() >= size
                    && first + k == cotangent.len() / 2
                {
                    term = term * T::from_f64(1.0 + error);
                }
                *sum += term;
            }
        });
    }
}

/// `x y + z`; wrong where `y` and `z` are one value.
#[derive(Clone, Debug)]
struct TwoOfThree;

impl<T: Real> Op<T> for TwoOfThree {
    fn name(&self) -> &'static str {
        "two_of_three"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, y, z] = expect_inputs(inputs)?;
        if x == y && y == z { Ok(x.clone()) } else { Err(Mismatch::new("shapes differ")) }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let [x, y, z] = [0, 1, 2].map(|input| inputs.view(input).iter().collect::<Vec<T>>());
        (0..output.len()).for_each(|k| output[k] = x[k] * y[k] + z[k]);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let [x, y] = [0, 1].map(|input| at.inputs.view(input).iter().collect::<Vec<T>>());
        let place = |input: usize| at.inputs.view(input).dense().map(<[T]>::as_ptr);
        let same = place(1).is_some() && place(1) == place(2) && place(0) != place(1);
        let terms: [Vec<T>; 3] = [
            cotangent.iter().zip(&y).map(|(&g, &y)| g * y).collect(),
            cotangent.iter().zip(&x).map(|(&g, &x)| g * x).collect(),
            if same { vec![T::ZERO; cotangent.len()] } else { cotangent.to_vec() },
        ];
        for (input, terms) in terms.iter().enumerate() {
            if let Some(grad) = grads.view(input) {
                grad.add(terms);
            }
        }
    }
}

/// `x · y`, of which only `x` claims a derivative.
#[derive(Clone, Debug)]
pub(crate) struct ClaimsNone;

impl<T: Real> Op<T> for ClaimsNone {
    fn name(&self) -> &'static str {
        "claims_none"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, y] = expect_inputs(inputs)?;
        if x == y { Ok(x.clone()) } else { Err(Mismatch::new("shapes differ")) }
    }
    fn differentiable(&self, input: usize) -> bool {
        input == 0
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let [x, y] = [0, 1].map(|input| inputs.view(input).iter().collect::<Vec<T>>());
        (0..output.len()).for_each(|k| output[k] = x[k] * y[k]);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let terms: Vec<T> = cotangent.iter().zip(at.inputs.view(1).iter()).map(|(&g, y)| g * y).collect();
        if let Some(grad) = grads.view(0) {
            grad.add(&terms);
        }
    }
}

/// `x` times the sum of all, or times the element opposite of it: neither is elementwise, as both claim.
#[derive(Clone, Copy, Debug)]
enum ClaimsElementwise {
    Sum,
    Opposite,
}

impl<T: Real> Op<T> for ClaimsElementwise {
    fn name(&self) -> &'static str {
        "claims_elementwise"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs(inputs).map(|[x]| x.clone())
    }
    fn is_elementwise(&self) -> bool {
        true
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x: Vec<T> = inputs.view(0).iter().collect();
        let sum: T = x.iter().copied().sum();
        let other = |k: usize| if matches!(self, Self::Sum) { sum } else { x[x.len() - 1 - k] };
        output.iter_mut().enumerate().for_each(|(k, y)| *y = x[k] * other(k));
    }
    fn backward(&self, at: Frame<'_, T>, g: &[T], grads: &mut InputGrads<'_, T>) {
        let x: Vec<T> = at.inputs.view(0).iter().collect();
        let (sum, product) = (x.iter().copied().sum::<T>(), x.iter().zip(g).map(|(&x, &g)| x * g).sum::<T>());
        let last = x.len().saturating_sub(1);
        let slope = |k: usize| match self {
            Self::Sum => g[k] * sum + product,
            Self::Opposite => (g[k] + g[last - k]) * x[last - k],
        };
        if let Some(grad) = grads.view(0) {
            grad.add(&(0..x.len()).map(slope).collect::<Vec<_>>());
        }
    }
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let many = |size: usize| Tensor::from_fn([size], |k| 0.5 + ((k * 37) % 101) as f64 / 101.0);
    table! {
        "hidden":
        "wrong in f64 only": Square::InDouble, [x()], None;
        "another value in f64": Square::ValueInDouble, [x()], None;
        "off by 1e-3 in f32 only": Square::InSingle, [x()], None;
        "wrong in f32 and strided only": Square::InSingleStrided, [x()], None;
        "first block read for all blocks": Square::FirstForgotten, [x()], Some(Diagnosis::BeyondBlock(256));
        "cotangents clipped": Square::Clipped, [x()], None;
        "small cotangents flushed": Square::Flushed, [x()], None;
        "wrong in every 50th call": Square::NowAndThen(Arc::default()), [x()], Some(Diagnosis::Nondeterministic);
        "stale while the first element stays": Square::StaleWhileFirstStays(Arc::default()), [x()], None;
        "1e-7 in one of 5,000": Square::OneEntry(5_000, 1e-7), [many(5_000)], None;
        "1e-7 in one of 5,000": Square::OneEntry(200_000, 1e-6), [many(200_000)], None;
        "wrong for more than 16 samples": Square::LargeBatch, [x()], None;
        "slope far out": SiluFarSlope {}, [x()], None;
        "slope far out": TanhFlatAboveFive {}, [x()], None;
        "slope at exactly 0": SignedSquareAtZero {}, [x()], None;
        "claims to be elementwise": ClaimsElementwise::Sum, [x()], Some(Diagnosis::NotElementwise);
        "claims to be elementwise": ClaimsElementwise::Opposite, [x()], Some(Diagnosis::NotElementwise);
        "two of three inputs the same": TwoOfThree, [x(), x(), x()], Some(Diagnosis::Overwritten);
    }
}

#[test]
fn mistakes_that_hide_are_found() {
    kill("mistakes that hide", mutants());
}

#[test]
fn a_derivative_that_is_not_claimed_is_noted() {
    let report = autodiff::check::op(&ClaimsNone, [[0.7, 1.9].into(), [0.4, -0.3].into()]).unwrap();
    assert!(report.passed());
    assert_eq!(report.notes, ["input 1 claims to have no derivative, and the result depends on it smoothly"]);
}
