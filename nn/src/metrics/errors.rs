//! Metrics of regression.

use autodiff::{Error, Real, Tensor};

/// The mean of `(x − y)²` over all elements of `x` and `y`, which have one shape.
///
/// # Errors
/// Shapes that differ; no elements.
pub fn mean_squared_error<T: Real>(x: &Tensor<T>, y: &Tensor<T>) -> Result<f64, Error> {
    mean("mean_squared_error", x, y, |difference| difference * difference)
}

/// The mean of `|x − y|` over all elements of `x` and `y`, which have one shape.
///
/// # Errors
/// As [`mean_squared_error`].
pub fn mean_absolute_error<T: Real>(x: &Tensor<T>, y: &Tensor<T>) -> Result<f64, Error> {
    mean("mean_absolute_error", x, y, f64::abs)
}

fn mean<T: Real>(what: &'static str, x: &Tensor<T>, y: &Tensor<T>, error: fn(f64) -> f64) -> Result<f64, Error> {
    if x.shape() != y.shape() || x.data().is_empty() {
        let due = "both must have one shape, of at least one element";
        return Err(Error::InvalidInput { what, reason: format!("{due}, found {} and {}", x.shape(), y.shape()) });
    }
    let errors = x.data().iter().zip(y.data()).map(|(x, y)| error(x.to_f64() - y.to_f64()));
    Ok(errors.sum::<f64>() / x.data().len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_means_over_all_elements() {
        let (x, y) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[1.0, 0.0], [6.0, 4.0]]));
        assert_eq!(mean_squared_error(&x, &y), Ok(13.0 / 4.0));
        assert_eq!(mean_absolute_error(&x, &y), Ok(5.0 / 4.0));
    }

    #[test]
    fn a_column_is_not_compared_with_a_row_and_nothing_has_no_mean() {
        let message = mean_squared_error(&[[1.0], [2.0]].into(), &[1.0, 2.0].into()).unwrap_err().to_string();
        let due = "mean_squared_error: both must have one shape, of at least one element, found ";
        assert_eq!(message, format!("{due}[2, 1] and [2]"));
        let nothing = Tensor::<f32>::full([0], 0.0);
        assert!(mean_absolute_error(&nothing, &nothing).unwrap_err().to_string().contains("at least one element"));
    }
}
