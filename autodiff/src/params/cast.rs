//! Conversion of parameters to another scalar.

use super::lifted::LiftedCopy;
use super::table::{TableEntry, mistake};
use super::{ParamVec, Params};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

impl<T: Real> Params<T> {
    /// The same parameters and state in another scalar; ids and names stay valid. A finite number that overflows in the
    /// other scalar (10³⁰⁰ in `f32`) is a mistake, reported by [`Params::check`] and by every tape.
    ///
    /// # Panics
    /// If they do not fit into memory; [`Params::try_cast`] returns an error instead.
    pub fn cast<U: Real>(&self) -> Params<U> {
        memory::or_panic(self.try_cast())
    }

    /// As [`Params::cast`].
    ///
    /// # Errors
    /// If the parameters do not fit into memory.
    pub fn try_cast<U: Real>(&self) -> Result<Params<U>, Error> {
        self.mapped(|value| U::from_f64(value.to_f64()))
    }

    /// The same with `map` of every value and state.
    pub(super) fn mapped<U: Real>(&self, map: impl Fn(T) -> U) -> Result<Params<U>, Error> {
        let cast = |values: &[T]| {
            let mut cast = memory::room(|| "parameters in another scalar".into(), Some(values.len()))?;
            cast.extend(values.iter().map(|&value| map(value)));
            Ok::<_, Error>(cast)
        };
        let (values, state) = (cast(self.flat())?, cast(&self.state)?);
        let table = self.table();
        let error = self.error.clone().or_else(|| {
            let overflowed = too_large(&table.entries, self.flat(), &values);
            overflowed.or_else(|| too_large(&table.states, &self.state, &state))
        });
        let values = ParamVec { table: table.clone(), values };
        Ok(Params { values, state, seed: self.seed, step: self.step, error, lifted: LiftedCopy::default() })
    }
}

/// An error naming the first entry with a number that overflows in another scalar.
fn too_large<T: Real, U: Real>(entries: &[TableEntry], values: &[T], cast: &[U]) -> Option<Error> {
    let at = values.iter().zip(cast).position(|(value, cast)| value.is_finite() && !cast.is_finite())?;
    let entry = entries.iter().find(|entry| entry.range.contains(&at))?;
    let (value, index) = (values[at].to_f64(), at - entry.range.start);
    Some(mistake(&entry.name, &format!("{value:e} at index {index} is infinite in the other scalar")))
}
