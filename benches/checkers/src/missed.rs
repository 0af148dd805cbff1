//! Mistakes that our checker does not find, does not fail for, or finds by a wrong accusation: kept out of its tests, and
//! counted here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor, scalar_op};

use crate::mutants::array_op::{array_op, constant};
use crate::mutants::hidden::ClaimsNone;
use crate::mutants::table::{Mutant, table};

scalar_op! { GradientOverflows,
    |x, y| {
        let m = x.abs().maximum(y.abs());
        if m == T::ZERO { m } else { m * ((x / m) * (x / m) + (y / m) * (y / m)).sqrt() }
    },
    |z| [{
        let norm = (x * x + y * y).sqrt();
        if z == T::ZERO { T::ZERO } else { x / norm }
    }, {
        let norm = (x * x + y * y).sqrt();
        if z == T::ZERO { T::ZERO } else { y / norm }
    }]
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

/// Squares, with twice the gradient in every 5,000th call.
#[derive(Clone, Debug, Default)]
struct Rarely(Arc<AtomicU64>);

impl<T: Real> Op<T> for Rarely {
    fn name(&self) -> &'static str {
        "rarely"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * x);
    }
    fn backward(&self, at: Frame<'_, T>, g: &[T], grads: &mut InputGrads<'_, T>) {
        let factor = T::from_f64(if self.0.fetch_add(1, Ordering::Relaxed) % 5000 == 4999 { 4.0 } else { 2.0 });
        if let Some(grad) = grads.view(0) {
            grad.add(&at.inputs.view(0).iter().zip(g).map(|(x, &g)| factor * x * g).collect::<Vec<T>>());
        }
    }
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let y = || Tensor::from([1.3, 0.8, 2.1, 1.7]);
    table! {
        "league":
        "overflow in the gradient alone": GradientOverflows, [x(), y()], None;
        "cotangent taken as constant": CotangentIsConstant, [x()], Some(Diagnosis::SecondOrder);
        "beyond 1,000 elements": BeyondThousand, [x()], None;
        "inputs assumed sorted": SortedAssumed, [[-0.6, 0.4, 0.7, 1.9].into()], Some(Diagnosis::Misplaced);
        "wrong for three axes": RankThree, [[[0.7, 1.9, -0.3], [1.2, -0.4, 0.9]].into()], Some(Diagnosis::Factor(0.5));
        "one segment wrong": OneSegment, [x()], None;
        "zero where inputs are opposite": ZeroWhereOpposite, [x(), y()], None;
        "wrong in every 5,000th call": Rarely::default(), [x()], Some(Diagnosis::Nondeterministic);
        "declared without derivative": ClaimsNone, [[0.7, 1.9].into(), [0.4, -0.3].into()], None;
    }
}
