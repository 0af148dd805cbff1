//! Minimization of a function of a tensor.

use std::panic::Location;

use autodiff::{Error, Mode, Params, Real, Tape, Tensor, Var};

use crate::lbfgs::{Ended, Lbfgs};

/// The minimum that [`minimize`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Minimum<T: Real> {
    /// The point, in the shape of the start.
    pub point: Tensor<T>,
    /// The value of the function there.
    pub value: T,
    /// The maximum norm of the gradient there: its largest absolute entry.
    pub gradient_norm: f64,
    /// The number of iterations.
    pub iterations: usize,
    /// The number of evaluations of the function, each with its gradient.
    pub evaluations: usize,
    /// Why the descent ended.
    pub ended: Ended,
}

/// Minimizes a scalar function of a tensor by [`Lbfgs`] with its default settings; [`Lbfgs::minimize_function`] is the same with others.
///
/// The function must be smooth, and finite at the start. Which of several local minima is found depends on the start.
///
/// # Examples
///
/// Rosenbrock's function `Σ 100 (xₖ₊₁ − xₖ²)² + (1 − xₖ)²` in ten dimensions:
///
/// ```
/// use autodiff::Tensor;
/// use optim::minimize;
///
/// let start = Tensor::<f64>::full([10], -1.0);
/// let minimum = minimize(
///     |x| {
///         let (x, next) = (x.narrow(0, 0..9), x.narrow(0, 1..10));
///         ((next - x.square()).square() * 100.0 + (1.0 - x).square()).sum(..)
///     },
///     &start,
/// )?;
/// assert!(minimum.ended.is_converged());
/// assert!(minimum.value < 1e-9 && minimum.evaluations < 100);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// A mistake made by the function on the tape, which names its line; a value that is not a scalar or does not depend on the tensor; a
/// start that is infinite or NaN, or at which the function or its gradient is, with the line of the operation that made it so; too
/// little memory.
#[track_caller]
pub fn minimize<T: Real, F>(function: F, start: &Tensor<T>) -> Result<Minimum<T>, Error>
where
    F: for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
{
    Lbfgs::new().minimize_function(function, start)
}

impl<T: Real> Lbfgs<T> {
    /// [`minimize`](crate::minimize()) with these settings.
    ///
    /// ```
    /// use optim::Lbfgs;
    ///
    /// let precise = Lbfgs::new().gradient_tolerance(1e-10).value_tolerance(0.0);
    /// let minimum = precise.minimize_function(|x| (x.exp() - x * 2.0).sum(..), &[3.0].into())?;
    /// assert!((minimum.point.data()[0] - 2.0_f64.ln()).abs() < 1e-10);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`minimize`](crate::minimize()), and a setting out of range.
    #[track_caller]
    pub fn minimize_function<F>(&self, function: F, start: &Tensor<T>) -> Result<Minimum<T>, Error>
    where
        F: for<'t> Fn(Var<'t, T>) -> Var<'t, T>,
    {
        let caller = Location::caller();
        if let Some(index) = start.data().iter().position(|x| !x.is_finite()) {
            let reason = format!("element {index} of the start is {}", start.data()[index].to_f64());
            return Err(Error::InvalidInput { what: "minimize", reason });
        }
        let mut params = Params::new(0);
        let id = params.scope("").parameter("x", start.shape(), |_, _| {});
        params.check()?;
        params.set(id, start)?;
        let (mut tape, mut is_start) = (Tape::new(), true);
        let descent = self.minimize(&mut params, |params, grads| {
            let t = tape.start(params, Mode::Train);
            // What this file records is attributed to the caller.
            t.at(caller, file!(), || {
                let value = function(t.param(id));
                value.backward(grads)?;
                // Later, what is not finite is a trial that went too far.
                if std::mem::take(&mut is_start) {
                    value.check_finite()?;
                    t.check_finite_gradients(grads)?;
                }
                value.item()
            })
        })?;
        Ok(Minimum {
            point: params.value(id)?,
            value: descent.value,
            gradient_norm: descent.gradient_norm,
            iterations: descent.iterations,
            evaluations: descent.evaluations,
            ended: descent.ended,
        })
    }
}
