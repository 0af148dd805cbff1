//! An operation of one's own, twice: the long form with an attribute and saved values, and the short form. Both are
//! generic over the scalar and checked by one line each.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, accumulate, expect_inputs, for_each_block};
use autodiff::{Error, Mode, Params, Real, Shape, Tape, Tensor, check, scalar_op};

/// `x / √(x² + scale²)`, a smooth sign. The root is kept for backward.
#[derive(Clone, Copy, Debug)]
struct SmoothSign {
    scale: f64,
}

impl<T: Real> Op<T> for SmoothSign {
    fn name(&self) -> &'static str {
        "smooth_sign"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.clone())
    }
    fn saved(&self, inputs: &[&Shape]) -> usize {
        inputs[0].size()
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], roots: &mut [T]) {
        let scale = T::from_f64(self.scale);
        for_each_block([inputs.view(0)], |first, [x]| {
            for (k, &x) in (first..).zip(x) {
                roots[k] = (x * x + scale * scale).sqrt();
                output[k] = x / roots[k];
            }
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let scale = T::from_f64(self.scale);
        let Some(grad) = grads.view(0) else { return };
        accumulate([], grad, |first, [], sums| {
            for (k, sum) in (first..).zip(sums) {
                *sum += cotangent[k] * scale * scale / (at.saved[k] * at.saved[k] * at.saved[k]);
            }
        });
    }
}

scalar_op! {
    /// `x² y`, in the short form: name, value, derivative for each input.
    SquareTimes, |x, y| x * x * y, |_z| [(x + x) * y, x * x]
}

/// What one gets who writes `f32` only: it trains, and is checked against finite differences.
#[derive(Clone, Copy, Debug)]
struct CubeInSingle;

impl Op<f32> for CubeInSingle {
    fn name(&self) -> &'static str {
        "cube_in_single"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, f32>, output: &mut [f32], _: &mut [f32]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = x * x * x);
    }
    fn backward(&self, at: Frame<'_, f32>, cotangent: &[f32], grads: &mut InputGrads<'_, f32>) {
        let Some(grad) = grads.view(0) else { return };
        let terms: Vec<f32> = at.inputs.view(0).iter().zip(cotangent).map(|(x, g)| 3.0 * x * x * g).collect();
        grad.add(&terms);
    }
}

fn main() -> Result<(), Error> {
    println!("{}", check::op(&SmoothSign { scale: 0.5 }, [[0.3, -1.2, 0.0].into()])?);
    println!("{}", check::op(&SquareTimes, [[[0.5], [-2.0]].into(), [3.0, 1.5].into()])?);
    println!("{}", check::single(&CubeInSingle, [[0.4, -1.1].into()])?);

    let params = Params::<f32>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&Tensor::from([1.0, -2.0]));
    let loss = t.apply(SquareTimes, [x.apply(SmoothSign { scale: 0.5 }), x.apply(CubeInSingle)]).sum(..);
    let mut grads = params.gradients();
    loss.backward(&mut grads)?;
    println!("gradient of the composition: {:.4}", grads.of(x)?);
    Ok(())
}
