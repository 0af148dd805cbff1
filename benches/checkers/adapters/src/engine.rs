//! A case of a framework as an engine for the checker.

use autodiff::check::{Engine, Outcome, Run, Storage};

use crate::framework::{Framework, Leaf, execute};
use crate::row::Function;

/// A function of a framework.
pub struct Operation<'a, F: Framework> {
    pub name: &'a str,
    pub framework: &'a F,
    pub function: &'a Function<F::Tensor>,
    pub epsilon: f64,
    /// Rejects inputs without elements.
    pub filled: bool,
}

impl<F: Framework> Engine for Operation<'_, F> {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn run(&self, run: &Run<'_>) -> Result<Outcome, String> {
        if self.filled && run.operands.iter().any(|operand| operand.shape.size() == 0) {
            return Err("inputs without elements are kept from it".into());
        }
        let inputs: Vec<Leaf<'_>> = run
            .operands
            .iter()
            .map(|operand| Leaf {
                values: operand.leaf,
                storage: operand.storage,
                shape: operand.shape,
                needs_gradient: operand.needs_gradient,
                source: operand.source,
            })
            .collect();
        let second = run.consumer.map(|consumer| (consumer.weights, consumer.first));
        let (output, gradients) = execute(self.framework, self.function, &inputs, run.cotangent, second)?;
        Ok(Outcome { output, gradients })
    }

    fn epsilon(&self) -> f64 {
        self.epsilon
    }

    fn storages(&self) -> &[Storage] {
        self.framework.storages()
    }
}
