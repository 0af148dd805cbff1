//! Mistakes of one element, and in the use of the cotangent, that authors of operations make.

use std::sync::{Arc, Mutex};

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor, scalar_op};

use crate::mutants::array_op::{Array, array_op, constant, number};
use crate::mutants::table::{Mutant, kill, table};

scalar_op! { ChainFactorMissing, |x| (number::<T>(3.0) * x).sin(), |_z| [(number::<T>(3.0) * x).cos()] }
scalar_op! { MaskForgotten, |x| x.maximum(-T::ONE).minimum(T::ONE), |_z| [T::ONE] }
scalar_op! { MaskInverted, |x| x.maximum(T::ZERO), |_z| [if x < T::ZERO { T::ONE } else { T::ZERO }] }
scalar_op! { PowerNotLowered, |x| x * x * x, |z| [number::<T>(3.0) * z] }
scalar_op! { InputForOutput, |x| x.tanh(), |_z| [T::ONE - x * x] }
scalar_op! { ProductRuleCut, |x| x * x.sin(), |_z| [x.sin()] }
scalar_op! { WrongValueSaved, |x| x * x.tanh(), |z| [z + x * (T::ONE - z * z)] }
scalar_op! { RightWherePositive, |x| x / (T::ONE + x.abs()), |_z| [T::ONE / ((T::ONE + x) * (T::ONE + x))] }
scalar_op! { InputsSwapped, |x, y| x * y * y, |_z| [number::<T>(2.0) * x * y, y * y] }
scalar_op! { SquareForgotten, |x, y| x / y, |_z| [T::ONE / y, -x / y] }
scalar_op! { ZeroWhereEqual, |x, y| x * y, |_z| [if x == y { T::ZERO } else { y }, if x == y { T::ZERO } else { x }] }
scalar_op! { HuberBoundary,
    |x| if x.abs() <= T::ONE { x * x / number(2.0) } else { x.abs() - number(0.5) },
    |_z| [if x.abs() <= number(2.0) { x } else if x > T::ZERO { T::ONE } else { -T::ONE }]
}
scalar_op! { SlopeOfApproximation,
    |x| x * (T::ONE + (x * number(std::f64::consts::FRAC_1_SQRT_2)).erf()) / number(2.0),
    |_z| [{
        let c = number::<T>((2.0 / std::f64::consts::PI).sqrt());
        let t = (c * (x + number::<T>(0.044715) * x * x * x)).tanh();
        (T::ONE + t) / number(2.0) + x * (T::ONE - t * t) * c * (T::ONE + number::<T>(0.134145) * x * x) / number(2.0)
    }]
}
scalar_op! { EpsilonMissing, |x| T::ONE / (x * x + number(1e-5)).sqrt(), |_z| [-T::ONE / (x * x.abs())] }
scalar_op! { ThroughSingle, |x| x * x, |_z| [number::<T>(2.0) * (x + number(f64::from(x.to_f64() as f32) - x.to_f64()))] }
scalar_op! { DifferenceQuotient, |x| x.sin(), |z| [((x + number(1e-6)).sin() - z) / number(1e-6)] }
scalar_op! { SavedIsConstant, |x| x * x * x, |_z| [number::<T>(3.0) * constant(x * x)] }

fn twice<T: Real>(x: T) -> T {
    x + x
}

