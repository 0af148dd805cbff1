//! Slices of a tensor and permutations of its axes, copied.

use std::ops::Range;

use super::Tensor;
use crate::array::{Axis, Layout, View};
use crate::error::{Error, Mismatch};
use crate::scalar::Real;

impl<T: Real> Tensor<T> {
    /// A copy of the elements with indices `range` along `axis`.
    ///
    /// # Errors
    /// If the axis or the range is out of range.
    pub fn narrow(&self, axis: impl Into<Axis>, range: Range<usize>) -> Result<Self, Error> {
        self.through(|layout| layout.narrow(axis, range.start, range.end, 1))
    }

    /// A copy of the slice at `index` along `axis`, which is removed.
    ///
    /// # Errors
    /// If the axis or the index is out of range.
    pub fn index(&self, axis: impl Into<Axis>, index: usize) -> Result<Self, Error> {
        self.through(|layout| layout.index(axis, index))
    }

    /// A copy with reordered axes: axis `i` of the result is axis `axes[i]` of this tensor.
    ///
    /// # Errors
    /// If `axes` is not a permutation of the axes.
    pub fn permute(&self, axes: &[impl Into<Axis> + Copy]) -> Result<Self, Error> {
        self.through(|layout| layout.permute(axes))
    }

    fn through(&self, derive: impl FnOnce(&Layout) -> Result<Layout, Mismatch>) -> Result<Self, Error> {
        let refused = |mismatch: Mismatch| Error::InvalidInput {
            what: "tensor",
            reason: format!("{mismatch} (its shape is {})", self.shape),
        };
        let layout = derive(&Layout::dense(self.shape.clone())).map_err(refused)?;
        let mut part = Tensor::try_from_fn(layout.shape(), |_| T::ZERO)?;
        View::over(&self.data, &layout).copy_to(&mut part.data);
        Ok(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_copies_and_an_index_out_of_range_is_an_error() {
        let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(x.narrow(1, 1..3).unwrap(), [[2.0, 3.0], [5.0, 6.0]].into());
        assert_eq!(x.index(-1, 0).unwrap(), [1.0, 4.0].into());
        assert_eq!(x.permute(&[1, 0]).unwrap(), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]].into());
        let message = |result: Result<Tensor<f64>, Error>| result.unwrap_err().to_string();
        let expected = "tensor: index 3 is out of range (axis 1 has extent 3) (its shape is [2, 3])";
        assert_eq!(message(x.index(1, 3)), expected);
        assert_eq!(
            message(x.narrow(-3, 0..1)),
            "tensor: axis -3 is out of range (axes are -2..2) (its shape is [2, 3])"
        );
        assert!(message(x.permute(&[0, 0])).contains("axes [0, 0] are not a permutation"));
    }
}
