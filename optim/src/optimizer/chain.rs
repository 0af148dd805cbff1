//! The parts of a chain, and for which parameters each is.

use std::ops::Range;

use autodiff::{Error, Params, Real, Shape};

use super::{BLOCK, Group};
use crate::names::Names;
use crate::norm::norm;
use crate::penalty::Penalty;
use crate::settings;

/// A change of the gradient.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Penalty(Penalty),
    ClipValue(f64),
    ClipNorm(f64),
    ClipEach(f64),
}

/// What is done to parameters behind the step.
#[derive(Clone, Debug)]
pub(super) enum Behind {
    Decay(f64),
    Proximal(Penalty),
    MaxNorm(f64),
}

/// A parameter that is not frozen, and what of the chain is for it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    name: String,
    pub(super) range: Range<usize>,
    /// For each change of the gradient, whether it is for this parameter.
    pub(super) changes: Vec<bool>,
    /// Entries that one unit reads by; 0 where the parameter has fewer than two axes.
    unit: usize,
    /// The factor of its group.
    rate: f64,
    decay: f64,
    proximal: Vec<Penalty>,
    max_norms: Vec<f64>,
}

impl Part {
    fn new(name: &str, shape: &Shape, range: Range<usize>) -> Self {
        let unit = if shape.rank() < 2 { 0 } else { shape[1..].iter().product() };
        let (changes, proximal, max_norms) = (Vec::new(), Vec::new(), Vec::new());
        Part { name: name.to_owned(), range, changes, unit, rate: 1.0, decay: 0.0, proximal, max_norms }
    }

    /// Adds the penalty's gradient.
    fn regularize<T: Real>(&self, penalty: Penalty, values: &[T], gradient: &mut [T]) -> Result<(), Error> {
        let blocks = values[self.range.clone()].chunks(BLOCK).zip(gradient[self.range.clone()].chunks_mut(BLOCK));
        let finite = blocks.fold(true, |finite, (values, gradient)| {
            penalty.add_gradient(values, gradient);
            finite & T::all_finite(gradient)
        });
        if finite {
            return Ok(());
        }
        let reason = format!("its gradient with {penalty:?} is infinite or NaN");
        Err(Error::Parameter { name: self.name.clone(), reason })
    }

    /// A step along `direction`, and what acts on each entry behind it.
    pub(super) fn step<T: Real>(&self, rate: f64, direction: &[T], values: &mut [T]) {
        let rate = rate * self.rate;
        let (size, kept) = (T::from_f64(rate), T::from_f64(1.0 - rate * self.decay));
        let entries = values.iter_mut().zip(direction);
        match self.decay == 0.0 {
            true => entries.for_each(|(p, &d)| *p -= size * d),
            false => entries.for_each(|(p, &d)| *p = *p * kept - size * d),
        }
        self.proximal.iter().for_each(|penalty| penalty.shrink(rate, values));
    }

    /// Brings each unit's weights to their largest norm.
    pub(super) fn bound<T: Real>(&self, values: &mut [T]) {
        if self.unit > 0 {
            let units = |values: &mut [T], limit: f64| {
                values.chunks_mut(self.unit).for_each(|own| scale_down(own, norm(own), limit));
            };
            self.max_norms.iter().for_each(|&limit| units(values, limit));
        }
    }
}

/// Every parameter that is not frozen, in order of registration.
#[derive(Clone, Debug)]
pub(super) struct Plan(Vec<Part>);

