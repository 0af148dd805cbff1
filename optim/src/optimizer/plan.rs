//! The plan of a step: which parts of a chain are for which parameter.

use std::sync::Arc;

use autodiff::{Error, Gradients, Params, Real, Shape};

use super::blocks::blocks;
use super::chain::Chain;
use super::group::ParamGroup;
use crate::param_filter::ParamFilter;
use crate::projections::Projection;
use crate::transforms::{SelectedGradients, Selection};

/// The step of a parameter, with the projections that are for it.
#[derive(Clone, Debug)]
pub(super) struct ParamPlan<T: Real> {
    projections: Vec<Arc<dyn Projection<T>>>,
    /// The sum of the projections' coefficients.
    decay: f64,
    /// The factor of its group.
    pub(super) rate_factor: f64,
}

impl<T: Real> ParamPlan<T> {
    fn new(name: &str, shape: &Shape, chain: &Chain<T>) -> Self {
        let projects = |(projection, filter): &&(Arc<dyn Projection<T>>, ParamFilter)| {
            filter.matches(name) && projection.check_shape(shape).is_ok()
        };
        let projections: Vec<_> = chain.projections.iter().filter(projects).map(|(own, _)| own.clone()).collect();
        ParamPlan {
            decay: projections.iter().map(|projection| projection.decay()).sum(),
            projections,
            rate_factor: chain.group_of(name).and_then(ParamGroup::own_rate_factor).unwrap_or(1.0),
        }
    }

    /// Steps a block of entries along `direction`, and projects them while they are in the cache.
    pub(super) fn step(&self, rate: f64, direction: &[T], values: &mut [T]) {
        let (size, decayed) = (T::from_f64(rate), T::from_f64(1.0 - rate * self.decay));
        let entries = values.iter_mut().zip(direction);
        if self.decay == 0.0 {
            entries.for_each(|(p, &d)| *p -= size * d);
        } else {
            entries.for_each(|(p, &d)| *p = *p * decayed - size * d);
        }
        self.projections.iter().for_each(|projection| projection.project_entries(rate, values));
    }

    /// Projects the whole parameter.
    pub(super) fn project(&self, rate: f64, shape: &Shape, values: &mut [T]) {
        self.projections.iter().for_each(|projection| projection.project_parameter(rate, shape, values));
    }
}

/// Every parameter that is not frozen, in order of registration.
#[derive(Clone, Debug)]
pub(super) struct Plan<T: Real> {
    params: Vec<Selection>,
    /// The step of each.
    steps: Vec<ParamPlan<T>>,
}

impl<T: Real> Plan<T> {
    pub(super) fn new(params: &Params<T>, chain: &Chain<T>) -> Result<Self, Error> {
        chain.check_filters(params)?;
        let mut plan = Plan { params: Vec::new(), steps: Vec::new() };
        let mut start = 0;
        for (name, shape, values) in params.iter() {
            let range = start..start + values.len();
            start = range.end;
            if chain.group_of(name).is_some_and(ParamGroup::is_frozen) {
                continue;
            }
            let transforms = chain.transforms.iter().map(|(_, filter)| filter.matches(name)).collect();
            plan.params.push(Selection { name: name.to_owned(), shape: shape.clone(), range, transforms });
            plan.steps.push(ParamPlan::new(name, shape, chain));
        }
        Ok(plan)
    }

    /// Every parameter, with its step.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Selection, &ParamPlan<T>)> {
        self.params.iter().zip(&self.steps)
    }

    /// The first parameter for which one of these numbers, flat, is infinite or NaN.
    fn first_not_finite(&self, flat: &[T]) -> Option<&Selection> {
        self.params.iter().find(|param| !T::all_finite(&flat[param.range.clone()]))
    }

    /// An error naming the first parameter, of those that are not frozen, whose gradient is infinite or NaN.
    pub(super) fn check_finite(&self, grads: &Gradients<T>) -> Result<(), Error> {
        self.first_not_finite(grads.flat()).map_or(Ok(()), |_| grads.check_finite())
    }

    /// Copies the gradients of all parameters that are not frozen, with the check of [`Plan::check_finite`] on each block while
    /// it is in the cache.
    pub(super) fn copy_finite(&self, grads: &Gradients<T>, copy: &mut [T]) -> Result<(), Error> {
        let mut all_finite = true;
        for block in self.params.iter().flat_map(|param| blocks(param.range.clone())) {
            copy[block.clone()].copy_from_slice(&grads.flat()[block.clone()]);
            all_finite &= T::all_finite(&copy[block]);
        }
        if all_finite { Ok(()) } else { grads.check_finite() }
    }

    /// Applies the transformations of the chain to `gradient`, flat. One that makes it infinite or NaN is an error.
    pub(super) fn transform(
        &self,
        chain: &Chain<T>,
        step: u64,
        params: &Params<T>,
        gradient: &mut [T],
    ) -> Result<(), Error> {
        for (index, (transform, _)) in chain.transforms.iter().enumerate() {
            transform.apply(step, &mut SelectedGradients::new(&self.params, index, params.flat(), gradient))?;
            // After each one: a clip would hide an infinity.
            if let Some(param) = self.first_not_finite(gradient) {
                let reason = format!("its gradient with {transform:?} is infinite or NaN");
                return Err(Error::Parameter { name: param.name.clone(), reason });
            }
        }
        Ok(())
    }
}