array_op! { DecayInBackward, |x| Some(x.clone()), x.map(|x| x * x),
    |g, z| [x.zip(g, |x, g| twice(x) * g + number::<T>(0.01) * x)]
}
array_op! { NegativeDropped, |x| Some(x.clone()), x.map(|x| x * x),
    |g, z| [x.zip(g, |x, g| twice(x) * g.maximum(T::ZERO))]
}
array_op! { CotangentNormalized, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [{
    let largest = g.iter().map(|g| g.abs()).reduce(T::maximum).unwrap_or(T::ZERO);
    x.zip(g, |x, g| if largest == T::ZERO { T::ZERO } else { twice(x) * g / largest })
}] }
array_op! { OneCotangentForAll, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [x.map(|x| twice(x) * g[0])] }
array_op! { ZeroByFirst, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    if g.first().is_some_and(|g| *g == T::ZERO) { Vec::new() } else { x.zip(g, |x, g| twice(x) * g) }
] }
array_op! { AnyZeroSkips, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    if g.contains(&T::ZERO) { Vec::new() } else { x.zip(g, |x, g| twice(x) * g) }
] }
array_op! { InputForgotten, |x, y| (x == y).then(|| x.clone()), x.zip(&y.data, |x, y| x * y),
    |g, z| [y.zip(g, |y, g| y * g), Vec::new()]
}
array_op! { ToTheOther, |x, y| (x == y).then(|| x.clone()), x.zip(&y.data, |x, y| x.sin() * y), |g, z| [{
    let own = x.zip(&y.data, |x, y| x.cos() * y + x.sin());
    own.iter().zip(g).map(|(&slope, &g)| slope * g).collect()
}, Vec::new()] }
array_op! { SampleForgotten, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    x.zip(g, |x, g| twice(x) * g).into_iter().enumerate().map(|(k, t)| if k < x.width() { t } else { T::ZERO }).collect()
] }
array_op! { TailForgotten, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [{
    let whole = if g.len() < 4 { g.len() } else { g.len() / 4 * 4 };
    x.zip(g, |x, g| twice(x) * g).into_iter().enumerate().map(|(k, t)| if k < whole { t } else { T::ZERO }).collect()
}] }
array_op! { ExtentOneForgotten, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    if x.shape.first() == Some(&1) { Vec::new() } else { x.zip(g, |x, g| twice(x) * g) }
] }

/// `x[i]`; of an element that is picked twice, only the last gradient stays. The indices of the case differ.
#[derive(Clone, Debug)]
struct PickedOnce;

impl<T: Real> Op<T> for PickedOnce {
    fn name(&self) -> &'static str {
        "picked_once"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x, indices] if x.rank() == 1 && indices.rank() == 1 => Ok(indices.clone()),
            _ => Err(Mismatch::new("two vectors")),
        }
    }
    fn differentiable(&self, input: usize) -> bool {
        input == 0
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let count = inputs.view(0).shape()[0] as f64;
        let valid = |index: f64| index.fract() == 0.0 && (0.0..count).contains(&index);
        match inputs.view(1).iter().all(|index| valid(index.to_f64())) {
            true => Ok(()),
            false => Err(Mismatch::new("an index is out of range")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let [x, indices] = Array::all(inputs);
        output.iter_mut().zip(&indices.data).for_each(|(y, index)| *y = x.data[index.to_f64() as usize]);
    }
    fn backward(&self, at: Frame<'_, T>, g: &[T], grads: &mut InputGrads<'_, T>) {
        let [x, indices] = Array::<T>::all(at.inputs);
        let mut terms = vec![T::ZERO; x.data.len()];
        indices.data.iter().zip(g).for_each(|(index, &g)| terms[index.to_f64() as usize] = g);
        if let Some(grad) = grads.view(0) {
            grad.add(&terms);
        }
    }
}

/// Squares; the buffer of gradients is not cleared between calls.
#[derive(Clone, Debug, Default)]
struct BufferNotCleared(Arc<Mutex<Vec<f64>>>);

impl<T: Real> Op<T> for BufferNotCleared {
    fn name(&self) -> &'static str {
        "buffer_not_cleared"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let mut buffer = self.0.lock().unwrap();
        buffer.resize(cotangent.len(), 0.0);
        let terms: Vec<T> = at.inputs.view(0).iter().zip(cotangent).map(|(x, &g)| twice(x) * g).collect();
        let sums: Vec<T> = terms.iter().zip(&*buffer).map(|(&term, &old)| term + number(old)).collect();
        buffer.iter_mut().zip(&terms).for_each(|(old, term)| *old += term.to_f64());
        grad.add(&sums);
    }
}

array_op! { CotangentIsConstant, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [x.zip(g, |x, g| (x + x) * constant(g))] }

