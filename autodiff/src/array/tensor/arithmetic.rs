//! Arithmetic with tensors, outside a tape.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::Tensor;
use crate::array::{Layout, View};
use crate::error::Error;
use crate::scalar::Real;

impl<T: Real> Tensor<T> {
    /// Applies `change` to every value.
    ///
    /// # Panics
    /// If the result does not fit into memory.
    #[must_use]
    pub fn map(&self, mut change: impl FnMut(T) -> T) -> Self {
        Tensor::from_fn(&self.shape, |k| change(self.data[k]))
    }

    /// Combines the values of two tensors elementwise, with broadcasting.
    ///
    /// ```
    /// use autodiff::Tensor;
    ///
    /// let matrix = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
    /// let sums = matrix.zip_with(&Tensor::from([10.0, 20.0]), |x, y| x + y)?;
    /// assert_eq!(sums, [[11.0, 22.0], [13.0, 24.0]].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast, or the result does not fit into memory.
    pub fn zip_with(&self, other: &Self, mut combine: impl FnMut(T, T) -> T) -> Result<Self, Error> {
        let refused = || Error::InvalidInput {
            what: "tensor",
            reason: format!("shapes {} and {} do not broadcast", self.shape, other.shape),
        };
        let shape = self.shape.broadcast(&other.shape).ok_or_else(refused)?;
        let layouts = [self, other].map(|tensor| Layout::dense(tensor.shape.clone()).broadcast_to(&shape));
        let [Ok(left), Ok(right)] = &layouts else { return Err(refused()) };
        let mut pairs = View::over(&self.data, left).iter().zip(View::over(&other.data, right).iter());
        Tensor::try_from_fn(&shape, |_| pairs.next().map_or(T::ZERO, |(x, y)| combine(x, y)))
    }
}

/// An elementwise operator between a tensor and a number.
macro_rules! operator {
    ($($trait:ident $method:ident;)*) => {$(
        impl<T: Real> $trait<T> for &Tensor<T> {
            type Output = Tensor<T>;
            fn $method(self, number: T) -> Tensor<T> {
                self.map(|x| x.$method(number))
            }
        }
        impl<T: Real> $trait<T> for Tensor<T> {
            type Output = Tensor<T>;
            fn $method(mut self, number: T) -> Tensor<T> {
                self.data.iter_mut().for_each(|x| *x = x.$method(number));
                self
            }
        }
    )*};
}

operator! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<T: Real> Neg for &Tensor<T> {
    type Output = Tensor<T>;
    fn neg(self) -> Tensor<T> {
        self.map(|x| -x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_mapped_scaled_and_combined_where_they_broadcast() {
        let x = Tensor::from([[1.0, -2.0], [3.0, 4.0]]);
        assert_eq!(x.map(f64::abs), [[1.0, 2.0], [3.0, 4.0]].into());
        assert_eq!((&x * 2.0 - 1.0) / 2.0 + 0.5, x);
        assert_eq!(-&x, [[-1.0, 2.0], [-3.0, -4.0]].into());
        let column = Tensor::from([[10.0], [20.0]]);
        assert_eq!(x.zip_with(&column, |x, y| y - x).unwrap(), [[9.0, 12.0], [17.0, 16.0]].into());
        assert_eq!(Tensor::scalar(1.0).zip_with(&x, |x, y| x * y).unwrap(), x);
        let error = x.zip_with(&Tensor::full([3], 0.0), |x, _| x).unwrap_err().to_string();
        assert_eq!(error, "tensor: shapes [2, 2] and [3] do not broadcast");
    }
}
