//! Optimizers behind one interface, whatever their rule.

use autodiff::{Error, Gradients, Params, Real};
use optim::{Optimizer, ParamFilter, ParamGroup, Rule};

use crate::blueprint::Blueprint;

/// An optimizer of any rule.
pub(crate) trait Stepper<T: Real> {
    fn set_rate(&mut self, rate: f64);

    fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error>;
}

impl<T: Real, R: Rule<T>> Stepper<T> for Optimizer<T, R> {
    fn set_rate(&mut self, rate: f64) {
        Optimizer::set_rate(self, rate);
    }

    fn step(&mut self, params: &mut Params<T>, grads: &Gradients<T>) -> Result<(), Error> {
        Optimizer::step(self, params, grads)
    }
}

/// The optimizer with the penalties of the weights and the factors of the rate.
pub(crate) fn complete<T: Real, R: Rule<T> + 'static>(
    optimizer: Optimizer<T, R>,
    blueprint: &Blueprint<T>,
) -> Box<dyn Stepper<T>> {
    let penalized = blueprint
        .penalties
        .iter()
        .fold(optimizer, |optimizer, &penalty| optimizer.regularize_only(penalty, ParamFilter::from("*.weight")));
    let factors = blueprint.rate_factors.iter();
    Box::new(
        factors
            .fold(penalized, |optimizer, &(filter, factor)| optimizer.group(filter, ParamGroup::rate_factor(factor))),
    )
}
