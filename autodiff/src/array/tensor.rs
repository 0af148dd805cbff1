//! An owned, contiguous array: data passed to and from a tape.

mod arithmetic;
mod display;
mod parts;

use crate::array::{Extents, Shape};
use crate::error::{Error, Mismatch};
use crate::memory;
use crate::scalar::Real;

/// An owned array: a shape and values in row-major order. Data enters and leaves a tape as tensors.
///
/// ```
/// use autodiff::Tensor;
///
/// let matrix: Tensor<f64> = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into();
/// assert_eq!(matrix.shape().to_vec(), [2, 3]);
/// assert_eq!(matrix.to_string(), "[[1, 2, 3],\n [4, 5, 6]]");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor<T> {
    shape: Shape,
    data: Vec<T>,
}

impl<T: Real> Tensor<T> {
    /// The tensor of this shape with `data` in row-major order.
    ///
    /// # Errors
    /// If the length of `data` is not the size of the shape.
    pub fn new(shape: impl Into<Shape>, data: Vec<T>) -> Result<Self, Error> {
        let shape = shape.into();
        if shape.checked_size() != Some(data.len()) {
            return Err(Error::Data { shape, found: data.len() });
        }
        Ok(Tensor { shape, data })
    }

    /// A scalar.
    pub fn scalar(value: T) -> Self {
        Tensor { shape: Shape::scalar(), data: vec![value] }
    }

    /// The tensor of this shape with `value` everywhere.
    ///
    /// # Panics
    /// If it does not fit into memory; [`Tensor::try_from_fn`] returns an error instead.
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        Tensor::from_fn(shape, |_| value)
    }

    /// The tensor of this shape with `make(k)` at row-major index `k`.
    ///
    /// # Panics
    /// If it does not fit into memory; [`Tensor::try_from_fn`] returns an error instead.
    #[track_caller]
    pub fn from_fn(shape: impl Into<Shape>, make: impl FnMut(usize) -> T) -> Self {
        memory::or_panic(Tensor::try_from_fn(shape, make))
    }

    /// The tensor of this shape with `make(k)` at row-major index `k`.
    ///
    /// # Errors
    /// If the tensor does not fit into memory.
    pub fn try_from_fn(shape: impl Into<Shape>, make: impl FnMut(usize) -> T) -> Result<Self, Error> {
        let shape = shape.into();
        let mut data = memory::room_for(&shape)?;
        data.extend((0..shape.size()).map(make));
        Ok(Tensor { shape, data })
    }

    /// A copy of `data`, whose length is the size of the shape.
    pub(crate) fn copy_of(shape: &Shape, data: &[T]) -> Result<Self, Error> {
        let mut copy = memory::room_for(shape)?;
        copy.extend_from_slice(data);
        Tensor::new(shape, copy)
    }

    /// A vector of indices, such as labels, for [`Var::gather`](crate::Var::gather) and losses.
    ///
    /// # Errors
    /// If the scalar cannot represent an index exactly (above 2²⁴ in `f32`).
    pub fn from_indices(indices: &[usize]) -> Result<Self, Error> {
        if let Some(large) = indices.iter().find(|&&index| index as f64 > T::LARGEST_EXACT_INTEGER) {
            let requirement = "at most the largest integer that the scalar represents exactly";
            return Err(Error::Setting { name: "index", value: large.to_string(), requirement });
        }
        Ok(Tensor::from_fn([indices.len()], |k| T::from_f64(indices[k] as f64)))
    }

    /// The matrix with these rows.
    ///
    /// # Errors
    /// If the rows differ in length.
    pub fn from_rows<R: AsRef<[T]>>(rows: &[R]) -> Result<Self, Error> {
        let width = rows.first().map_or(0, |row| row.as_ref().len());
        let mut data = Vec::with_capacity(rows.len() * width);
        for (row, values) in rows.iter().enumerate() {
            let values = values.as_ref();
            if values.len() != width {
                return Err(Error::Ragged { first: width, row, found: values.len() });
            }
            data.extend_from_slice(values);
        }
        Tensor::new([rows.len(), width], data)
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The values in row-major order.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// The values in row-major order, mutable.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// Consumes the tensor and returns the values in row-major order.
    pub fn into_vec(self) -> Vec<T> {
        self.data
    }

    /// The value at a multi-index; `None` if it is out of range.
    pub fn get(&self, index: &[usize]) -> Option<T> {
        let inside = index.len() == self.shape.rank() && index.iter().zip(self.shape.iter()).all(|(i, n)| i < n);
        let element = || index.iter().zip(self.shape.iter()).fold(0, |element, (i, extent)| element * extent + i);
        if inside { self.data.get(element()).copied() } else { None }
    }

    /// The same values in another shape. One extent may be −1: it is inferred from the others.
    ///
    /// # Errors
    /// If the sizes differ.
    pub fn reshaped(self, extents: impl Into<Extents>) -> Result<Self, Error> {
        let refused = |mismatch: Mismatch| Error::InvalidInput {
            what: "tensor",
            reason: format!("{mismatch}: its shape is {}", self.shape),
        };
        let shape = extents.into().of_size(self.data.len()).map_err(refused)?;
        Ok(Tensor { shape, data: self.data })
    }

    /// Converts values to the scalar `T`: for code that is generic over it.
    ///
    /// ```
    /// use autodiff::{Real, Tensor};
    ///
    /// fn weights<T: Real>() -> Tensor<T> {
    ///     Tensor::from_f64([[0.5, 0.25], [0.25, 0.5]])
    /// }
    /// assert_eq!(weights::<f32>().data(), &[0.5, 0.25, 0.25, 0.5]);
    /// ```
    pub fn from_f64(values: impl Into<Tensor<f64>>) -> Self {
        values.into().cast()
    }

    /// The same values in another scalar.
    ///
    /// # Panics
    /// If they do not fit into memory.
    pub fn cast<U: Real>(&self) -> Tensor<U> {
        Tensor::from_fn(&self.shape, |k| U::from_f64(self.data[k].to_f64()))
    }
}

