//! Reshaping without a copy.

use smallvec::SmallVec;

use super::{Layout, Strides};
use crate::array::Shape;
use crate::error::Mismatch;

impl Layout {
    /// The same elements in row-major order in another shape; `None` if that needs a copy.
    ///
    /// # Errors
    /// If the sizes differ.
    pub fn reshape(&self, shape: &Shape) -> Result<Option<Layout>, Mismatch> {
        if shape.checked_size() != Some(self.shape.size()) {
            return Err(Mismatch::new(format!("cannot be reshaped to {shape} (the sizes differ)")));
        }
        if self.dense_range().is_some() {
            return Ok(Some(Layout::new(shape.clone(), shape.dense_strides(), self.offset)));
        }
        let Some(strides) = self.split_strides(shape) else { return Ok(None) };
        Ok(Some(Layout::new(shape.clone(), strides, self.offset)))
    }

    /// Strides for `shape` over the same elements: each group of new axes must cover a group of old axes that are contiguous
    /// with each other.
    fn split_strides(&self, shape: &Shape) -> Option<Strides> {
        let old: SmallVec<[(usize, usize); 4]> =
            self.shape.iter().copied().zip(self.strides.iter().copied()).filter(|&(extent, _)| extent != 1).collect();
        let mut strides = Strides::from_elem(0, shape.rank());
        let (mut next_old, mut axis) = (0, 0);
        while next_old < old.len() {
            let first_axis = axis;
            let (mut old_size, mut new_size) = (old[next_old].0, 1);
            let mut last_old = next_old;
            while new_size != old_size {
                if new_size < old_size {
                    new_size *= *shape.get(axis)?;
                    axis += 1;
                } else {
                    let (outer, inner) = (old[last_old], *old.get(last_old + 1)?);
                    if outer.1 != inner.0 * inner.1 {
                        return None;
                    }
                    last_old += 1;
                    old_size *= inner.0;
                }
            }
            let mut stride = old[last_old].1;
            for inner in (first_axis..axis).rev() {
                strides[inner] = stride;
                stride *= shape[inner];
            }
            next_old = last_old + 1;
        }
        Some(strides)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(extents: &[usize]) -> Layout {
        Layout::dense(Shape::new(extents))
    }

    #[test]
    fn reshape_splits_and_joins_axes_that_lie_densely() {
        let transposed = dense(&[4, 6]).transpose(0, 1).unwrap();
        let split = transposed.reshape(&Shape::new(&[2, 3, 4])).unwrap().unwrap();
        assert_eq!(split.strides(), &[3, 1, 6]);
        assert_eq!(transposed.reshape(&Shape::new(&[24])).unwrap(), None);
        let rows = dense(&[4, 6]).narrow(0, 0, 4, 2).unwrap();
        assert_eq!(rows.reshape(&Shape::new(&[2, 2, 3])).unwrap().unwrap().strides(), &[12, 3, 1]);
        let columns = dense(&[4, 6]).narrow(1, 1, 5, 1).unwrap();
        assert_eq!(columns.reshape(&Shape::new(&[16])).unwrap(), None);
    }
}
