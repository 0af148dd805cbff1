//! Newton and Schulz's iteration, which makes a matrix nearly orthogonal by products alone.

use autodiff::op::{Layout, View, dispatch, matmul, norm};
use autodiff::{Error, Real};

use crate::settings;

/// `X ← a X + (b A + c A²) X` with `A = X Xᵀ`, for a matrix that is first divided by its Frobenius norm: each singular value σ becomes
/// `a σ + b σ³ + c σ⁵`, and the singular vectors stay. A matrix with more rows than columns is transposed for it.
#[derive(Clone, Debug)]
pub(super) struct NewtonSchulz {
    pub(super) steps: usize,
    pub(super) coefficients: [f64; 3],
    /// The smallest norm that a matrix is divided by.
    pub(super) epsilon: f64,
}

impl Default for NewtonSchulz {
    fn default() -> Self {
        NewtonSchulz { steps: 5, coefficients: [3.4445, -4.7750, 2.0315], epsilon: 1e-7 }
    }
}

impl NewtonSchulz {
    pub(super) fn check<T: Real>(&self) -> Result<(), Error> {
        let (name, requirement) = ("newton_schulz steps", "from 1 to 99");
        if !(1..100).contains(&self.steps) {
            return Err(Error::Setting { name, value: self.steps.to_string(), requirement });
        }
        self.coefficients.into_iter().try_for_each(|own| settings::finite_in::<T>("newton_schulz coefficient", own))?;
        settings::positive_in::<T>("epsilon", self.epsilon)
    }

    /// The values that [`NewtonSchulz::orthogonalize`] works in: another matrix, and two Gram matrices.
    pub(super) fn scratch(rows: usize, size: usize) -> usize {
        let short = rows.min(size / rows.max(1));
        size + 2 * short * short
    }

    /// Replaces a matrix of this many rows, in row-major order.
    pub(super) fn orthogonalize<T: Real>(&self, rows: usize, x: &mut [T], scratch: &mut [T]) -> Result<(), Error> {
        let (size, expected) = (x.len(), Self::scratch(rows, x.len()));
        if scratch.len() != expected {
            return Err(refused(format!("the rule works in {expected} values here, it was given {}", scratch.len())));
        }
        let columns = size / rows.max(1);
        let is_tall = rows > columns;
        let short = rows.min(columns);
        let (mut next, grams) = scratch.split_at_mut(size);
        let (gram, square) = grams.split_at_mut(short * short);
        let own = Layout::dense([rows, columns].into());
        let transposed = own.transpose(0, 1).map_err(|mismatch| refused(mismatch.to_string()))?;
        let (of_gram, [left, right]) =
            (Layout::dense([short, short].into()), if is_tall { [&transposed, &own] } else { [&own, &transposed] });
        let [a, b, c] = self.coefficients.map(T::from_f64);
        let divisor = T::from_f64(norm(x).max(self.epsilon));
        let mut x = &mut *x;
        dispatch(|| x.iter_mut().for_each(|x| *x = *x / divisor));
        for _ in 0..self.steps {
            matmul(view(x, left)?, view(x, right)?, gram, false)?;
            matmul(view(gram, &of_gram)?, view(gram, &of_gram)?, square, false)?;
            let entries = square.iter_mut().zip(gram.iter());
            dispatch(move || entries.for_each(move |(square, &gram)| *square = b * gram + c * *square));
            let entries = next.iter_mut().zip(x.iter());
            dispatch(move || entries.for_each(move |(next, &x)| *next = a * x));
            let (of_x, of_square) = (view(x, &own)?, view(square, &of_gram)?);
            let [first, second] = if is_tall { [of_x, of_square] } else { [of_square, of_x] };
            matmul(first, second, next, true)?;
            std::mem::swap(&mut x, &mut next);
        }
        if self.steps % 2 == 1 {
            next.copy_from_slice(x);
        }
        Ok(())
    }
}

fn refused(reason: String) -> Error {
    Error::InvalidInput { what: "optimizer", reason }
}

fn view<'a, T: Real>(data: &'a [T], layout: &'a Layout) -> Result<View<'a, T>, Error> {
    View::new(data, layout).ok_or_else(|| refused(format!("{} values are no matrix {}", data.len(), layout.shape())))
}
