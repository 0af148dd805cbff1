//! The plan of a step: which parts of a chain are for which parameter.

use std::ops::Range;
use std::sync::Arc;

use autodiff::op::dispatch;
use autodiff::{Error, Gradients, ParamVec, Params, Real, Shape};

use super::chain::Chain;
use super::group::ParamGroup;
use crate::param_filter::ParamFilter;
use crate::projections::Projection;
use crate::rules::Rule;
use crate::transforms::{SelectedGradients, Selection, within};

/// The step of a parameter, with the projections that are for it.
#[derive(Clone, Debug)]
pub(super) struct ParamPlan<T: Real> {
    projections: Vec<Arc<dyn Projection<T>>>,
    /// The sum of the projections' coefficients.
    decay: f64,
    /// The factor of its group.
    pub(super) rate_factor: f64,
    /// Whether nothing is projected, so that only the rule changes entries.
    pub(super) is_bare: bool,
    /// The scratch memory of the rule, if it updates the parameter as a whole.
    whole: Option<usize>,
}

impl<T: Real> ParamPlan<T> {
    fn new(name: &str, shape: &Shape, chain: &Chain<T>, rule: &impl Rule<T>) -> Self {
        let projects = |(projection, filter): &&(Arc<dyn Projection<T>>, ParamFilter)| {
            filter.matches(name) && projection.check_shape(shape).is_ok()
        };
        let projections: Vec<_> = chain.projections.iter().filter(projects).map(|(own, _)| own.clone()).collect();
        let group = chain.group_of(name);
        ParamPlan {
            decay: projections.iter().map(|projection| projection.decay()).sum(),
            is_bare: projections.is_empty(),
            projections,
            rate_factor: group.and_then(ParamGroup::own_rate_factor).unwrap_or(1.0),
            whole: (rule.is_whole(shape) && !group.is_some_and(ParamGroup::is_entrywise)).then(|| rule.scratch(shape)),
        }
    }

    /// Steps a block of entries along `direction`, and projects them while they are in the cache.
    pub(super) fn step(&self, rate: f64, direction: &[T], values: &mut [T]) {
        let (size, decayed) = (T::from_f64(rate), T::from_f64(1.0 - rate * self.decay));
        let entries = values.iter_mut().zip(direction);
        match self.decay == 0.0 {
            true => dispatch(move || entries.for_each(move |(p, &d)| *p -= size * d)),
            false => dispatch(move || entries.for_each(move |(p, &d)| *p = *p * decayed - size * d)),
        }
        self.projections.iter().for_each(|projection| projection.project_entries(rate, values));
    }

    /// Projects the whole parameter.
    fn project(&self, rate: f64, shape: &Shape, values: &mut [T]) {
        self.projections.iter().for_each(|projection| projection.project_parameter(rate, shape, values));
    }
}

/// Every parameter that is not frozen, in order of registration.
#[derive(Clone, Debug)]
pub(super) struct Plan<T: Real> {
    params: Vec<Selection>,
    /// The step of each.
    steps: Vec<ParamPlan<T>>,
    /// Memory for the transformed gradient, if there are transformations.
    transformed: Option<ParamVec<T>>,
    /// The ranges of the flat vectors outside of which the gradient that the rule gets is zero.
    touched: Vec<Range<usize>>,
}

impl<T: Real> Plan<T> {
    pub(super) fn new(params: &Params<T>, chain: &Chain<T>, rule: &impl Rule<T>) -> Result<Self, Error> {
        chain.check_filters(params)?;
        let transformed = if chain.transforms.is_empty() { None } else { Some(params.zeros()?) };
        let mut plan = Plan { params: Vec::new(), steps: Vec::new(), transformed, touched: Vec::new() };
        let mut start = 0;
        for (name, shape, values) in params.iter() {
            let range = start..start + values.len();
            start = range.end;
            if chain.group_of(name).is_some_and(ParamGroup::is_frozen) {
                continue;
            }
            let transforms = chain.transforms.iter().map(|(_, filter)| filter.matches(name)).collect();
            plan.params.push(Selection { name: name.to_owned(), shape: shape.clone(), range, transforms });
            plan.steps.push(ParamPlan::new(name, shape, chain, rule));
        }
        Ok(plan)
    }

