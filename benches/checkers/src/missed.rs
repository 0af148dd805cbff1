//! Mistakes that our checker does not find, or only notes or warns of: kept out of its tests, and counted here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor, scalar_op};

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
        "wrong in every 5,000th call": Rarely::default(), [x()], Some(Diagnosis::Nondeterministic);
        "declared without derivative": ClaimsNone, [[0.7, 1.9].into(), [0.4, -0.3].into()], None;
    }
}
