//! Exponential moving averages of parameters.

use autodiff::{Error, ParamVec, Params, Real};

use crate::settings;

/// An exponential moving average of the parameters, `a ← decay · a + (1 − decay) · p`, starting from the parameters of the first
/// update. Averaged parameters often generalize better than the last ones (Polyak and Juditsky 1992).
///
/// ```
/// use autodiff::Params;
/// use optim::Ema;
///
/// let mut params = Params::<f64>::new(0);
/// params.scope("w").parameter("value", [1], |values, _| values.fill(4.0));
/// let mut ema = Ema::new(0.75);
/// ema.update(&params)?;
/// params.flat_mut()[0] = 8.0;
/// ema.update(&params)?;
/// assert_eq!(ema.averaged(&params)?.flat(), [5.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ema<T: Real> {
    decay: f64,
    mean: Option<ParamVec<T>>,
}

impl<T: Real> Ema<T> {
    /// An average with this decay, from 0 to below 1; 0.999 is usual.
    pub fn new(decay: f64) -> Self {
        Ema { decay, mean: None }
    }

    /// Includes the current parameters; to be called after each step.
    ///
    /// # Errors
    /// A decay out of range; parameters other than in the first update; too little memory, in the first update.
    pub fn update(&mut self, params: &Params<T>) -> Result<(), Error> {
        settings::fraction_below_one("decay", self.decay)?;
        let Some(mean) = &mut self.mean else {
            let mut mean = params.zeros()?;
            mean.flat_mut().copy_from_slice(params.flat());
            self.mean = Some(mean);
            return Ok(());
        };
        mean.check_layout(params.values(), "averages")?;
        // Not decay · a + (1 − decay) · p: in f32 the two factors need not add up to 1, and the average drifts.
        let take = T::from_f64(1.0 - self.decay);
        mean.flat_mut().iter_mut().zip(params.flat()).for_each(|(a, &p)| *a += take * (p - *a));
        Ok(())
    }

    /// A copy of `params` with the averages as the values of the parameters, to evaluate. Before the first update, these are the
    /// values of `params`.
    ///
    /// # Errors
    /// Parameters other than in the first update.
    pub fn averaged(&self, params: &Params<T>) -> Result<Params<T>, Error> {
        let mut averaged = params.clone();
        if let Some(mean) = &self.mean {
            mean.check_layout(params.values(), "averages")?;
            averaged.flat_mut().copy_from_slice(mean.flat());
        }
        Ok(averaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As decay · a + (1 − decay) · p it ends at 0.99967.
    #[test]
    fn an_average_of_one_number_is_that_number_in_f32() {
        let mut params = Params::<f32>::new(0);
        params.scope("p").parameter("value", [1], |values, _| values.fill(1.0));
        let mut ema = Ema::new(0.9999);
        (0..200_000).for_each(|_| ema.update(&params).unwrap());
        assert!(
            (ema.averaged(&params).unwrap().flat()[0] - 1.0).abs() < 1e-6,
            "{:?}",
            ema.averaged(&params).unwrap().flat()
        );
    }

    #[test]
    fn an_average_begins_at_the_first_parameters_and_follows() {
        let mut params = Params::<f64>::new(0);
        params.scope("p").parameter("value", [1], |values, _| values.fill(4.0));
        let mut ema = Ema::new(0.75);
        ema.update(&params).unwrap();
        params.flat_mut()[0] = 8.0;
        ema.update(&params).unwrap();
        assert_eq!(ema.averaged(&params).unwrap().flat(), [5.0]);
        assert_eq!(params.flat(), [8.0]);
        let message = Ema::new(1.0).update(&params).unwrap_err().to_string();
        assert!(message.contains("decay is 1"), "{message}");
        let mut other = Params::<f64>::new(0);
        other.scope("q").parameter("value", [1], |_, _| {});
        assert!(ema.update(&other).is_err() && ema.averaged(&other).is_err());
    }
}
