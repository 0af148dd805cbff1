//! The gradient of a loss as a value of a recording: reverse over reverse.

use std::panic::Location;

use super::{add_component, copy_component, setting, write_component};
use crate::array::Shape;
use crate::error::Mismatch;
use crate::op::{Frame, InputGrads, Inputs, Op, Reads};
use crate::scalar::{Dual, Real};
use crate::tape::body::Body;
use crate::tape::body::record::Recorded;
use crate::tape::{Recording, Var};

/// Runs a body and pulls its result, a scalar; gives the gradients of the first inputs, one after the other.
#[derive(Debug)]
struct Gradient<T: Real> {
    body: Body<Dual<T>>,
    /// The number of inputs whose gradients are given.
    of: usize,
}

impl<T: Real> Gradient<T> {
    /// Where the gradient of this input begins; after the last of them, their number of elements.
    fn start(&self, input: usize) -> usize {
        (0..input).map(|input| self.body.input_shape(input).size()).sum()
    }

    /// Computes the body where the inputs have these tangents, one after the other, and pulls 1; `deliver` gets the gradient of each
    /// operand. `states`, if any, are written.
    fn run(
        &self,
        inputs: Inputs<'_, T>,
        tangents: Option<&[T]>,
        states: &mut [T],
        deliver: impl FnMut(usize, &[Dual<T>]),
    ) {
        let Some(setting) = setting::<T, Dual<T>>(inputs) else { return };
        let load = |input: usize, to: &mut [Dual<T>]| {
            to.fill(Dual::ZERO);
            write_component(inputs.view(input), 0, to);
            if let (Some(tangents), true) = (tangents, input < self.of) {
                let tangents = tangents[self.start(input)..].iter();
                to.iter_mut().zip(tangents).for_each(|(to, &tangent)| to.tangent = tangent);
            }
        };
        self.body.compute_in_scratch(setting, load, |values, saves| {
            if !states.is_empty() {
                self.body.write_states(setting, values, states);
            }
            self.body.pull_lifted(setting, (values, saves), &[Dual::ONE], deliver);
        });
    }
}

impl<T: Real> Op<T> for Gradient<T> {
    fn name(&self) -> &'static str {
        "gradient"
    }
    /// The gradients, and after them the new values of states.
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        Ok([self.start(self.of) + self.body.size_from(1)].into())
    }
    fn differentiable(&self, operand: usize) -> bool {
        self.body.is_reached(operand)
    }
    fn reads(&self) -> Reads {
        Reads::inputs(0..64)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (gradients, states) = output.split_at_mut(self.start(self.of));
        gradients.fill(T::ZERO);
        self.run(inputs, None, states, |input, gradient| {
            if input < self.of {
                copy_component(gradient, 0, &mut gradients[self.start(input)..][..gradient.len()]);
            }
        });
    }
    /// With cotangents v, the gradient of v·∇f is how ∇f changes along v: the tangents of the gradient at x + εv.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        self.run(at.inputs, Some(cotangent), &mut [], |operand, gradient| {
            if let Some(grad) = grads.view(operand) {
                add_component(gradient, 1, grad);
            }
        });
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// The gradients of a loss with regard to `inputs`, as values of this recording: gradients flow through them to the inputs, to
    /// `others` and to the parameters that the loss reads. So a loss can contain gradients, of itself (gradient penalties) or after
    /// steps along them (meta-learning).
    ///
    /// The loss computes in dual numbers, which every operation and module takes: the pullback of a gradient is how it changes.
    /// `others` are inputs with regard to which no gradient is given.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.variable(&[1.0, 2.0].into());
    /// let [slope] = t.gradient([x], [], |_, [x], []| (x * x * x).sum(..));
    /// assert_eq!(slope.value()?, [3.0, 12.0].into());
    /// let mut grads = params.gradients();
    /// slope.square().sum(..).backward(&mut grads)?; // d(3x²)²/dx
    /// assert_eq!(grads.of(x)?, [36.0, 288.0].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Shapes
    /// Each gradient has that of its input.
    ///
    /// # Errors
    /// Recorded on the tape: a loss of more than one element; one that does not depend on one of the inputs, or through an operation
    /// without a derivative; a mistake in the loss, with its own line; a pass set in it; shards that meet in it. An operation that
    /// is not generic over its scalar does not compile.
    #[track_caller]
    #[must_use]
    pub fn gradient<'r, const M: usize, const N: usize>(
        &'r self,
        inputs: [Var<'r, T>; M],
        others: [Var<'r, T>; N],
        loss: impl for<'b> FnOnce(
            &'b Recording<'b, Dual<T>>,
            [Var<'b, Dual<T>>; M],
            [Var<'b, Dual<T>>; N],
        ) -> Var<'b, Dual<T>>,
    ) -> [Var<'r, T>; M] {
        let location = Location::caller();
        let all: Vec<Var<'r, T>> = inputs.iter().chain(&others).copied().collect();
        if let Some(poisoned) = self.poisoned_by("gradient", &all, location) {
            return [poisoned; M];
        }
        let leaf = |(k, &var): (usize, &Var<'r, T>)| (self.shape_of(var), k < M || self.needs_gradient(var));
        let leaves: Vec<(Shape, bool)> = all.iter().enumerate().map(leaf).collect();
        let recorded = self.params.lifted().and_then(|params| {
            Recorded::new(("gradient", location), self, params, &leaves, |t, vars| {
                loss(t, std::array::from_fn(|k| vars[k]), std::array::from_fn(|k| vars[M + k]))
            })
        });
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(error) => return [self.poison(error); M],
        };
        if let Some(blocked) = &recorded.body.blocked {
            return [self.poison(blocked.clone()); M];
        }
        if let Some(mismatch) = recorded.body.refuses_gradients(M) {
            return [self.refuse("gradient", mismatch, &Var::ids(&inputs), location); M];
        }
        let (operands, states) = (recorded.operands(self, &all, location), recorded.states());
        let (packed, mut first) = (self.apply(Gradient { body: recorded.body, of: M }, operands), 0);
        let gradients = std::array::from_fn(|k| packed.piece(&mut first, &leaves[k].0));
        self.note_states(packed, first, &states);
        gradients
    }
}

impl<T: Real> Body<T> {
    /// Why there are no gradients of the result with regard to the first inputs.
    fn refuses_gradients(&self, inputs: usize) -> Option<Mismatch> {
        if self.shape(0).size() != 1 {
            return Some(Mismatch::new(format!("the loss has shape {}: must be a scalar", self.shape(0))));
        }
        let unreached = (0..inputs).find(|&input| !self.is_reached(input))?;
        Some(Mismatch::new(format!("the loss does not depend on input {unreached}; it belongs to the others")))
    }
}
