//! [`ParamVec`]: flat numbers, one for each parameter value.

use std::sync::Arc;

use super::Params;
use super::table::{Entry, ParamId, Table, mistake};
use crate::array::{Shape, Tensor};
use crate::error::Error;
use crate::memory;
use crate::scalar::Real;

/// One number for each value of a model's parameters, flat, in order of registration: the parameters themselves, their
/// gradients, the buffers of an optimizer, averages.
///
/// It knows the layout of the [`Params`] that it was made from, and [`ParamVec::check_layout`] compares two.
#[derive(Clone, Debug)]
pub struct ParamVec<T: Real> {
    pub(super) table: Arc<Table>,
    pub(super) values: Vec<T>,
}

impl<T: Real> ParamVec<T> {
    pub(crate) fn zeros(table: &Arc<Table>, length: usize) -> Result<Self, Error> {
        let values = memory::filled(|| "a number for each parameter".into(), length, T::ZERO)?;
        Ok(ParamVec { table: table.clone(), values })
    }

    /// The layout alone.
    pub(crate) fn without_values(&self) -> Self {
        ParamVec { table: self.table.clone(), values: Vec::new() }
    }

    /// All numbers, in order of registration.
    pub fn flat(&self) -> &[T] {
        &self.values
    }

    /// All numbers, in order of registration, to be changed.
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
    /// A parameter of other [`Params`].
    pub fn get(&self, id: ParamId) -> Result<Tensor<T>, Error> {
        let entry = self.table.parameter(id)?;
        Tensor::copy_of(&entry.shape, &self.values[entry.range.clone()])
    }

    /// Replaces the numbers of one parameter; the shape must be the same.
    ///
    /// # Errors
    /// A parameter of other [`Params`]; another shape.
    pub fn set(&mut self, id: ParamId, value: &Tensor<T>) -> Result<(), Error> {
        let entry = self.table.parameter(id)?;
        entry.check_shape(value.shape())?;
        self.values[entry.range.clone()].copy_from_slice(value.data());
        Ok(())
    }

    /// Whether both have the layout of the same [`Params`]: clones and casts of one model do, until one registers more.
    pub fn has_layout_of<U: Real>(&self, other: &ParamVec<U>) -> bool {
        self.table.agrees(&other.table)
    }

    /// An error unless [`ParamVec::has_layout_of`]; `what` names this vector in it.
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

    /// An error naming the first parameter for which one of these numbers is infinite or NaN; `what` says what they are.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_finite(&self, what: &str) -> Result<(), Error> {
        check_finite(&self.table.entries, &self.values, what)
    }
}

impl<T: Real> Params<T> {
    /// A vector of this layout, all zero.
    ///
    /// # Errors
    /// Numbers that do not fit into memory.
    pub fn zeros(&self) -> Result<ParamVec<T>, Error> {
        ParamVec::zeros(&self.values.table, self.values.values.len())
    }
}

/// An error naming the first of these entries of `flat` that holds an infinity or a NaN.
pub(crate) fn check_finite<'e, T: Real>(
    entries: impl IntoIterator<Item = &'e Entry>,
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
