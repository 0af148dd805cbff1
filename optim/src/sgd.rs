//! Stochastic gradient descent.

use autodiff::{Error, Gradients, Params, Real};

/// Stochastic gradient descent with momentum μ and rate η, as PyTorch defines it (Sutskever 2013, with the rate outside
/// the velocity): `v ← μ v + g`, then `p ← p − η v`, or `p ← p − η (g + μ v)` in Nesterov's variant.
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use optim::Sgd;
///
/// let mut params = Params::<f64>::new(0);
/// let x = params.scope("x").parameter("value", [1], |values, _| values.fill(5.0));
/// let mut sgd = Sgd::new(0.1).momentum(0.5).nesterov();
/// let (mut tape, mut grads) = (Tape::new(), params.gradients());
/// for _ in 0..50 {
///     let t = tape.start(&params, Mode::Train);
///     t.param(x).square().sum(..).backward(&mut grads)?;
///     sgd.step(&mut params, &grads)?;
/// }
/// assert!(params.flat()[0].abs() < 1e-6);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sgd<T: Real> {
    rate: f64,
    momentum: f64,
    nesterov: bool,
    /// None before the first step, and without momentum. Of the gradients' type, which knows whose parameters it is for.
    velocity: Option<Gradients<T>>,
}

impl<T: Real> Sgd<T> {
    /// Plain gradient descent with this rate.
    pub fn new(rate: f64) -> Self {
        Sgd { rate, momentum: 0.0, nesterov: false, velocity: None }
    }

    /// Keeps a velocity, `momentum` of which stays from step to step.
    #[must_use]
    pub fn momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// Looks ahead along the velocity (Nesterov 1983).
    #[must_use]
    pub fn nesterov(mut self) -> Self {
        self.nesterov = true;
        self
    }

    /// Changes the rate, for a schedule.
    pub fn set_rate(&mut self, rate: f64) {
        self.rate = rate;
    }

    /// Updates `params` by one step.
    ///
    /// # Errors
    /// Gradients, or a velocity, of other parameters; a rate that is negative or not finite; a momentum outside 0..1;
    /// Nesterov's variant without momentum. Nothing is changed then.
    pub fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
        grads.check_layout(params)?;
        self.check()?;
        let (rate, momentum) = (T::from_f64(self.rate), T::from_f64(self.momentum));
        if self.momentum == 0.0 {
            params.flat_mut().iter_mut().zip(grads.flat()).for_each(|(p, &g)| *p -= rate * g);
            return params.commit(grads);
        }
        let velocity = self.velocity.get_or_insert_with(|| params.gradients());
        if velocity.check_layout(params).is_err() {
            let reason = "its velocity belongs to other Params, or to these before the last parameter was registered";
            return Err(Error::Foreign { what: "sgd", reason: reason.into() });
        }
        for ((p, &g), v) in params.flat_mut().iter_mut().zip(grads.flat()).zip(velocity.flat_mut()) {
            *v = momentum * *v + g;
            *p -= rate * if self.nesterov { g + momentum * *v } else { *v };
        }
        params.commit(grads)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |name, value: f64, requirement| Err(Error::Setting { name, value: value.to_string(), requirement });
        if !(self.rate.is_finite() && self.rate >= 0.0) {
            return wrong("rate", self.rate, "finite and not negative");
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return wrong("momentum", self.momentum, "from 0 up to, but not including, 1");
        }
        if self.nesterov && self.momentum == 0.0 {
            return wrong("momentum", 0.0, "positive for Nesterov's variant");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use autodiff::ParamId;

    use super::*;

    fn one_parameter(value: f64) -> (Params<f64>, ParamId, Gradients<f64>) {
        let mut params = Params::new(0);
        let id = params.scope("p").parameter("value", [1], |values, _| values.fill(value));
        let grads = params.gradients();
        (params, id, grads)
    }

    /// The parameter after each of the gradients 1, 2 and −1.
    fn path(mut sgd: Sgd<f64>) -> Vec<f64> {
        let (mut params, _, mut grads) = one_parameter(1.0);
        let step = |g: f64| {
            grads.flat_mut()[0] = g;
            sgd.step(&mut params, &grads).unwrap();
            params.flat()[0]
        };
        [1.0, 2.0, -1.0].map(step).to_vec()
    }

    #[test]
    fn steps_are_those_computed_by_hand() {
        assert_eq!(path(Sgd::new(0.5)), [0.5, -0.5, 0.0]);
        // Velocities 1, 2.5, 0.25.
        assert_eq!(path(Sgd::new(0.5).momentum(0.5)), [0.5, -0.75, -0.875]);
        // Updates 1 + ½·1, 2 + ½·2.5, −1 + ½·0.25.
        assert_eq!(path(Sgd::new(0.5).momentum(0.5).nesterov()), [0.25, -1.375, -0.9375]);
    }

    #[test]
    fn settings_out_of_range_and_foreign_gradients_are_refused() {
        let (mut params, _, grads) = one_parameter(1.0);
        let mut refused =
            |mut sgd: Sgd<f64>, grads: &Gradients<f64>| sgd.step(&mut params, grads).unwrap_err().to_string();
        assert_eq!(refused(Sgd::new(-0.1), &grads), "rate is -0.1: must be finite and not negative");
        assert_eq!(refused(Sgd::new(f64::NAN), &grads), "rate is NaN: must be finite and not negative");
        let message = refused(Sgd::new(0.1).momentum(1.0), &grads);
        assert_eq!(message, "momentum is 1: must be from 0 up to, but not including, 1");
        assert!(refused(Sgd::new(0.1).nesterov(), &grads).contains("positive for Nesterov"));
        let (_, _, foreign) = one_parameter(0.0);
        assert!(refused(Sgd::new(0.1), &foreign).starts_with("gradients: they were made from other Params"));
        assert_eq!(params.flat(), &[1.0]);
    }

    #[test]
    fn a_velocity_stays_with_its_parameters() {
        let (mut first, _, mut grads) = one_parameter(1.0);
        let (mut second, _, foreign) = one_parameter(1.0);
        grads.flat_mut()[0] = 2.0;
        let mut sgd = Sgd::new(0.5).momentum(0.5);
        sgd.step(&mut first, &grads).unwrap();
        let message = sgd.step(&mut second, &foreign).unwrap_err().to_string();
        assert!(message.starts_with("sgd: its velocity belongs to other Params"), "{message}");
        assert_eq!((first.flat(), second.flat()), (&[0.0][..], &[1.0][..]));
        // A copy, such as a state to go back to, is of the same origin.
        sgd.step(&mut first.clone(), &grads).unwrap();
    }
}
