//! The parts of a chain, and for which parameters each is.

use std::ops::Range;

use autodiff::{Error, Params, Real, Shape};

use super::Group;
use crate::names::Names;
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

/// A parameter, and what of the chain is for it.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) range: Range<usize>,
    pub(super) frozen: bool,
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
    fn new(shape: &Shape, range: Range<usize>) -> Self {
        let unit = if shape.rank() < 2 { 0 } else { shape[1..].iter().product() };
        let (changes, proximal, max_norms) = (Vec::new(), Vec::new(), Vec::new());
        Part { range, frozen: false, changes, unit, rate: 1.0, decay: 0.0, proximal, max_norms }
    }

    /// A step along `direction`, and what acts on each entry behind it.
    pub(super) fn step<T: Real>(&self, rate: f64, direction: &[T], values: &mut [T]) {
        let rate = rate * self.rate;
        let (size, kept) = (T::from_f64(rate), T::from_f64(1.0 - rate * self.decay));
        values.iter_mut().zip(direction).for_each(|(p, &d)| *p = *p * kept - size * d);
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

/// Every parameter, in order of registration.
#[derive(Clone, Debug)]
pub(super) struct Plan(Vec<Part>);

impl Plan {
    pub(super) fn new<T: Real>(
        params: &Params<T>,
        changes: &[(Change, Names)],
        behind: &[(Behind, Names)],
        groups: &[(Group, Names)],
    ) -> Self {
        let mut start = 0;
        let part = |(name, shape, values): (&str, &Shape, &[T])| {
            let mut part = Part::new(shape, start..start + values.len());
            start = part.range.end;
            part.changes = changes.iter().map(|(_, names)| names.fits(name)).collect();
            for (behind, _) in behind.iter().filter(|(_, names)| names.fits(name)) {
                match *behind {
                    Behind::Decay(decay) => part.decay += decay,
                    Behind::Proximal(penalty) => part.proximal.push(penalty),
                    Behind::MaxNorm(limit) => part.max_norms.push(limit),
                }
            }
            if let Some((group, _)) = groups.iter().rev().find(|(_, names)| names.fits(name)) {
                (part.rate, part.frozen) = (group.rate.unwrap_or(1.0), group.frozen);
            }
            part
        };
        Plan(params.iter().map(part).collect())
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Part> + Clone {
        self.0.iter()
    }
}

fn norm<T: Real>(values: &[T]) -> f64 {
    values.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt()
}

fn scale_down<T: Real>(values: &mut [T], norm: f64, limit: f64) {
    if norm > limit {
        let scale = T::from_f64(limit / norm);
        values.iter_mut().for_each(|x| *x = *x * scale);
    }
}

impl Change {
    pub(super) fn check(&self) -> Result<(), Error> {
        match *self {
            Change::Penalty(penalty) => penalty.check(),
            Change::ClipValue(limit) => settings::positive("clip_value", limit),
            Change::ClipNorm(limit) => settings::positive("clip_norm", limit),
            Change::ClipEach(limit) => settings::positive("clip_each", limit),
        }
    }

    pub(super) fn apply<'p, T: Real>(
        &self,
        values: &[T],
        gradient: &mut [T],
        parts: impl Iterator<Item = &'p Part> + Clone,
    ) {
        match *self {
            Change::Penalty(penalty) => {
                for part in parts {
                    penalty.add_gradient(&values[part.range.clone()], &mut gradient[part.range.clone()]);
                }
            }
            Change::ClipValue(limit) => {
                let (low, high) = (T::from_f64(-limit), T::from_f64(limit));
                for part in parts {
                    gradient[part.range.clone()].iter_mut().for_each(|g| *g = g.maximum(low).minimum(high));
                }
            }
            Change::ClipNorm(limit) => {
                let squares = parts.clone().map(|part| norm(&gradient[part.range.clone()]).powi(2));
                let total = squares.sum::<f64>().sqrt();
                parts.for_each(|part| scale_down(&mut gradient[part.range.clone()], total, limit));
            }
            Change::ClipEach(limit) => {
                for part in parts {
                    let own = &mut gradient[part.range.clone()];
                    scale_down(own, norm(own), limit);
                }
            }
        }
    }
}

impl Behind {
    pub(super) fn check(&self) -> Result<(), Error> {
        match *self {
            Behind::Decay(decay) => settings::not_negative("decay", decay),
            Behind::Proximal(penalty) => penalty.check(),
            Behind::MaxNorm(limit) => settings::positive("max_norm", limit),
        }
    }
}
