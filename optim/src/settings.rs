//! Settings and the ranges they must lie in.

use autodiff::{Error, Real};

fn check(name: &'static str, value: f64, fits: bool, requirement: &'static str) -> Result<(), Error> {
    if fits { Ok(()) } else { Err(Error::Setting { name, value: value.to_string(), requirement }) }
}

/// An error unless `value` is a share of which something always remains.
pub(crate) fn share(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..1.0).contains(&value), "from 0 up to, but not including, 1")
}

pub(crate) fn not_negative(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite() && value >= 0.0, "finite and not negative")
}

pub(crate) fn positive(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, value.is_finite() && value > 0.0, "positive and finite")
}

/// As [`not_negative`], of a number that steps multiply by.
pub(crate) fn not_negative_in<T: Real>(name: &'static str, value: f64) -> Result<(), Error> {
    not_negative(name, value)?;
    check(name, value, T::from_f64(value).is_finite(), "finite in the scalar of the parameters")
}

/// As [`positive`], of a number that steps divide by.
pub(crate) fn positive_in<T: Real>(name: &'static str, value: f64) -> Result<(), Error> {
    positive(name, value)?;
    let rounded = T::from_f64(value);
    check(name, value, rounded > T::ZERO && rounded.is_finite(), "positive and finite in the scalar of the parameters")
}

pub(crate) fn at_least_one(name: &'static str, count: u64) -> Result<(), Error> {
    if count > 0 { Ok(()) } else { Err(Error::Setting { name, value: "0".into(), requirement: "at least 1" }) }
}

/// An error unless `value` is a share of the whole.
pub(crate) fn within_one(name: &'static str, value: f64) -> Result<(), Error> {
    check(name, value, (0.0..=1.0).contains(&value), "from 0 to 1")
}
