//! A matrix inside a slice: the argument of [`Real::gemm`](crate::Real::gemm).

/// A matrix that is read: element `(i, j)` is `data[i·row_stride + j·column_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct MatrixRef<'a, T> {
    pub(super) data: &'a [T],
    pub(super) shape: [usize; 2],
    pub(super) strides: [usize; 2],
}

/// A matrix that is written: element `(i, j)` is `data[i·row_stride + j·column_stride]`.
#[derive(Debug)]
pub struct MatrixMut<'a, T> {
    pub(super) data: &'a mut [T],
    pub(super) shape: [usize; 2],
    pub(super) strides: [usize; 2],
}

/// Whether a matrix of this shape and these strides ends within `length` elements.
fn fits(length: usize, shape: [usize; 2], strides: [usize; 2]) -> bool {
    if shape.contains(&0) {
        return true;
    }
    let last = |axis: usize| (shape[axis] - 1).checked_mul(strides[axis]);
    matches!(
        (last(0), last(1)),
        (Some(row), Some(column)) if row.checked_add(column).is_some_and(|offset| offset < length)
    )
}

/// Whether two elements of the matrix may share memory.
fn overlaps(shape: [usize; 2], strides: [usize; 2]) -> bool {
    let [rows, columns] = shape;
    let [row_stride, column_stride] = strides;
    if rows <= 1 || columns <= 1 {
        return (rows > 1 && row_stride == 0) || (columns > 1 && column_stride == 0);
    }
    let (small, large, small_extent) = if row_stride < column_stride {
        (row_stride, column_stride, rows)
    } else {
        (column_stride, row_stride, columns)
    };
    small == 0 || large < small * small_extent
}

impl<'a, T> MatrixRef<'a, T> {
    /// The matrix of `shape` = (rows, columns) and `strides`, or `None` if it exceeds `data`.
    pub(crate) fn new(data: &'a [T], shape: [usize; 2], strides: [usize; 2]) -> Option<Self> {
        let unused = data.len();
        fits(data.len(), shape, strides).then_some(MatrixRef { data, shape, strides: strides.map(|s| s.min(unused)) })
    }

    pub(super) fn transposed(self) -> Self {
        let ([rows, columns], [row_stride, column_stride]) = (self.shape, self.strides);
        MatrixRef { data: self.data, shape: [columns, rows], strides: [column_stride, row_stride] }
    }

    pub(super) fn at(&self, i: usize, j: usize) -> &T {
        &self.data[i * self.strides[0] + j * self.strides[1]]
    }
}

impl<'a, T> MatrixMut<'a, T> {
    /// The matrix of `shape` = (rows, columns) and `strides`, or `None` if it exceeds `data`.
    pub(crate) fn new(data: &'a mut [T], shape: [usize; 2], strides: [usize; 2]) -> Option<Self> {
        let unused = data.len();
        fits(data.len(), shape, strides).then_some(MatrixMut { data, shape, strides: strides.map(|s| s.min(unused)) })
    }

    /// The same matrix with a shorter lifetime.
    pub(crate) fn reborrow(&mut self) -> MatrixMut<'_, T> {
        MatrixMut { data: self.data, shape: self.shape, strides: self.strides }
    }

    pub(super) fn transposed(&mut self) -> MatrixMut<'_, T> {
        let ([rows, columns], [row_stride, column_stride]) = (self.shape, self.strides);
        MatrixMut { data: self.data, shape: [columns, rows], strides: [column_stride, row_stride] }
    }

    pub(super) fn overlaps(&self) -> bool {
        overlaps(self.shape, self.strides)
    }

    pub(super) fn at(&mut self, i: usize, j: usize) -> &mut T {
        &mut self.data[i * self.strides[0] + j * self.strides[1]]
    }
}
