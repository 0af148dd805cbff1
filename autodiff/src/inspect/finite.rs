//! Which operation first made a value, or a gradient, infinite or NaN.
//!
//! Infinities are at home in healthy networks: the padding of max pooling is −∞, and so are the masks of attention. So the
//! first one on the tape says nothing; only what makes the value that was asked for infinite or NaN counts. That is
//! found by counterfactual replays (`forward.rs`, `backward.rs`): numbers that are not finite are replaced where they
//! arise, by 1, but for the first few, and the shortest list of those that spoils the result ends with the culprit.
//! It takes some twenty passes, and only where there is something to find.

mod backward;
mod forward;
mod report;

use crate::error::Error;
use crate::scalar::Real;
use crate::tape::{Gradients, Recording, Replay, Var};

impl<T: Real> Var<'_, T> {
    /// An error if the value is infinite or NaN, naming what first made it so, in the order of computation: the
    /// operation, the caller's line, the element, and the ranges of the inputs it was computed from. Infinities that do
    /// not get through to this value, such as masks, are not accused.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.variable(&[1.0, 0.0, 4.0].into()).named("x");
    /// let loss = (x.ln() * x).sum(..); // 0 · ln 0: the loss is NaN, the cause is the logarithm
    /// let error = loss.check_finite().unwrap_err().to_string();
    /// assert!(error.starts_with("ln first produced -inf in forward at "));
    /// assert!(error.ends_with("element [1]: [3] (x) in 0..4"));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFinite`]; a mistake on the tape; in a [`Program`](crate::Program), which records shapes only, always: see
    /// [`Replay::check_finite`].
    #[track_caller]
    pub fn check_finite(self) -> Result<(), Error> {
        let location = std::panic::Location::caller();
        self.recording.check()?;
        self.with_node(|graph, k| {
            if graph.is_deferred() {
                let reason = "a program records shapes; call check_finite() on what its forward() returns".into();
                let (location, inputs) = (graph.attribute(location), graph.nodes[k].layout.shape().to_string());
                return Err(Error::Operation { op: "check_finite", reason, inputs, location });
            }
            forward::check(graph, self.recording.params, k)
        })
    }
}

impl<T: Real> Recording<'_, T> {
    /// An error if a gradient that a backward pass of this recording has left in `grads`, of a parameter or a variable,
    /// is infinite or NaN. It names the operation whose pullback first made it so, in the order of the backward pass:
    /// its line, the element, and the ranges of what the pullback read: inputs, output and cotangent.
    ///
    /// Where the value that backward started from is itself not finite, [`Var::check_finite`] tells more.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let x = t.variable(&[4.0, 0.0].into()).named("x");
    /// let loss = x.sqrt().sum(..); // 2, but the slope of √x at 0 is ∞
    /// let mut grads = params.gradients();
    /// loss.backward(&mut grads)?;
    /// let error = t.check_finite_gradients(&grads).unwrap_err().to_string();
    /// assert!(error.starts_with("sqrt first produced inf in backward at "));
    /// assert!(error.ends_with(
    ///     "element [1] of the gradient of [2] (x): input [2] (x) in 0..4, output [2] in 0..2, cotangent [2] all 1"
    /// ));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFinite`]; gradients that another recording has filled, or that were changed after backward.
    pub fn check_finite_gradients(&self, grads: &Gradients<T>) -> Result<(), Error> {
        backward::check(&self.graph.borrow(), self.params, grads)
    }
}

impl<T: Real> Replay<'_, T> {
    /// As [`Var::check_finite`], for the first output.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; a program without outputs.
    pub fn check_finite(&self) -> Result<(), Error> {
        forward::check(self.graph, self.params, self.output_id(0)? as usize)
    }

    /// As [`Recording::check_finite_gradients`].
    ///
    /// # Errors
    /// [`Error::NotFinite`]; gradients that another recording has filled, or that were changed after backward.
    pub fn check_finite_gradients(&self, grads: &Gradients<T>) -> Result<(), Error> {
        backward::check(self.graph, self.params, grads)
    }
}
