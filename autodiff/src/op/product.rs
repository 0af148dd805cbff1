//! The matrix product, for authors of operations and of update rules.

use crate::array::View;
use crate::error::Error;
use crate::kernel::{MatrixMut, multiply_views, shortage};
use crate::scalar::Real;

/// `c = a·b`, or `c += a·b` if `accumulate`, for `a` of shape `[m, k]` and `b` of shape `[k, n]`, both in any layout, and `c` of
/// shape `[m, n]` in row-major order. Large products run on several threads, with the same bits for any number of them.
///
/// ```
/// use autodiff::op::{Layout, View, matmul};
///
/// let data = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
/// let layout = Layout::dense([2, 3].into());
/// let transposed = layout.transpose(0, 1)?;
/// let [a, b] = [&layout, &transposed].map(|layout| View::new(&data, layout));
/// let mut gram = [0.0; 4];
/// if let (Some(a), Some(b)) = (a, b) {
///     matmul(a, b, &mut gram, false)?;
/// }
/// assert_eq!(gram, [14.0, 32.0, 32.0, 77.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Shapes that are not those of matrices, or do not agree; too little memory. `c` is then unspecified.
pub fn matmul<T: Real>(a: View<'_, T>, b: View<'_, T>, c: &mut [T], accumulate: bool) -> Result<(), Error> {
    let extents = match (&a.shape()[..], &b.shape()[..]) {
        (&[m, k], &[rows, n]) if k == rows => m.checked_mul(n).filter(|&size| size == c.len()).map(|_| [m, n]),
        _ => None,
    };
    let Some([m, n]) = extents else {
        let reason = format!("no product of {} and {} has {} elements", a.shape(), b.shape(), c.len());
        return Err(Error::InvalidInput { what: "matmul", reason });
    };
    if c.is_empty() {
        return Ok(());
    }
    multiply_views(a.matrix(0), b.matrix(0), MatrixMut::new(c, [m, n], [n, 1]), accumulate);
    match shortage() {
        Some(bytes) => Err(Error::Memory { what: "a matrix product".into(), bytes: Some(bytes) }),
        None => Ok(()),
    }
}
