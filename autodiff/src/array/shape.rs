//! [`Shape`]: the extents of an array, and the broadcast rule.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

/// The extents of an array, outermost axis first. A scalar has none. Dereferences to `[usize]`.
#[derive(Eq, Default)]
pub struct Shape(SmallVec<[usize; INLINE]>);

/// Axes of a shape that needs no memory of its own.
const INLINE: usize = 4;

impl PartialEq for Shape {
    /// A loop: shapes are too short for the call of a function that compares memory, and are compared for every operation.
    #[inline]
    fn eq(&self, other: &Shape) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).fold(true, |equal, (a, b)| equal & (a == b))
    }
}

impl std::hash::Hash for Shape {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Clone for Shape {
    /// A copy of all that a short shape has room for; the derived clone pushes one extent at a time.
    #[inline]
    fn clone(&self) -> Self {
        let mut extents = [0; INLINE];
        if self.0.len() > INLINE {
            return Shape::new(&self.0);
        }
        extents.iter_mut().zip(&self.0).for_each(|(extent, &own)| *extent = own);
        Shape(SmallVec::from_buf_and_len(extents, self.0.len()))
    }
}

impl Shape {
    /// The shape with these extents.
    pub fn new(extents: &[usize]) -> Self {
        Shape(SmallVec::from_slice(extents))
    }

    /// The shape of a scalar.
    pub fn scalar() -> Self {
        Shape::default()
    }

    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Number of elements: the product of the extents, 1 for a scalar. Saturates at `usize::MAX`.
    pub fn size(&self) -> usize {
        if self.0.contains(&0) { 0 } else { self.0.iter().fold(1, |size, &extent| size.saturating_mul(extent)) }
    }

    /// Number of elements; `None` if it exceeds `usize`. Strides are products of extents too, so the product of the nonzero
    /// extents must not exceed `usize` either.
    pub fn checked_size(&self) -> Option<usize> {
        self.0.iter().try_fold(1_usize, |size, &extent| size.checked_mul(extent.max(1)))?;
        Some(self.size())
    }

    /// Strides, in elements, of a contiguous row-major array of this shape. They saturate at `usize::MAX`.
    pub fn dense_strides(&self) -> SmallVec<[usize; 4]> {
        let mut strides: SmallVec<[usize; 4]> = SmallVec::from_elem(1, self.rank());
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.0[axis]);
        }
        strides
    }

    /// The shape that both broadcast to by numpy's rule: axes are aligned at the last one, and extent 1 is stretched. `None` if
    /// there is none.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        if self == other {
            return Some(self.clone());
        }
        let rank = self.rank().max(other.rank());
        let extent = |shape: &Shape, axis: usize| match (axis + shape.rank()).checked_sub(rank) {
            Some(own) => shape.0[own],
            None => 1,
        };
        (0..rank)
            .map(|axis| match (extent(self, axis), extent(other, axis)) {
                (a, b) if a == b => Some(a),
                (1, b) => Some(b),
                (a, 1) => Some(a),
                _ => None,
            })
            .collect::<Option<SmallVec<_>>>()
            .map(Shape)
    }

    /// The multi-index of the element at row-major index `flat`, as numpy's `unravel_index`.
    pub fn unravel_index(&self, flat: usize) -> SmallVec<[usize; 4]> {
        let mut rest = flat;
        let mut index: SmallVec<[usize; 4]> = SmallVec::from_elem(0, self.rank());
        for (i, &extent) in index.iter_mut().zip(&self.0).rev() {
            *i = rest % extent.max(1);
            rest /= extent.max(1);
        }
        index
    }

    /// The row-major index of the element at this multi-index, which lies within the shape: the inverse of
    /// [`unravel_index`](Self::unravel_index).
    pub(crate) fn flat_index(&self, index: &[usize]) -> usize {
        index.iter().zip(&self.0).fold(0, |flat, (i, extent)| flat * extent + i)
    }

    /// This shape with the extent of `axis` replaced; unchanged if `axis` is out of range.
    pub fn with(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = self.clone();
        if let Some(current) = shape.0.get_mut(axis) {
            *current = extent;
        }
        shape
    }

    /// This shape without `axis`; unchanged if `axis` is out of range.
    pub fn without(&self, axis: usize) -> Shape {
        let mut shape = self.clone();
        if axis < shape.rank() {
            shape.0.remove(axis);
        }
        shape
    }

    /// This shape with an axis of extent `extent` inserted before `axis`; at the end if `axis` exceeds the rank.
    pub fn insert(&self, axis: usize, extent: usize) -> Shape {
        let mut shape = self.clone();
        shape.0.insert(axis.min(self.rank()), extent);
        shape
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0.as_slice())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&[usize]> for Shape {
    fn from(extents: &[usize]) -> Self {
        Shape::new(extents)
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(extents: [usize; N]) -> Self {
        Shape::new(&extents)
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Self {
        shape.clone()
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(extents: I) -> Self {
        Shape(extents.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_follows_numpy() {
        let of = |a: &[usize], b: &[usize]| Shape::new(a).broadcast(&Shape::new(b)).map(|s| s.to_vec());
        assert_eq!(of(&[3, 1], &[4]), Some(vec![3, 4]));
        assert_eq!(of(&[], &[2, 0]), Some(vec![2, 0]));
        assert_eq!(of(&[1, 5], &[0, 1]), Some(vec![0, 5]));
        assert_eq!(of(&[3, 2], &[3]), None);
        assert_eq!(of(&[0], &[2]), None);
    }

    #[test]
    fn extents_whose_strides_overflow_have_no_size() {
        let large = 1 << 40;
        assert_eq!(Shape::new(&[large, large]).checked_size(), None);
        assert_eq!(Shape::new(&[0, large, large]).checked_size(), None);
        assert_eq!(Shape::new(&[0, large]).checked_size(), Some(0));
        assert_eq!((Shape::new(&[large, large]).size(), Shape::new(&[large, large, 0]).size()), (usize::MAX, 0));
        assert_eq!(Shape::new(&[1, large, large]).dense_strides().as_slice(), &[usize::MAX, large, 1]);
    }

    #[test]
    fn dense_strides_are_row_major() {
        assert_eq!(Shape::new(&[2, 3, 4]).dense_strides().as_slice(), &[12, 4, 1]);
        assert!(Shape::scalar().dense_strides().is_empty());
    }
}
