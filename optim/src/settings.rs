//! Checks of settings against their ranges.

use autodiff::{Error, Real};

fn check(name: &'static str, value: f64, is_valid: bool, requirement: &'static str) -> Result<(), Error> {
    if is_valid { Ok(()) } else { Err(Error::Setting { name, value: value.to_string(), requirement }) }
}

pub(crate) fn fraction_below_one(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..1.0).contains(&value), "from 0 up to, but not including, 1")
}

pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite() && value >= 0.0, "finite and not negative")
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite() && value > 0.0, "positive and finite")
}

/// [`not_negative`], also once rounded to `T`.
pub(crate) fn not_negative_in<T: Real>(name: &'static str, value: f64) -> Result<(), Error> {
    not_negative(name, value)?;
    check(name, value, T::from_f64(value).is_finite(), "finite in the scalar of the parameters")
}

/// [`positive`], also once rounded to `T`: steps divide by it.
pub(crate) fn positive_in<T: Real>(name: &'static str, value: f64) -> Result<(), Error> {
    positive(name, value)?;
    let rounded = T::from_f64(value);
    check(name, value, rounded > T::ZERO && rounded.is_finite(), "positive and finite in the scalar of the parameters")
}

pub(crate) fn at_least_one(name: &'static str, count: u64) -> Result<(), Error> {
    if count > 0 { Ok(()) } else { Err(Error::Setting { name, value: "0".into(), requirement: "at least 1" }) }
}

pub(crate) fn fraction(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..=1.0).contains(&value), "from 0 to 1")
}

/// Finite, also once rounded to `T`.
pub(crate) fn finite_in<T: Real>(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite(), "finite")?;
    check(name, value, T::from_f64(value).is_finite(), "finite in the scalar of the parameters")
}
