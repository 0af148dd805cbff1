//! Storage of an input as part of a larger or permuted array, of which a view is the input.

use crate::array::{Shape, Tensor};
use crate::scalar::Real;
use crate::tape::Var;

/// How an input is stored: as a leaf, of which the input is a view. Elements outside the view are NaN, to expose an
/// operation that reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// Contiguous: the leaf itself.
    Dense,
    /// The leaf with its axes in reverse order.
    Transposed,
    /// Elements 1, 3, 5, … of a leaf of 2n + 1 elements, along every axis.
    Narrowed,
    /// A leaf of extent 1 along axis 0, broadcast along it.
    Broadcast,
}

impl Storage {
    /// All of them.
    pub const ALL: [Storage; 4] = [Storage::Dense, Storage::Transposed, Storage::Narrowed, Storage::Broadcast];

    /// The shape of the storage.
    fn extents(self, shape: &Shape) -> Shape {
        match self {
            Storage::Dense => shape.clone(),
            Storage::Transposed => shape.iter().rev().copied().collect(),
            Storage::Narrowed => shape.iter().map(|extent| 2 * extent + 1).collect(),
            Storage::Broadcast => shape.with(0, shape.first().map_or(1, |&extent| extent.min(1))),
        }
    }

    /// The row-major index in the value of the element at row-major index `flat` of the storage, if the view contains it.
    fn shown(self, shape: &Shape, stored: &Shape, flat: usize) -> Option<usize> {
        let mut index = stored.unravel_index(flat);
        match self {
            Storage::Transposed => index.reverse(),
            Storage::Narrowed if index.iter().any(|i| i % 2 == 0) => return None,
            Storage::Narrowed => index.iter_mut().for_each(|i| *i /= 2),
            Storage::Dense | Storage::Broadcast => {}
        }
        Some(shape.flat_index(&index))
    }

    /// Stores `x`; for a broadcast, its first row.
    pub(super) fn store<T: Real>(self, x: &Tensor<T>) -> Tensor<T> {
        let stored = self.extents(x.shape());
        let nan = T::from_f64(f64::NAN);
        Tensor::from_fn(&stored, |flat| self.shown(x.shape(), &stored, flat).map_or(nan, |k| x.data()[k]))
    }

    /// The view of the storage that is the value.
    pub(super) fn view<'t, T: Real>(self, stored: Var<'t, T>, shape: &Shape) -> Var<'t, T> {
        match self {
            Storage::Dense => stored,
            Storage::Transposed => stored.permute(&(0..shape.rank()).rev().collect::<Vec<_>>()),
            Storage::Narrowed => {
                let axes = shape.iter().enumerate();
                axes.fold(stored, |view, (axis, &extent)| view.narrow_by(axis, 1..2 * extent + 1, 2))
            }
            Storage::Broadcast => stored.broadcast_to(shape),
        }
    }

    /// The value that the view has: for a broadcast, the first row repeated.
    pub(super) fn repeated(self, x: &Tensor<f64>) -> Tensor<f64> {
        let row: usize = x.shape().iter().skip(1).product();
        match self {
            Storage::Broadcast if x.shape().rank() > 0 => Tensor::from_fn(x.shape(), |k| x.data()[k % row]),
            _ => x.clone(),
        }
    }

    /// The elements of the storage that the view of this shape shows.
    pub(super) fn extract(self, stored: &Tensor<f64>, shape: &Shape) -> Tensor<f64> {
        let mut dense = Tensor::full(shape.clone(), 0.0);
        for (flat, &value) in stored.data().iter().enumerate() {
            if let Some(k) = self.shown(shape, stored.shape(), flat) {
                dense.data_mut()[k] = value;
            }
        }
        dense
    }

    /// The gradient of the storage, given the gradient `dense` of the contiguous value.
    pub(super) fn collect(self, dense: &Tensor<f64>) -> Tensor<f64> {
        let shape = dense.shape();
        let row: usize = shape.iter().skip(1).product();
        let sum = |flat: usize| match self {
            Storage::Broadcast if shape.rank() > 0 => dense.data().iter().skip(flat).step_by(row.max(1)).sum(),
            _ => dense.data()[flat],
        };
        let stored = self.extents(shape);
        Tensor::from_fn(&stored, |flat| self.shown(shape, &stored, flat).map_or(0.0, sum))
    }
}