    /// The parameters that the rule updates as a whole, each with its step and the scratch memory of the rule.
    pub(super) fn whole(&self) -> impl Iterator<Item = (&Selection, &ParamPlan<T>, usize)> {
        let params = self.params.iter().zip(&self.steps);
        params.filter_map(|(param, step)| Some((param, step, step.whole?)))
    }

    /// The part of each other parameter that is within a range of the flat vectors, with the parameter's step.
    pub(super) fn within(&self, range: Range<usize>) -> impl Iterator<Item = (Range<usize>, &ParamPlan<T>)> {
        let first = self.params.partition_point(|param| param.range.end <= range.start);
        let params = self.params[first..].iter().zip(&self.steps[first..]);
        params
            .take_while(move |(param, _)| param.range.start < range.end)
            .filter(|(_, step)| step.whole.is_none())
            .map(move |(param, step)| (param.range.start.max(range.start)..param.range.end.min(range.end), step))
    }

    /// The parts of a range where the gradient that the rule gets may differ from zero.
    pub(super) fn touched(&self, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        within(&self.touched, range)
    }

    /// Projects every parameter as a whole, after a step with this rate of the optimizer.
    pub(super) fn project(&self, rate: f64, values: &mut [T]) {
        for (param, step) in self.params.iter().zip(&self.steps) {
            step.project(rate * step.rate_factor, &param.shape, &mut values[param.range.clone()]);
        }
    }

    /// The gradient that the rule gets: `grads`, unless transformed.
    pub(super) fn gradient<'p>(&'p self, grads: &'p Gradients<T>) -> &'p [T] {
        self.transformed.as_ref().unwrap_or(grads.parameters()).flat()
    }

    /// Transforms the gradient. An infinity or NaN, given or made by a transformation, is an error.
    pub(super) fn transform(
        &mut self,
        chain: &Chain<T>,
        step: u64,
        params: &Params<T>,
        grads: &Gradients<T>,
    ) -> Result<(), Error> {
        let (touched, keeps_zeros) = (&mut self.touched, chain.transforms.iter().all(|(own, _)| own.keeps_zeros()));
        if let (Some(transformed), true) = (&mut self.transformed, keeps_zeros) {
            // What the last step left.
            touched.iter().for_each(|range| transformed.flat_mut()[range.clone()].fill(T::ZERO));
        }
        touched.clear();
        match keeps_zeros {
            true => touched.extend(grads.touched()),
            false => touched.push(0..grads.flat().len()),
        }
        check_finite(&self.params, grads.flat(), touched, |_| grads.check_finite())?;
        let Some(transformed) = &mut self.transformed else { return Ok(()) };
        let gradient = transformed.flat_mut();
        touched.iter().for_each(|range| gradient[range.clone()].copy_from_slice(&grads.flat()[range.clone()]));
        for (index, (transform, _)) in chain.transforms.iter().enumerate() {
            let selected = (&*self.params, index);
            transform.apply(step, &mut SelectedGradients::new(selected, params.flat(), gradient, touched))?;
            // After each one: a clip would hide an infinity.
            check_finite(&self.params, gradient, touched, |param| {
                let reason = format!("its gradient with {transform:?} is infinite or NaN");
                Err(Error::Parameter { name: param.name.clone(), reason })
            })?;
        }
        Ok(())
    }
}

/// The error, made by `report`, of the first of these parameters for which one of these numbers, flat and zero but in some ranges, is
/// infinite or NaN.
fn check_finite<T: Real>(
    params: &[Selection],
    flat: &[T],
    touched: &[Range<usize>],
    report: impl FnOnce(&Selection) -> Result<(), Error>,
) -> Result<(), Error> {
    // All at once is faster than one by one; what is not finite may also be of a frozen parameter.
    if touched.iter().all(|range| T::all_finite(&flat[range.clone()])) {
        return Ok(());
    }
    params.iter().find(|param| !T::all_finite(&flat[param.range.clone()])).map_or(Ok(()), report)
}
