//! Checks that settings are in their ranges. A module checks its own whenever it runs, in training and in evaluation, and
//! records an error on the tape; a constructor that registers parameters reports through [`autodiff::Scope::fail`].

use std::fmt;

use autodiff::Real;

/// The error is a message such as "momentum is 5: must be from 0 to 1". Without an error nothing is formatted: a training
/// step allocates no text.
pub(crate) type Check = Result<(), String>;

pub(crate) fn require(name: &str, value: impl fmt::Display, valid: bool, requirement: impl fmt::Display) -> Check {
    if valid { Ok(()) } else { Err(format!("{name} is {value}: must be {requirement}")) }
}

/// A number in a message: 10³⁰⁰ without its 300 zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number(pub(crate) f64);

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number(value) = *self;
        let plain = value == 0.0 || !value.is_finite() || (1e-4..1e16).contains(&value.abs());
        if plain { write!(f, "{value}") } else { write!(f, "{value:e}") }
    }
}

/// As [`require`], for a number that must also be valid in the scalar of the tape: 10³⁰⁰ is infinite in `f32`.
fn require_in<T: Real>(name: &str, value: f64, valid: impl Fn(f64) -> bool, requirement: &str) -> Check {
    require(name, Number(value), valid(value), requirement)?;
    let scalar = std::any::type_name::<T>();
    let valid = valid(T::from_f64(value).to_f64());
    require(name, Number(value), valid, format_args!("{requirement} in {scalar}"))
}

/// Checks a share or a probability.
pub(crate) fn share(name: &str, value: f64) -> Check {
    require(name, Number(value), (0.0..=1.0).contains(&value), "from 0 to 1")
}

/// Checks a share that leaves a remainder.
pub(crate) fn share_below_one(name: &str, value: f64) -> Check {
    require(name, Number(value), (0.0..1.0).contains(&value), "from 0 up to, but not including, 1")
}

pub(crate) fn finite<T: Real>(name: &str, value: f64) -> Check {
    require_in::<T>(name, value, f64::is_finite, "a finite number")
}

pub(crate) fn not_negative<T: Real>(name: &str, value: f64) -> Check {
    require_in::<T>(name, value, |value| value >= 0.0 && value.is_finite(), "a number from 0 up")
}

pub(crate) fn positive<T: Real>(name: &str, value: f64) -> Check {
    require_in::<T>(name, value, |value| value > 0.0 && value.is_finite(), "a positive number")
}

/// Checks extents, strides and the like, one for each axis.
pub(crate) fn at_least_one(name: &str, values: &[usize]) -> Check {
    require(name, format_args!("{values:?}"), !values.contains(&0), "at least 1 along every axis")
}

/// Checks that channels divide into groups of equal size.
pub(crate) fn divides(what: &str, count: usize, groups: usize) -> Check {
    let divides = groups > 0 && count.is_multiple_of(groups);
    if divides { Ok(()) } else { Err(format!("{count} {what} do not divide into {groups} groups")) }
}
