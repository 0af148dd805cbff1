//! Wraps an operation implemented for `f32` only, so that the checker can run it.

use crate::array::{Shape, Tensor};
use crate::error::{Error, Mismatch};
use crate::op::{Frame, InputGrads, Inputs, Op};
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Mode, Recording, Tape, Var};

use super::subject::{D, Subject};

/// Runs an operation in `f32` inside a recording of dual numbers; drops their tangents.
#[derive(Clone, Debug)]
pub(super) struct Lifted<O>(pub(super) O);

impl<O: Op<f32> + Clone + Sync> Subject for Lifted<O> {
    fn name(&self) -> String {
        format!("{:?} in f32", self.0)
    }
    fn call(&self, inputs: &str) -> String {
        format!("single(&{:?}, [{inputs}])", self.0)
    }
    fn record<'t>(&self, t: &'t Recording<'t, D>, inputs: &[Var<'t, D>]) -> Var<'t, D> {
        t.apply(self.clone(), inputs)
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.differentiable(input)
    }
    fn has_tangents(&self) -> bool {
        false
    }
    fn epsilon(&self) -> f64 {
        f32::EPSILON.into()
    }
}

impl<O: Op<f32> + Clone> Lifted<O> {
    /// The output, and the gradients if there is a cotangent.
    fn run(&self, inputs: Inputs<'_, D>, cotangent: Option<&[D]>) -> Result<(Tensor<f32>, Vec<Tensor<f32>>), Error> {
        let params = Params::default();
        let mut tape = Tape::new();
        tape.poison_buffers(true);
        let t = tape.start(&params, Mode::Train);
        let single = |input: usize| {
            let view = inputs.view(input);
            let mut values = view.iter();
            let data = Tensor::from_fn(view.shape(), |_| values.next().map_or(f32::NAN, |x| x.value as f32));
            if self.0.differentiable(input) { t.variable(&data) } else { t.input(&data) }
        };
        let leaves: Vec<_> = (0..inputs.count()).map(single).collect();
        let output = t.apply(self.0.clone(), &leaves);
        let mut gradients = Vec::new();
        if let Some(cotangent) = cotangent {
            let mut grads = params.gradients();
            let cotangent = Tensor::from_fn(inputs.output_shape(), |k| cotangent[k].value as f32);
            output.backward_with(&cotangent, &mut grads)?;
            for (input, &leaf) in leaves.iter().enumerate() {
                let none = || Tensor::full(inputs.view(input).shape(), 0.0);
                gradients.push(grads.of(leaf).unwrap_or_else(|_| none()));
            }
        }
        Ok((output.value()?, gradients))
    }
}

impl<O: Op<f32> + Clone> Op<D> for Lifted<O> {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        self.0.shape(inputs)
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.differentiable(input)
    }
    fn forward(&self, inputs: Inputs<'_, D>, output: &mut [D], _: &mut [D]) {
        if let Ok((values, _)) = self.run(inputs, None) {
            output.iter_mut().zip(values.data()).for_each(|(y, &x)| *y = Dual::from_f64(x.into()));
        }
    }
    fn backward(&self, at: Frame<'_, D>, cotangent: &[D], grads: &mut InputGrads<'_, D>) {
        let Ok((_, gradients)) = self.run(at.inputs, Some(cotangent)) else { return };
        for (input, gradient) in gradients.iter().enumerate() {
            if let Some(grad) = grads.view(input) {
                grad.add(gradient.cast::<D>().data());
            }
        }
    }
}
