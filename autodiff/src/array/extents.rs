//! [`Extents`]: the target shape of a reshape.

use smallvec::SmallVec;

use super::Shape;
use crate::error::Mismatch;

/// The target extents of a reshape. As in numpy, one of them may be −1: it is inferred from the number of elements.
///
/// Made from arrays of `usize`, `isize` or `i32`, or from a [`Shape`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extents(SmallVec<[Extent; 4]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Known(usize),
    Negative(isize),
}

impl Extents {
    /// The shape for `size` elements, with −1 inferred.
    ///
    /// # Errors
    /// If the sizes differ, more than one extent is −1, or an extent is another negative number.
    pub fn of_size(&self, size: usize) -> Result<Shape, Mismatch> {
        let known = |extent: &Extent| match *extent {
            Extent::Known(extent) => Some(extent),
            Extent::Negative(_) => None,
        };
        let rest: Shape = self.0.iter().filter_map(known).collect();
        let mut inferred = None;
        for extent in &self.0 {
            match extent {
                Extent::Known(_) => {}
                Extent::Negative(-1) if inferred.is_none() => inferred = Some(self.infer(size, &rest)?),
                Extent::Negative(-1) => return Err(self.refused("one extent at most can be inferred")),
                Extent::Negative(_) => return Err(self.refused("an extent is at least 0, or -1 to be inferred")),
            }
        }
        let shape: Shape = self.0.iter().map(|extent| known(extent).or(inferred).unwrap_or(0)).collect();
        match shape.checked_size() {
            Some(found) if found == size => Ok(shape),
            _ => Err(self.refused("the sizes differ")),
        }
    }

    fn infer(&self, size: usize, rest: &Shape) -> Result<usize, Mismatch> {
        match rest.checked_size() {
            Some(0) => Err(self.refused("beside an extent of 0, -1 could be anything")),
            Some(others) if size.is_multiple_of(others) => Ok(size / others),
            _ => Err(self.refused("the sizes differ")),
        }
    }

    fn refused(&self, why: &str) -> Mismatch {
        let extents = self.0.iter().map(|extent| match extent {
            Extent::Known(extent) => extent.to_string(),
            Extent::Negative(extent) => extent.to_string(),
        });
        Mismatch::new(format!("cannot be reshaped to [{}] ({why})", extents.collect::<Vec<_>>().join(", ")))
    }
}

impl From<&[usize]> for Extents {
    fn from(extents: &[usize]) -> Self {
        Extents(extents.iter().map(|&extent| Extent::Known(extent)).collect())
    }
}

impl From<&[isize]> for Extents {
    fn from(extents: &[isize]) -> Self {
        let extent = |&extent: &isize| match usize::try_from(extent) {
            Ok(extent) => Extent::Known(extent),
            Err(_) => Extent::Negative(extent),
        };
        Extents(extents.iter().map(extent).collect())
    }
}

impl<const N: usize> From<[usize; N]> for Extents {
    fn from(extents: [usize; N]) -> Self {
        Extents::from(&extents[..])
    }
}

impl<const N: usize> From<[isize; N]> for Extents {
    fn from(extents: [isize; N]) -> Self {
        Extents::from(&extents[..])
    }
}

impl<const N: usize> From<[i32; N]> for Extents {
    fn from(extents: [i32; N]) -> Self {
        Extents::from(extents.map(|extent| extent as isize))
    }
}

impl From<&Shape> for Extents {
    fn from(shape: &Shape) -> Self {
        Extents::from(&shape[..])
    }
}

impl From<Shape> for Extents {
    fn from(shape: Shape) -> Self {
        Extents::from(&shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_extent_is_inferred_and_what_does_not_fit_is_refused() {
        let of = |extents: Extents, size| extents.of_size(size).map_err(|mismatch| mismatch.to_string());
        assert_eq!(of([2, -1, 3].into(), 12), Ok(Shape::new(&[2, 2, 3])));
        assert_eq!(of([-1].into(), 0), Ok(Shape::new(&[0])));
        assert_eq!(of([4_usize, 3].into(), 12), Ok(Shape::new(&[4, 3])));
        let refused = [
            (Extents::from([5, -1]), "cannot be reshaped to [5, -1] (the sizes differ)"),
            ([-1, -1].into(), "cannot be reshaped to [-1, -1] (one extent at most can be inferred)"),
            ([-2, 6].into(), "cannot be reshaped to [-2, 6] (an extent is at least 0, or -1 to be inferred)"),
            ([0, -1].into(), "cannot be reshaped to [0, -1] (beside an extent of 0, -1 could be anything)"),
            ([usize::MAX, 2].into(), "cannot be reshaped to [18446744073709551615, 2] (the sizes differ)"),
        ];
        for (extents, expected) in refused {
            assert_eq!(of(extents, 12), Err(expected.to_owned()));
        }
    }
}
