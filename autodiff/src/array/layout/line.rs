//! The elements of a layout along one axis.

/// A line of elements along one axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(super) extent: usize,
    pub(super) stride: usize,
}

impl Line {
    /// The offset of the element with this index, in the line at offset `start`.
    pub(crate) fn offset(self, start: usize, index: usize) -> usize {
        start + index * self.stride
    }

    /// The offsets of all elements of the line at offset `start`.
    pub(crate) fn offsets(
        self,
        start: usize,
    ) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + Clone + use<> {
        (0..self.extent).map(move |index| self.offset(start, index))
    }
}
