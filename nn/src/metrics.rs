//! Metrics: numbers to judge a model by, without gradients.

use autodiff::{Error, Real, Tensor};

/// The 0-1 loss: the share of samples whose largest score is not that of their label. `scores` are
/// `[samples, classes]`, `labels` `[samples]`. A tie goes to the first class, a NaN is never right.
///
/// # Errors
/// Shapes that do not fit.
pub fn zero_one<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>) -> Result<f64, Error> {
    let samples = labels.shape().size();
    let fits = matches!(scores.shape()[..], [rows, classes] if rows == samples && classes > 0);
    if !fits || labels.shape().rank() != 1 {
        let reason = "scores must be [samples, classes] and labels [samples]";
        return Err(Error::Foreign {
            what: "zero_one",
            reason: format!("{reason}, found {} and {}", scores.shape(), labels.shape()),
        });
    }
    let rows = scores.data().chunks_exact(scores.shape()[1]);
    let wrong = rows.zip(labels.data()).filter(|(row, label)| !is_largest(row, label.to_f64())).count();
    Ok(wrong as f64 / samples as f64)
}

/// The share of samples whose largest score is that of their label: 1 − [`zero_one`].
///
/// # Errors
/// As [`zero_one`].
pub fn accuracy<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>) -> Result<f64, Error> {
    Ok(1.0 - zero_one(scores, labels)?)
}

/// Whether the score of `label` is larger than all before it and at least as large as all after it.
fn is_largest<T: Real>(row: &[T], label: f64) -> bool {
    let own = row.iter().enumerate().find(|(class, _)| *class as f64 == label).map(|(_, &score)| score);
    own.is_some_and(|own| {
        row.iter().enumerate().all(|(class, &score)| if (class as f64) < label { own > score } else { own >= score })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_class_and_nan_is_wrong() {
        let scores = Tensor::from([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [f64::NAN, f64::NAN]]);
        assert_eq!(zero_one(&scores, &[1.0, 0.0, 1.0, 0.0].into()), Ok(0.5));
        assert_eq!(accuracy(&scores, &[0.0, 1.0, 1.0, 0.0].into()), Ok(0.0));
        assert!(accuracy(&scores, &[0.0].into()).unwrap_err().to_string().contains("found [4, 2] and [1]"));
    }
}