impl Plan {
    pub(super) fn new<T: Real>(
        params: &Params<T>,
        changes: &[(Change, Names)],
        behind: &[(Behind, Names)],
        groups: &[(Group, Names)],
    ) -> Result<Self, Error> {
        let asked = changes.iter().map(|(change, names)| (change.name(), names));
        let asked = asked.chain(behind.iter().map(|(behind, names)| (behind.name(), names)));
        let mut asked = asked.chain(groups.iter().map(|(_, names)| ("group", names)));
        asked.try_for_each(|(what, names)| names.check(what, params))?;
        for (_, names) in behind.iter().filter(|(behind, _)| matches!(behind, Behind::MaxNorm(_))) {
            if !params.iter().any(|(name, shape, _)| names.fits(name) && shape.rank() > 1) {
                let reason = "max_norm bounds parameters of two or more axes, and none of these has them".into();
                return Err(Error::Parameter { name: names.to_string(), reason });
            }
        }
        let mut start = 0;
        let part = |(name, shape, values): (&str, &Shape, &[T])| {
            let mut part = Part::new(name, shape, start..start + values.len());
            start = part.range.end;
            part.changes = changes.iter().map(|(_, names)| names.fits(name)).collect();
            for (behind, _) in behind.iter().filter(|(_, names)| names.fits(name)) {
                match *behind {
                    Behind::Decay(decay) => part.decay += decay,
                    Behind::Proximal(penalty) => part.proximal.push(penalty),
                    Behind::MaxNorm(limit) => part.max_norms.push(limit),
                }
            }
            let group = groups.iter().rev().find(|(_, names)| names.fits(name)).map(|(group, _)| group);
            part.rate = group.and_then(|group| group.rate).unwrap_or(1.0);
            (!group.is_some_and(|group| group.frozen)).then_some(part)
        };
        Ok(Plan(params.iter().filter_map(part).collect()))
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> + Clone {
        self.0.iter()
    }
}

fn scale_down<T: Real>(values: &mut [T], norm: f64, limit: f64) {
    if norm > limit {
        let scale = T::from_f64(limit / norm);
        values.iter_mut().for_each(|x| *x = *x * scale);
    }
}

impl Change {
    fn name(&self) -> &'static str {
        match self {
            Change::Penalty(_) => "regularize",
            Change::ClipValue(_) => "clip_value",
            Change::ClipNorm(_) => "clip_norm",
            Change::ClipEach(_) => "clip_each",
        }
    }

    pub(super) fn check<T: Real>(&self) -> Result<(), Error> {
        match *self {
            Change::Penalty(penalty) => penalty.check::<T>(),
            Change::ClipValue(limit) => settings::positive_in::<T>(self.name(), limit),
            Change::ClipNorm(limit) | Change::ClipEach(limit) => settings::positive(self.name(), limit),
        }
    }

    pub(super) fn apply<'p, T: Real>(
        &self,
        values: &[T],
        gradient: &mut [T],
        mut parts: impl Iterator<Item = &'p Part> + Clone,
    ) -> Result<(), Error> {
        match *self {
            Change::Penalty(penalty) => {
                parts.try_for_each(|part| part.regularize(penalty, values, gradient))?;
            }
            Change::ClipValue(limit) => {
                let (low, high) = (T::from_f64(-limit), T::from_f64(limit));
                for part in parts {
                    gradient[part.range.clone()].iter_mut().for_each(|g| *g = g.maximum(low).minimum(high));
                }
            }
            Change::ClipNorm(limit) => {
                // hypot, because the squares of f64 may overflow.
                let norms = parts.clone().map(|part| norm(&gradient[part.range.clone()]));
                let total = norms.fold(0.0, f64::hypot);
                parts.for_each(|part| scale_down(&mut gradient[part.range.clone()], total, limit));
            }
            Change::ClipEach(limit) => {
                for part in parts {
                    let own = &mut gradient[part.range.clone()];
                    scale_down(own, norm(own), limit);
                }
            }
        }
        Ok(())
    }
}

impl Behind {
    fn name(&self) -> &'static str {
        match self {
            Behind::Decay(_) => "decay",
            Behind::Proximal(_) => "proximal",
            Behind::MaxNorm(_) => "max_norm",
        }
    }

    pub(super) fn check<T: Real>(&self) -> Result<(), Error> {
        match *self {
            Behind::Decay(decay) => settings::not_negative_in::<T>(self.name(), decay),
            Behind::Proximal(penalty) => penalty.check::<T>(),
            Behind::MaxNorm(limit) => settings::positive(self.name(), limit),
        }
    }
}
