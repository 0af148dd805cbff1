//! An operation implemented for `f32` alone.

use super::{Answer, D, Request, Subject, run_on_values};
use crate::array::Tensor;
use crate::check::report::Probe;
use crate::error::Error;
use crate::op::Op;
use crate::tape::Tape;

#[derive(Clone, Debug)]
pub(in crate::check) struct SingleSubject<O>(pub(in crate::check) O);

impl<O: Op<f32> + Clone> Subject for SingleSubject<O> {
    fn name(&self) -> String {
        format!("{:?} in f32", self.0)
    }
    fn call(&self, inputs: &str) -> String {
        format!("single(&{:?}, [{inputs}])", self.0)
    }
    fn run(&self, request: Request<'_>, _: &mut Tape<D>) -> Result<Answer, Error> {
        let Request { wanted, cotangent, storage, second, sources, poisoned, .. } = request;
        let inputs: Vec<Tensor<f32>> = request.inputs.iter().map(Tensor::cast).collect();
        let request = Request { inputs: &inputs, wanted, cotangent, storage, second, sources, poisoned };
        let answer = run_on_values(|t, inputs| t.apply(self.0.clone(), inputs), request, &mut Tape::new())?;
        let gradients = answer.gradients.into_iter().map(|gradient| gradient.map(|gradient| gradient.cast()));
        Ok(Answer { output: answer.output.cast(), gradients: gradients.collect() })
    }
    fn differentiable(&self, input: usize) -> bool {
        self.0.differentiable(input)
    }
    fn epsilon(&self) -> f64 {
        f32::EPSILON.into()
    }
    fn lacks(&self, probe: Probe) -> Option<&'static str> {
        match probe {
            Probe::SecondOrder => Some("needs dual numbers"),
            Probe::Replay => Some("recorded in dual numbers only"),
            Probe::SinglePrecision | Probe::DoublePrecision => Some("implemented for f32 alone"),
            _ => None,
        }
    }
}
