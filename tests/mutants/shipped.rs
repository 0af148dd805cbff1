//! Mistakes that shipped in public frameworks, each as the operation with exactly that mistake.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, View, accumulate, expect_inputs};
use autodiff::{Real, Shape, Tensor, scalar_op};

use crate::mutants::table::{Mutant, kill, table};

scalar_op! { DivideSign, |x, y| x / y, |z| [T::ONE / y, z / y] }
scalar_op! { SqrtTimesHalf, |x| x.sqrt(), |_z| [x / T::from_f64(2.0)] }
scalar_op! { SqrtReciprocal, |x| x.sqrt(), |_z| [T::ONE / x] }
scalar_op! { MinimumSign, |x, y| x.minimum(y), |_z| [if x < y { T::ONE } else { T::ZERO }, if y < x { -T::ONE } else { T::ZERO }] }
scalar_op! { MaximumTieTwice, |x, y| x.maximum(y), |_z| [if x >= y { T::ONE } else { T::ZERO }, if y >= x { T::ONE } else { T::ZERO }] }
scalar_op! { LogWithoutRule, |x| x.ln(), |_z| [T::ONE] }
scalar_op! { DropoutWithoutScale, |x, mask| x * mask / T::from_f64(0.8), |_z| [mask, x] }
scalar_op! { SiluOverflowing, |x| x * (x.exp() / (T::ONE + x.exp())), |_z| [{ let s = x.sigmoid(); s * (T::ONE + x * (T::ONE - s)) }] }
scalar_op! { EluByMask, |x| { let m = if x > T::ZERO { T::ONE } else { T::ZERO }; m * x + (T::ONE - m) * x.exp_m1() }, |_z| [if x > T::ZERO { T::ONE } else { x.exp() }] }
scalar_op! { AbsByQuotient, |x| x.abs(), |z| [x / z] }
scalar_op! { ReluNan, |x| x.maximum(T::ZERO), |_z| [if x > T::ZERO { T::ONE } else { T::from_f64(f64::NAN) }] }
scalar_op! { SigmoidOfFloats, |x| x.exp() / (T::ONE + x.exp()), |z| [z * (T::ONE - z)] }

/// What all operations of one input and output of the same shape share.
macro_rules! same_shape {
    ($name:literal) => {
        fn name(&self) -> &'static str {
            $name
        }
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
            let [x] = expect_inputs(inputs)?;
            Ok(x.clone())
        }
    };
}

/// Each tied entry gets all of the gradient.
#[derive(Clone, Debug)]
struct MaxToAllTied;

impl<T: Real> Op<T> for MaxToAllTied {
    fn name(&self) -> &'static str {
        "max_to_all_tied"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|_| Shape::scalar())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output[0] = inputs.view(0).iter().reduce(T::maximum).unwrap_or(T::ZERO);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        accumulate([at.inputs.view(0)], grad, |_, [x], sums| {
            sums.iter_mut().zip(x).filter(|(_, x)| **x == at.output[0]).for_each(|(sum, _)| *sum += cotangent[0]);
        });
    }
}

/// Doubles, and overwrites what another consumer has added.
#[derive(Clone, Debug)]
struct UpsampleOverwriting;

impl<T: Real> Op<T> for UpsampleOverwriting {
    same_shape!("upsample_overwriting");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x + x);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        accumulate([], grad, |first, [], sums| {
            sums.iter_mut().zip(&cotangent[first..]).for_each(|(sum, &g)| *sum = g + g);
        });
    }
}

/// No gradient: always, or for inputs that are not dense.
#[derive(Clone, Debug)]
struct NormWithoutGradient {
    where_strided_only: bool,
}

impl<T: Real> Op<T> for NormWithoutGradient {
    same_shape!("norm_without_gradient");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let x = at.inputs.view(0);
        let (Some(values), true, Some(grad)) = (x.dense(), self.where_strided_only, grads.view(0)) else { return };
        let terms: Vec<T> = values.iter().zip(cotangent).map(|(&x, &g)| g * (x + x)).collect();
        grad.add(&terms);
    }
}

