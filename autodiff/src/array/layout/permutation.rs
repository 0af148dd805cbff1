//! Layouts that reach every element of their memory once.

use smallvec::SmallVec;

use crate::array::Layout;

impl Layout {
    /// Whether the elements are those of memory of this length, each once, in whatever order.
    pub(crate) fn is_permutation_of(&self, length: usize) -> bool {
        if let Some(dense) = &self.dense {
            return *dense == (0..length);
        }
        if self.offset != 0 || self.shape.size() != length {
            return false;
        }
        let mut axes: SmallVec<[(usize, usize); 4]> =
            self.strides.iter().copied().zip(self.shape.iter().copied()).filter(|&(_, extent)| extent > 1).collect();
        axes.sort_unstable();
        let mut next = 1;
        axes.iter().all(|&(stride, extent)| stride == std::mem::replace(&mut next, stride.saturating_mul(extent)))
    }
}

#[cfg(test)]
mod tests {
    use crate::array::{Layout, Shape};

    #[test]
    fn transposed_memory_is_permuted_and_parts_or_repetitions_are_not() {
        let dense = |extents: &[usize]| Layout::dense(Shape::new(extents));
        let cube = dense(&[2, 3, 4]);
        assert!(cube.is_permutation_of(24) && !cube.is_permutation_of(25));
        assert!(cube.permute(&[2_usize, 0, 1]).unwrap().is_permutation_of(24));
        assert!(dense(&[3, 1, 2]).transpose(0, 2).unwrap().is_permutation_of(6));
        assert!(!cube.narrow(1, 0, 2, 1).unwrap().is_permutation_of(24));
        assert!(!cube.narrow(2, 0, 4, 2).unwrap().is_permutation_of(12));
        assert!(!dense(&[2, 1]).broadcast_to(&Shape::new(&[2, 3])).unwrap().is_permutation_of(6));
        assert!(!dense(&[4]).unfold(0, 2, 1, 1).unwrap().is_permutation_of(6));
        assert!(dense(&[0, 3]).transpose(0, 1).unwrap().is_permutation_of(0));
    }
}
