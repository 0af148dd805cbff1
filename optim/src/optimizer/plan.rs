//! The plan of a step: which parts of a chain are for which parameter.

use std::ops::Range;
use std::sync::Arc;

use autodiff::{Error, Gradients, Params, Real, Shape};

use super::chain::Chain;
use super::{ParamGroup, blocks};
use crate::param_filter::ParamFilter;
use crate::projections::Projection;

/// A parameter that is not frozen, and the parts of the chain that are for it.
#[derive(Clone, Debug)]
pub(crate) struct ParamPlan<T: Real> {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// Of the flat vector.
    pub(crate) range: Range<usize>,
    /// For each gradient transformation, whether it is for this parameter.
    pub(crate) transforms: Vec<bool>,
    projections: Vec<Arc<dyn Projection<T>>>,
    /// The sum of the projections' coefficients.
    decay: f64,
    /// The factor of its group.
    pub(super) rate_factor: f64,
}

impl<T: Real> ParamPlan<T> {
    fn new(name: &str, shape: &Shape, range: Range<usize>, chain: &Chain<T>) -> Self {
        let projects = |(projection, filter): &&(Arc<dyn Projection<T>>, ParamFilter)| {
            filter.matches(name) && projection.check_shape(shape).is_ok()
        };
        let projections: Vec<_> = chain.projections.iter().filter(projects).map(|(own, _)| own.clone()).collect();
        ParamPlan {
            name: name.to_owned(),
            shape: shape.clone(),
            range,
            transforms: chain.transforms.iter().map(|(_, filter)| filter.matches(name)).collect(),
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
    pub(super) fn project(&self, rate: f64, values: &mut [T]) {
        self.projections.iter().for_each(|projection| projection.project_parameter(rate, &self.shape, values));
    }
}

/// Every parameter that is not frozen, in order of registration.
#[derive(Clone, Debug)]
pub(super) struct Plan<T: Real>(pub(super) Vec<ParamPlan<T>>);

impl<T: Real> Plan<T> {
    pub(super) fn new(params: &Params<T>, chain: &Chain<T>) -> Result<Self, Error> {
        chain.check_filters(params)?;
        let mut start = 0;
        let plan = |(name, shape, values): (&str, &Shape, &[T])| {
            let range = start..start + values.len();
            start = range.end;
            let frozen = chain.group_of(name).is_some_and(ParamGroup::is_frozen);
            (!frozen).then(|| ParamPlan::new(name, shape, range, chain))
        };
        Ok(Plan(params.iter().filter_map(plan).collect()))
    }

    /// The first parameter for which one of these numbers, flat, is infinite or NaN.
    pub(super) fn first_not_finite(&self, flat: &[T]) -> Option<&ParamPlan<T>> {
        self.0.iter().find(|param| !T::all_finite(&flat[param.range.clone()]))
    }

    /// An error naming the first parameter, of those that are not frozen, whose gradient is infinite or NaN.
    pub(super) fn check_finite(&self, grads: &Gradients<T>) -> Result<(), Error> {
        self.first_not_finite(grads.flat()).map_or(Ok(()), |_| grads.check_finite())
    }

    /// Copies the gradients of all parameters that are not frozen, with the check of [`Plan::check_finite`] on each block while
    /// it is in the cache.
    pub(super) fn copy_finite(&self, grads: &Gradients<T>, copy: &mut [T]) -> Result<(), Error> {
        let mut all_finite = true;
        for block in self.0.iter().flat_map(|param| blocks(param.range.clone())) {
            copy[block.clone()].copy_from_slice(&grads.flat()[block.clone()]);
            all_finite &= T::all_finite(&copy[block]);
        }
        if all_finite { Ok(()) } else { grads.check_finite() }
    }
}