/// The cross product of rows of three, with the sign of the second input's gradient wrong.
#[derive(Clone, Debug)]
struct CrossSign;

fn cross<T: Real>(a: &[T], b: &[T]) -> [T; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn dense<T: Real>(view: View<'_, T>) -> Vec<T> {
    view.iter().collect()
}

impl<T: Real> Op<T> for CrossSign {
    fn name(&self) -> &'static str {
        "cross_sign"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [a, b] if a == b && a.last() == Some(&3) => Ok(a.clone()),
            _ => Err(Mismatch::new("two arrays of rows of three")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (a, b) = (dense(inputs.view(0)), dense(inputs.view(1)));
        for ((y, a), b) in output.chunks_mut(3).zip(a.chunks(3)).zip(b.chunks(3)) {
            y.copy_from_slice(&cross(a, b));
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (a, b) = (dense(at.inputs.view(0)), dense(at.inputs.view(1)));
        let rows = |x: &[T], y: &[T]| x.chunks(3).zip(y.chunks(3)).flat_map(|(x, y)| cross(x, y)).collect::<Vec<T>>();
        if let Some(grad) = grads.view(0) {
            grad.add(&rows(&b, cotangent));
        }
        if let Some(grad) = grads.view(1) {
            grad.add(&rows(&a, cotangent)); // g × a was due
        }
    }
}

/// Two vectors joined; the second's gradient is read from the front where the first needs none.
#[derive(Clone, Debug)]
struct ConcatenateMisaligned;

impl<T: Real> Op<T> for ConcatenateMisaligned {
    fn name(&self) -> &'static str {
        "concatenate_misaligned"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [a, b] if a.rank() == 1 && b.rank() == 1 => Ok([a[0] + b[0]].into()),
            _ => Err(Mismatch::new("two vectors")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().chain(inputs.view(1).iter()).zip(output).for_each(|(x, y)| *y = x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let mut start = 0;
        for input in 0..2 {
            let length = at.inputs.view(input).shape()[0];
            if let Some(grad) = grads.view(input) {
                grad.add(&cotangent[start..start + length]);
                start += length;
            }
        }
    }
}

/// A vector twice over, `a b a b`; backward sums as if it were `a a b b`.
#[derive(Clone, Debug)]
struct RepeatInterleaved;

impl<T: Real> Op<T> for RepeatInterleaved {
    fn name(&self) -> &'static str {
        "repeat_interleaved"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x] if x.rank() == 1 => Ok([2 * x[0]].into()),
            _ => Err(Mismatch::new("a vector")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        x.iter().chain(x.iter()).zip(output).for_each(|(x, y)| *y = x);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&cotangent.chunks(2).map(|pair| pair.iter().copied().sum()).collect::<Vec<T>>());
    }
}

/// `y_g = Σ_k w_gk x_gk`, the weights' gradient from the wrong group.
#[derive(Clone, Debug)]
struct GroupsSwapped;

impl<T: Real> Op<T> for GroupsSwapped {
    fn name(&self) -> &'static str {
        "groups_swapped"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [w, x] if w == x && w.rank() == 2 => Ok([w[0]].into()),
            _ => Err(Mismatch::new("two matrices")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (w, x) = (dense(inputs.view(0)), dense(inputs.view(1)));
        let width = inputs.view(0).shape()[1].max(1);
        for ((y, w), x) in output.iter_mut().zip(w.chunks(width)).zip(x.chunks(width)) {
            *y = w.iter().zip(x).map(|(&w, &x)| w * x).sum();
        }
        if inputs.view(0).shape()[1] == 0 {
            output.fill(T::ZERO);
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let width = at.inputs.view(0).shape()[1].max(1);
        for (input, other, swapped) in [(0, 1, true), (1, 0, false)] {
            let values = dense(at.inputs.view(other));
            let group = |k: usize| if swapped { cotangent.len() - 1 - k / width } else { k / width };
            let terms: Vec<T> = values.iter().enumerate().map(|(k, &v)| v * cotangent[group(k)]).collect();
            if let Some(grad) = grads.view(input) {
                grad.add(&terms);
            }
        }
    }
}

/// Picks `x[0], x[2], x[2]`; of a place that is picked twice only the last gradient stays.
#[derive(Clone, Debug)]
struct PickLosing;

impl<T: Real> Op<T> for PickLosing {
    fn name(&self) -> &'static str {
        "pick_losing"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x] if x.rank() == 1 && x[0] > 2 => Ok([3].into()),
            _ => Err(Mismatch::new("a vector of three or more")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = dense(inputs.view(0));
        output.copy_from_slice(&[x[0], x[2], x[2]]);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(mut grad) = grads.view(0) else { return };
        let places: Vec<usize> = grad.layout().offsets().collect();
        grad.add_at(places[0], cotangent[0]);
        grad.add_at(places[2], cotangent[2]);
    }
}

/// A mean of neighbors that never writes its last place.
#[derive(Clone, Debug)]
struct PoolUnwritten;

impl<T: Real> Op<T> for PoolUnwritten {
    same_shape!("pool_unwritten");
    fn saved(&self, inputs: &[&Shape]) -> usize {
        inputs[0].size()
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let count = saved.len();
        for (k, (x, y)) in inputs.view(0).iter().zip(output).enumerate() {
            *y = x * x;
            if k + 1 < count {
                saved[k] = x + x;
            }
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&at.saved.iter().zip(cotangent).map(|(&s, &g)| s * g).collect::<Vec<T>>());
    }
}

/// Doubles, but never writes its last place.
#[derive(Clone, Debug)]
struct OutputUnwritten;

impl<T: Real> Op<T> for OutputUnwritten {
    same_shape!("output_unwritten");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let count = output.len().saturating_sub(1);
        inputs.view(0).iter().zip(&mut output[..count]).for_each(|(x, y)| *y = x + x);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&cotangent.iter().map(|&g| g + g).collect::<Vec<T>>());
    }
}

