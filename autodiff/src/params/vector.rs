//! [`ParamVec`]: a flat vector with one number for each parameter value.

use std::ops::Range;
use std::sync::Arc;

use super::Params;
use super::table::{ParamId, Table, TableEntry, mistake};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

/// A flat vector with one number for each value of a model's parameters, in order of registration: the parameters
/// themselves, their gradients, an optimizer's buffers, moving averages.
///
/// It has the layout of the [`Params`] it was made from; [`ParamVec::check_layout`] compares two layouts.
#[derive(Clone, Debug)]
pub struct ParamVec<T: Real> {
    pub(super) table: Arc<Table>,
    pub(super) values: Vec<T>,
}

impl<T: Real> ParamVec<T> {
    /// The entries of the parameter with this index.
    pub(crate) fn entry_mut(&mut self, index: usize) -> &mut [T] {
        let range = self.table.entries[index].range.clone();
        &mut self.values[range]
    }

    /// Where the parameter with this index lies, and the extent of its first axis.
    pub(crate) fn rows_of(&self, index: usize) -> (Range<usize>, usize) {
        let entry = &self.table.entries[index];
        (entry.range.clone(), entry.shape.first().copied().unwrap_or(1))
    }

    pub(crate) fn zeros(table: &Arc<Table>, length: usize) -> Result<Self, Error> {
        let values = memory::filled(|| "a number for each parameter".into(), length, T::ZERO)?;
        Ok(ParamVec { table: table.clone(), values })
    }

    /// All numbers, in order of registration.
    pub fn flat(&self) -> &[T] {
        &self.values
    }

    /// All numbers, in order of registration, mutable.
    pub fn flat_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Name, shape and numbers of every parameter, in order of registration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Shape, &[T])> {
        self.table.entries.iter().map(|e| (e.name.as_str(), &e.shape, &self.values[e.range.clone()]))
    }

    /// A copy of the numbers of one parameter, in its shape.
    ///
    /// # Errors
    /// If `id` belongs to other [`Params`].
    pub fn get(&self, id: ParamId) -> Result<Tensor<T>, Error> {
        let entry = self.table.parameter(id)?;
        Tensor::copy_of(&entry.shape, &self.values[entry.range.clone()])
    }

    /// Replaces the numbers of one parameter.
    ///
    /// # Errors
    /// If `id` belongs to other [`Params`], or the shape differs.
    pub fn set(&mut self, id: ParamId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.table.parameter(id)?;
        entry.check_shape(value.shape())?;
        self.values[entry.range.clone()].copy_from_slice(value.data());
        Ok(())
    }

    /// Whether both have the layout of the same [`Params`]: true for clones and casts, until one registers more.
    pub fn has_layout_of<U: Real>(&self, other: &ParamVec<U>) -> bool {
        self.table.agrees(&other.table)
    }

    /// Checks that [`ParamVec::has_layout_of`] holds; `what` names this vector in the error.
    ///
    /// # Errors
    /// [`Error::ForeignParams`].
    pub fn check_layout<U: Real>(&self, other: &ParamVec<U>, what: &'static str) -> Result<(), Error> {
        if self.has_layout_of(other) {
            return Ok(());
        }
        let reason = "they were made from other Params, or before the last parameter was registered".into();
        Err(Error::ForeignParams { what, reason })
    }

    /// Checks that all numbers are finite; the error names the first parameter with one that is infinite or NaN, and `what`
    /// the numbers are ("gradient").
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self, what: &str) -> Result<(), Error> {
        check_finite(&self.table.entries, &self.values, what)
    }
}

impl<T: Real> Params<T> {
    /// A zero vector with the layout of these parameters.
    ///
    /// # Errors
    /// If it does not fit into memory.
    pub fn zeros(&self) -> Result<ParamVec<T>, Error> {
        ParamVec::zeros(&self.values.table, self.values.values.len())
    }
}

/// An error naming the first of these entries of `flat` that contains an infinity or NaN.
pub(crate) fn check_finite<'e, T: Real>(
    entries: impl IntoIterator<Item = &'e TableEntry>,
    flat: &[T],
    what: &str,
) -> Result<(), Error> {
    for entry in entries {
        let values = &flat[entry.range.clone()];
        if !T::all_finite(values) {
            let found = values.iter().position(|value| !value.is_finite()).unwrap_or(0);
            let (value, index) = (values[found].to_f64(), entry.shape.unravel_index(found));
            return Err(mistake(&entry.name, &format!("its {what} is {value} at index {index:?}")));
        }
    }
    Ok(())
}
