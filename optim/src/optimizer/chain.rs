//! The open parts of an optimizer: gradient transformations, projections and groups, each with its filter.

use std::sync::Arc;

use autodiff::{Error, Params, Real};

use super::group::ParamGroup;
use crate::param_filter::ParamFilter;
use crate::projections::Projection;
use crate::settings;
use crate::transforms::GradientTransform;

#[derive(Clone, Debug)]
pub(super) struct Chain<T: Real> {
    pub(super) transforms: Vec<(Arc<dyn GradientTransform<T>>, ParamFilter)>,
    pub(super) projections: Vec<(Arc<dyn Projection<T>>, ParamFilter)>,
    pub(super) groups: Vec<(ParamGroup, ParamFilter)>,
}

impl<T: Real> Chain<T> {
    pub(super) fn new() -> Self {
        Chain { transforms: Vec::new(), projections: Vec::new(), groups: Vec::new() }
    }

    /// The group of a parameter: the last of those whose filter matches.
    pub(super) fn group_of(&self, name: &str) -> Option<&ParamGroup> {
        self.groups.iter().rev().find(|(_, filter)| filter.matches(name)).map(|(group, _)| group)
    }

    /// Checks the settings of every part.
    pub(super) fn check(&self, rate: f64) -> Result<(), Error> {
        self.transforms.iter().try_for_each(|(transform, _)| transform.check())?;
        self.projections.iter().try_for_each(|(projection, _)| {
            projection.check()?;
            settings::not_negative_in::<T>("decay", projection.decay())
        })?;
        let mut factors = self.groups.iter().filter_map(|(group, _)| group.own_rate_factor());
        factors.try_for_each(|factor| {
            settings::not_negative_in::<T>("group rate", factor)?;
            settings::not_negative_in::<T>("rate times group rate", rate * factor)
        })
    }

    /// Checks that every filter selects a parameter, and every projection one of a shape that it is defined for.
    pub(super) fn check_filters(&self, params: &Params<T>) -> Result<(), Error> {
        let transforms = self.transforms.iter().map(|(transform, filter)| (transform.name(), filter));
        let projections = self.projections.iter().map(|(projection, filter)| (projection.name(), filter));
        let groups = self.groups.iter().map(|(_, filter)| ("group", filter));
        transforms.chain(projections).chain(groups).try_for_each(|(part, filter)| filter.check(part, params))?;
        self.projections.iter().try_for_each(|(projection, filter)| {
            let selected = params.iter().filter(|(name, ..)| filter.matches(name));
            let mut shapes = selected.map(|(_, shape, _)| projection.check_shape(shape));
            match shapes.next() {
                Some(Err(purpose)) if !shapes.any(|check| check.is_ok()) => {
                    let reason = format!("{} {purpose}, and none of these is one", projection.name());
                    Err(Error::Parameter { name: filter.to_string(), reason })
                }
                _ => Ok(()),
            }
        })
    }

    /// The parts with their settings, as text.
    pub(super) fn describe(&self) -> impl Iterator<Item = String> {
        let transforms = self.transforms.iter().map(|(transform, filter)| format!("{transform:?} for {filter}"));
        let projections = self.projections.iter().map(|(projection, filter)| format!("{projection:?} for {filter}"));
        let groups = self.groups.iter().map(|(group, filter)| format!("{group:?} for {filter}"));
        transforms.chain(projections).chain(groups)
    }
}