/// The product of all, with the gradient by division.
#[derive(Clone, Debug)]
struct ProductByDivision;

impl<T: Real> Op<T> for ProductByDivision {
    fn name(&self) -> &'static str {
        "product_by_division"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|_| Shape::scalar())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output[0] = inputs.view(0).iter().fold(T::ONE, |product, x| product * x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&at.inputs.view(0).iter().map(|x| cotangent[0] * at.output[0] / x).collect::<Vec<T>>());
    }
}

/// Noise drawn again in backward: not what forward used.
#[derive(Clone, Debug)]
struct NoiseRedrawn {
    draws: Arc<AtomicU64>,
}

impl NoiseRedrawn {
    fn noise<T: Real>(&self) -> T {
        let draw = self.draws.fetch_add(1, Ordering::Relaxed);
        T::from_f64(1.0 + (draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as f64 / (1 << 24) as f64)
    }
}

impl<T: Real> Op<T> for NoiseRedrawn {
    same_shape!("noise_redrawn");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * self.noise());
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&cotangent.iter().map(|&g| g * self.noise()).collect::<Vec<T>>());
    }
}

/// Remembers what it saw first (one memory for each clone, as a recorded pullback has), and pulls back through that.
#[derive(Debug, Default)]
struct StalePullback {
    first: Mutex<Option<Vec<f64>>>,
}

impl Clone for StalePullback {
    fn clone(&self) -> Self {
        StalePullback::default()
    }
}

impl<T: Real> Op<T> for StalePullback {
    same_shape!("stale_pullback");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = dense(inputs.view(0));
        self.first.lock().unwrap().get_or_insert_with(|| x.iter().map(|x| x.to_f64()).collect());
        x.iter().zip(output).for_each(|(&x, y)| *y = x * x);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let first = self.first.lock().unwrap().clone().unwrap();
        // Tangents are those of the true input, so that only the value is stale.
        let term = |((x, &stale), &g): ((T, &f64), &T)| {
            g * (x - T::from_f64(x.to_f64()) + T::from_f64(stale)) * T::from_f64(2.0)
        };
        grad.add(&at.inputs.view(0).iter().zip(&first).zip(cotangent).map(term).collect::<Vec<T>>());
    }
}

