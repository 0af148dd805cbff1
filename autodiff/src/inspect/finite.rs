//! Finds the operation that first made a value or gradient infinite or NaN.
//!
//! Healthy networks contain infinities: the padding of max pooling is −∞, and so are attention masks. So the first infinity
//! on the tape is not necessarily the cause; only one that makes the requested value infinite or NaN is. Counterfactual
//! replays (`forward.rs`, `backward.rs`) find it: they keep the first n non-finite numbers that arise and replace all later
//! ones by 1. The smallest n for which the result is still not finite ends with the cause. This takes about twenty passes,
//! and only if the result is not finite.

mod backward;
mod forward;
mod report;

use std::panic::Location;

use crate::error::Error;
use crate::scalar::Real;
use crate::tape::{Gradients, Recording, Replay, Var};

impl<T: Real> Var<'_, T> {
    /// Checks that the value is finite. The error names the operation that first made it infinite or NaN, the caller's line,
    /// the element, and the value ranges of the operation's inputs. Infinities that do not reach this value, such as masks,
    /// are not reported.
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
    /// [`Error::NotFinite`]; the first mistake made on the recording. While a [`Program`](crate::Program) is recorded, always:
    /// use [`Replay::check_finite`].
    #[track_caller]
    pub fn check_finite(self) -> Result<(), Error> {
        let location = std::panic::Location::caller();
        self.recording.check()?;
        self.with_node(|graph, k| {
            if graph.is_deferred() {
                let reason = "a program records shapes; call check_finite() on what its forward() returns".into();
                let (location, inputs) = (graph.attribute(location), graph.nodes.shape(k).to_string());
                return Err(Error::Operation { op: "check_finite", reason, inputs, location });
            }
            forward::check(graph, self.recording.params, k)
        })
    }
}

impl<T: Real> Recording<'_, T> {
    /// Checks that the gradients of parameters and variables that a backward pass of this recording wrote to `grads` are
    /// finite. The error names the operation whose pullback first made one infinite or NaN, in the order of the backward
    /// pass: its line, the element, and the value ranges of inputs, output and cotangent.
    ///
    /// If the loss itself is not finite, [`Var::check_finite`] is more informative.
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
    /// [`Error::NotFinite`]; gradients filled by another recording, or changed since backward.
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
        let root = self.output_id(0)? as usize;
        if self.graph.read(root, self.params).iter().all(T::is_finite) {
            return Ok(());
        }
        forward::check(&self.unplanned()?, self.params, root)
    }

    /// As [`Recording::check_finite_gradients`].
    ///
    /// # Errors
    /// [`Error::NotFinite`]; gradients filled by another recording, or changed since backward.
    #[track_caller]
    pub fn check_finite_gradients(&self, grads: &Gradients<T>) -> Result<(), Error> {
        if backward::all_finite(self.graph, self.params, grads)? {
            return Ok(());
        }
        let (graph, root) = (self.unplanned()?, self.output_id(0)?);
        let cotangent = backward::gradient(self.graph, root as usize, grads).unwrap_or(&[]);
        let seed = Some((graph.nodes.shape(root as usize), cotangent));
        let mut kept = self.params.try_gradients()?;
        graph.backward(root, seed, self.params, &mut kept, Location::caller())?;
        match backward::all_finite(&graph, self.params, &kept)? {
            true => Err(backward::changed()),
            false => backward::check(&graph, self.params, &kept),
        }
    }
}
