//! Settings and the ranges they must lie in.

use autodiff::Error;

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
    check(name, value, value > 0.0, "positive")
}