/// A branch taken on the first values it sees, and kept.
#[derive(Debug, Default)]
struct FrozenBranch {
    positive: Mutex<Option<bool>>,
}

impl Clone for FrozenBranch {
    fn clone(&self) -> Self {
        FrozenBranch::default()
    }
}

impl FrozenBranch {
    fn slope<T: Real>(&self, x: T) -> T {
        let positive = *self.positive.lock().unwrap().get_or_insert(x > T::ZERO);
        T::from_f64(if positive { 1.0 } else { 0.1 })
    }
}

impl<T: Real> Op<T> for FrozenBranch {
    same_shape!("frozen_branch");
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * self.slope(x));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let x = at.inputs.view(0);
        grad.add(&x.iter().zip(cotangent).map(|(x, &g)| g * self.slope(x)).collect::<Vec<T>>());
    }
}

/// `x + b` with the bias along the last axis; its gradient is that of the first row alone.
#[derive(Clone, Debug)]
struct BiasOfFirstRow;

impl<T: Real> Op<T> for BiasOfFirstRow {
    fn name(&self) -> &'static str {
        "bias_of_first_row"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x, b] if x.rank() == 2 && b.rank() == 1 && x[1] == b[0] => Ok(x.clone()),
            _ => Err(Mismatch::new("a matrix and a vector")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let b = dense(inputs.view(1));
        inputs.view(0).iter().zip(b.iter().cycle()).zip(output).for_each(|((x, &b), y)| *y = x + b);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            grad.add(cotangent);
        }
        let width = at.inputs.view(1).shape()[0];
        if let (Some(grad), true) = (grads.view(1), cotangent.len() >= width) {
            grad.add(&cotangent[..width]);
        }
    }
}

/// A matrix product whose left gradient is laid down transposed.
#[derive(Clone, Debug)]
struct MatmulTransposed;

fn product<T: Real>(a: &[T], b: &[T], [m, k, n]: [usize; 3]) -> Vec<T> {
    (0..m * n).map(|place| (0..k).map(|i| a[place / n * k + i] * b[i * n + place % n]).sum()).collect()
}

fn transposed<T: Real>(a: &[T], [rows, columns]: [usize; 2]) -> Vec<T> {
    (0..a.len()).map(|place| a[place % rows * columns + place / rows]).collect()
}

