//! What [`Var::detach`](super::Var::detach) applies to values that carry tangents.

use crate::array::Shape;
use crate::error::Mismatch;
use crate::op::{Frame, InputGrads, Inputs, Op, expect_inputs};
use crate::scalar::Real;

/// The values of its input, without tangents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detach;

impl Detach {
    /// Its name on a tape.
    pub(crate) const NAME: &'static str = "detach";
}

impl<T: Real> Op<T> for Detach {
    fn name(&self) -> &'static str {
        Detach::NAME
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.clone())
    }
    fn differentiable(&self, _: usize) -> bool {
        false
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = T::from_f64(x.to_f64()));
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

#[cfg(test)]
mod tests {
    use crate::{Dual, Mode, Params, Tape, Tensor};

    #[test]
    fn forward_and_reverse_mode_agree_on_a_detached_factor() {
        let params = Params::default();
        let mut tape = Tape::<Dual<f64>>::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::from([Dual::new(3.0, 1.0)]));
        let y = (x * x.detach()).sum(..);
        let mut grads = params.gradients();
        y.backward(&mut grads).unwrap();
        let value = y.value().unwrap().data()[0];
        assert_eq!((value.value, value.tangent), (9.0, 3.0));
        let gradient = grads.of(x).unwrap().data()[0];
        assert_eq!((gradient.value, gradient.tangent), (3.0, 0.0), "a constant factor has no derivative");
    }
}