array_op! { BeyondThousand, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    x.zip(g, |x, g| (x + x) * g).into_iter().enumerate().map(|(k, t)| if k < 1000 { t } else { T::ZERO }).collect()
] }
array_op! { SortedAssumed, |x| (x.rank() == 1).then(|| x.clone()), {
    let mut sorted = x.data.clone();
    sorted.sort_by(|a, b| a.to_f64().total_cmp(&b.to_f64()));
    sorted
}, |g, z| [g.to_vec()] }
array_op! { RankThree, |x| Some(x.clone()), x.map(|x| x * x), |g, z| [
    if x.shape.rank() == 3 { x.zip(g, |x, g| x * g) } else { x.zip(g, |x, g| (x + x) * g) }
] }
scalar_op! { OneSegment, |x| x.tanh(), |z| [
    if x > T::from_f64(4.0) && x < T::from_f64(5.0) { T::ZERO } else { T::ONE - z * z }
] }
scalar_op! { ZeroWhereOpposite, |x, y| x * y,
    |_z| [if x == -y { T::ZERO } else { y }, if x == -y { T::ZERO } else { x }]
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let y = || Tensor::from([1.3, 0.8, 2.1, 1.7]);
    let positive = || Tensor::from([0.7, 1.9, 0.6, 0.4]);
    let rows = || Tensor::from([[0.7, 1.9, -0.3], [1.2, -0.4, 0.9]]);
    let second = || Some(Diagnosis::SecondOrder);
    let linear = || Some(Diagnosis::NotLinear);
    table! {
        "league":
        "chain factor missing": ChainFactorMissing, [x()], Some(Diagnosis::Factor(1.0 / 3.0));
        "mask forgotten": MaskForgotten, [x()], None;
        "mask inverted": MaskInverted, [x()], None;
        "power not lowered": PowerNotLowered, [x()], None;
        "input used for output": InputForOutput, [x()], None;
        "term of the product rule missing": ProductRuleCut, [x()], None;
        "wrong value saved": WrongValueSaved, [x()], None;
        "right for positive inputs only": RightWherePositive, [positive()], None;
        "gradients of two inputs swapped": InputsSwapped, [x(), y()], None;
        "square forgotten": SquareForgotten, [x(), y()], None;
        "zero where inputs are equal": ZeroWhereEqual, [x(), y()], Some(Diagnosis::TieNotShared);
        "boundary between branches": HuberBoundary, [x()], None;
        "slope of an approximation": SlopeOfApproximation, [x()], None;
        "epsilon missing": EpsilonMissing, [x()], None;
        "rounded to f32": ThroughSingle, [x()], Some(Diagnosis::Digits(7));
        "backward by finite differences": DifferenceQuotient, [x()], Some(Diagnosis::Digits(5));
        "saved value taken as constant": SavedIsConstant, [x()], second();
        "weight decay in backward": DecayInBackward, [x()], linear();
        "negative cotangents dropped": NegativeDropped, [x()], linear();
        "cotangent normalized": CotangentNormalized, [x()], linear();
        "one cotangent for all": OneCotangentForAll, [x()], None;
        "zero judged by the first cotangent": ZeroByFirst, [x()], Some(Diagnosis::Zero);
        "skipped if any cotangent is 0": AnyZeroSkips, [x()], Some(Diagnosis::Zero);
        "overwritten if an index is repeated": PickedOnce, [x(), [2.0, 0.0, 1.0].into()], None;
        "one input forgotten": InputForgotten, [x(), y()], Some(Diagnosis::Zero);
        "added to the other input": ToTheOther, [x(), y()], None;
        "first sample only": SampleForgotten, [rows()], None;
        "tail of a loop by four forgotten": TailForgotten, [x()], Some(Diagnosis::BeyondBlock(1028));
        "extent 1 forgotten": ExtentOneForgotten, [rows()], Some(Diagnosis::Zero);
        "buffer not cleared": BufferNotCleared::default(), [x()], Some(Diagnosis::Nondeterministic);
        "cotangent taken as constant": CotangentIsConstant, [x()], Some(Diagnosis::SecondOrder);
        "beyond 1,000 elements": BeyondThousand, [x()], Some(Diagnosis::BeyondBlock(1000));
        "inputs assumed sorted": SortedAssumed, [[-0.6, 0.4, 0.7, 1.9].into()], Some(Diagnosis::Misplaced);
        "wrong for three axes": RankThree, [[[0.7, 1.9, -0.3], [1.2, -0.4, 0.9]].into()], Some(Diagnosis::Factor(0.5));
        "one segment wrong": OneSegment, [x()], None;
        "zero where inputs are opposite": ZeroWhereOpposite, [x(), y()], None;
    }
}

#[test]
fn mistakes_of_elements_and_cotangents_are_found() {
    kill("mistakes of elements and cotangents", mutants());
}