impl<T: Real> From<T> for Tensor<T> {
    fn from(value: T) -> Self {
        Tensor::scalar(value)
    }
}

impl<T: Real> From<Vec<T>> for Tensor<T> {
    fn from(data: Vec<T>) -> Self {
        Tensor { shape: Shape::new(&[data.len()]), data }
    }
}

impl<T: Real> From<&[T]> for Tensor<T> {
    fn from(data: &[T]) -> Self {
        data.to_vec().into()
    }
}

impl<T: Real, const N: usize> From<[T; N]> for Tensor<T> {
    fn from(data: [T; N]) -> Self {
        data.to_vec().into()
    }
}

impl<T: Real, const N: usize, const M: usize> From<[[T; M]; N]> for Tensor<T> {
    fn from(rows: [[T; M]; N]) -> Self {
        Tensor { shape: Shape::new(&[N, M]), data: rows.into_iter().flatten().collect() }
    }
}

impl<T: Real, const N: usize, const M: usize, const K: usize> From<[[[T; K]; M]; N]> for Tensor<T> {
    fn from(blocks: [[[T; K]; M]; N]) -> Self {
        let data = blocks.into_iter().flatten().flatten().collect();
        Tensor { shape: Shape::new(&[N, M, K]), data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_outside_gives_nothing() {
        let tensor: Tensor<f64> = [[1.0, 2.0], [3.0, 4.0]].into();
        assert_eq!(tensor.get(&[1, 0]), Some(3.0));
        for outside in [&[2, 0][..], &[usize::MAX, usize::MAX], &[0], &[0, 0, 0]] {
            assert_eq!(tensor.get(outside), None);
        }
    }

    #[test]
    fn a_tensor_larger_than_memory_is_an_error_or_a_panic_that_names_its_shape() {
        for (shape, bytes) in [([1_usize << 45, 1], "281474976710656 bytes"), ([1 << 33, 1 << 31], "too much")] {
            let message = Tensor::try_from_fn(shape, |_| 0.0_f64).unwrap_err().to_string();
            assert_eq!(message, format!("a tensor of shape {shape:?}: out of memory ({bytes} asked for)"));
            let panic = std::panic::catch_unwind(|| Tensor::full(shape, 0.0_f64)).unwrap_err();
            assert_eq!(panic.downcast_ref::<String>(), Some(&message));
        }
    }

    #[test]
    fn rows_of_different_length_are_refused() {
        let error = Tensor::from_rows(&[vec![1.0, 2.0], vec![3.0]]).unwrap_err();
        assert_eq!(error.to_string(), "tensor: rows differ in length: row 0 has 2 values, row 1 has 1");
        let error = Tensor::new([2, 3], vec![1.0]).unwrap_err();
        assert_eq!(error.to_string(), "tensor: shape [2, 3] holds 6 values, 1 given");
    }
}
