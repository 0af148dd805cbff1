//! Exponential moving average of weights.

use autodiff::{Error, Gradients, Params, Real};

use crate::settings;

/// The exponential moving average of parameters (Polyak and Juditsky 1992): `a ← decay · a + (1 − decay) · p`, begun at the
/// parameters of the first update.
#[derive(Clone, Debug)]
pub struct Average<T: Real> {
    decay: f64,
    /// Of the gradients' type, which knows whose parameters it is for.
    mean: Option<Gradients<T>>,
}

impl<T: Real> Average<T> {
    /// An average of which so much stays from step to step, for example 0.999.
    pub fn new(decay: f64) -> Self {
        Average { decay, mean: None }
    }

    /// Takes up the parameters as they are, behind a step.
    ///
    /// # Errors
    /// A decay outside `0..1`; other parameters than before.
    pub fn update(&mut self, params: &Params<T>) -> Result<(), Error> {
        settings::share("decay", self.decay)?;
        let Some(mean) = &mut self.mean else {
            let mut mean = params.gradients();
            mean.flat_mut().copy_from_slice(params.flat());
            self.mean = Some(mean);
            return Ok(());
        };
        mean.check_layout(params)?;
        // Not decay · a + (1 − decay) · p: in f32 the two factors need not add up to 1, and the average drifts.
        let take = T::from_f64(1.0 - self.decay);
        mean.flat_mut().iter_mut().zip(params.flat()).for_each(|(a, &p)| *a += take * (p - *a));
        Ok(())
    }

    /// The parameters with their averages in place of their values, to evaluate with.
    ///
    /// # Errors
    /// Other parameters than those averaged.
    pub fn of(&self, params: &Params<T>) -> Result<Params<T>, Error> {
        let mut averaged = params.clone();
        if let Some(mean) = &self.mean {
            mean.check_layout(params)?;
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
        let mut average = Average::new(0.9999);
        (0..200_000).for_each(|_| average.update(&params).unwrap());
        assert!(
            (average.of(&params).unwrap().flat()[0] - 1.0).abs() < 1e-6,
            "{:?}",
            average.of(&params).unwrap().flat()
        );
    }

    #[test]
    fn an_average_begins_at_the_first_parameters_and_follows() {
        let mut params = Params::<f64>::new(0);
        params.scope("p").parameter("value", [1], |values, _| values.fill(4.0));
        let mut average = Average::new(0.75);
        average.update(&params).unwrap();
        params.flat_mut()[0] = 8.0;
        average.update(&params).unwrap();
        assert_eq!(average.of(&params).unwrap().flat(), [5.0]);
        assert_eq!(params.flat(), [8.0]);
        let message = Average::new(1.0).update(&params).unwrap_err().to_string();
        assert!(message.contains("decay is 1"), "{message}");
        let mut other = Params::<f64>::new(0);
        other.scope("q").parameter("value", [1], |_, _| {});
        assert!(average.update(&other).is_err() && average.of(&other).is_err());
    }
}
