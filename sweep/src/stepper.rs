//! Optimizers behind one interface, whatever their rule.

use autodiff::{Error, Gradients, Params, Real};
use optim::{AdaGrad, Adam, Optimizer, ParamFilter, ParamGroup, RmsProp, Rule, Sgd};

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
fn complete<T: Real, R: Rule<T> + 'static>(
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

pub(crate) fn sgd<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(Sgd::new(blueprint.rate), blueprint)
}

pub(crate) fn momentum<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(Sgd::new(blueprint.rate).momentum(0.9), blueprint)
}

pub(crate) fn nesterov<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(Sgd::new(blueprint.rate).momentum(0.9).nesterov(), blueprint)
}

pub(crate) fn adam<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(Adam::new(blueprint.rate), blueprint)
}

pub(crate) fn adam_w<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(Adam::new(blueprint.rate).decay(1e-2, "*.weight"), blueprint)
}

pub(crate) fn rms_prop<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(RmsProp::new(blueprint.rate), blueprint)
}

pub(crate) fn ada_grad<T: Real>(blueprint: &Blueprint<T>) -> Box<dyn Stepper<T>> {
    complete(AdaGrad::new(blueprint.rate), blueprint)
}