impl<T: Real> Op<T> for MatmulTransposed {
    fn name(&self) -> &'static str {
        "matmul_transposed"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [a, b] if a.rank() == 2 && b.rank() == 2 && a[1] == b[0] => Ok([a[0], b[1]].into()),
            _ => Err(Mismatch::new("two matrices")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (a, b) = (inputs.view(0), inputs.view(1));
        let extents = [a.shape()[0], a.shape()[1], b.shape()[1]];
        output.copy_from_slice(&product(&dense(a), &dense(b), extents));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (a, b) = (at.inputs.view(0), at.inputs.view(1));
        let [m, k, n] = [a.shape()[0], a.shape()[1], b.shape()[1]];
        if let Some(grad) = grads.view(0) {
            let right = product(cotangent, &transposed(&dense(b), [k, n]), [m, n, k]);
            grad.add(&transposed(&right, [m, k]));
        }
        if let Some(grad) = grads.view(1) {
            grad.add(&product(&transposed(&dense(a), [m, k]), cotangent, [k, m, n]));
        }
    }
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([0.7, 1.9, 2.6, 0.4]);
    let y = || Tensor::from([1.3, 0.8, 2.1, 1.7]);
    let square = || Tensor::from([[0.7, 1.9, -0.3], [1.2, -0.4, 0.9], [0.5, 1.1, -1.4]]);
    let rows = || Tensor::from([[0.7, 1.9, -0.3], [1.2, -0.4, 0.9]]);
    let others = || Tensor::from([[0.2, 1.4, -0.6], [1.1, 0.3, -0.8]]);
    let sign = || Some(Diagnosis::SignFlipped);
    let nan = || Some(Diagnosis::NotFinite);
    macro_rules! mutants {
        ($($origin:literal, $mistake:literal: $op:expr, [$($input:expr),*], $expected:expr;)*) => {
            [$(table! { $origin: $mistake: $op, [$($input),*], $expected; }),*].into_iter().flatten().collect()
        };
    }
    mutants! {
        "candle #211", "sign of one input": DivideSign, [x(), y()], sign();
        "candle #211", "multiplied instead of divided": SqrtTimesHalf, [x()], None;
        "rust-autograd #37", "derivative of another function": SqrtReciprocal, [x()], None;
        "candle #534", "sign of one input": MinimumSign, [x(), y()], sign();
        "candle #534", "tie counted twice": MaximumTieTwice, [x(), y()], Some(Diagnosis::TieNotShared);
        "dfdx #111", "tie counted twice": MaxToAllTied, [x()], Some(Diagnosis::TieNotShared);
        "candle #3507", "overwrites another consumer": UpsampleOverwriting, [x()], Some(Diagnosis::Overwritten);
        "candle #2168, #3011", "no gradient": NormWithoutGradient { where_strided_only: false }, [rows()], Some(Diagnosis::Zero);
        "candle #3569", "no gradient for strided inputs": NormWithoutGradient { where_strided_only: true }, [rows()], Some(Diagnosis::DependsOnLayout);
        "burn #4069", "sign of one input": CrossSign, [rows(), others()], sign();
        "burn #4069", "slices misaligned in a subset": ConcatenateMisaligned, [x(), Tensor::from([0.3, 0.9])], Some(Diagnosis::DependsOnSubset);
        "burn #2776", "repeats interleaved": RepeatInterleaved, [x()], None;
        "burn #3521, #3533", "wrong group": GroupsSwapped, [rows(), others()], Some(Diagnosis::WrongGroup { axis: 0 });
        "burn #1739", "repeated index overwritten": PickLosing, [x()], Some(Diagnosis::RepeatedOverwritten);
        "burn #5296", "saved buffer not written": PoolUnwritten, [x()], Some(Diagnosis::Uninitialized);
        "burn #5296, forward", "output not written": OutputUnwritten, [x()], Some(Diagnosis::Uninitialized);
        "neuronika dropout", "1/(1-p) of a dropout missing": DropoutWithoutScale, [x(), Tensor::from([1.0, 0.0, 1.0, 1.0])], Some(Diagnosis::Factor(0.8));
        "scirs #103", "slope 1 without a rule": LogWithoutRule, [x()], None;
        "candle #2083", "infinity over infinity": SiluOverflowing, [x()], nan();
        "candle #2328", "infinity times a mask of zero": EluByMask, [x()], nan();
        "candle #1722", "infinity over infinity": SigmoidOfFloats, [x()], nan();
        "burn #2249", "NaN at 0": AbsByQuotient, [x()], nan();
        "burn #3864", "division by a factor that is 0": ProductByDivision, [x()], nan();
        "pytorch #193671", "random numbers drawn again": NoiseRedrawn { draws: Arc::default() }, [x()], Some(Diagnosis::Nondeterministic);
        "ReverseDiff #187", "pullback of the recording": StalePullback::default(), [x()], Some(Diagnosis::Frozen);
        "LogDensityProblems #85", "branch of the recording": FrozenBranch::default(), [Tensor::from([0.5, 0.7, -0.4])], Some(Diagnosis::Frozen);
        "rust-autograd: NaN passes", "NaN where it should be 0": ReluNan, [Tensor::from([0.5, -0.7])], nan();
        "missing reduction", "sum over a broadcast axis missing": BiasOfFirstRow, [rows(), Tensor::from([0.1, 0.2, 0.3])], Some(Diagnosis::MissingSum);
        "transposed", "transposed": MatmulTransposed, [square(), square()], Some(Diagnosis::Transposed);
    }
}

#[test]
fn mistakes_that_shipped_elsewhere_are_found() {
    kill("mistakes that shipped elsewhere", mutants());
}
