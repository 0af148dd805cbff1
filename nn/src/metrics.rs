//! Metrics: numbers to judge a model by, without gradients.

use autodiff::{Error, Real, Tensor};

/// The 0-1 loss: the share of samples whose largest score is not that of their label. `scores` are
/// `[samples, classes]`, `labels` `[samples]`, whole numbers from 0. A tie goes to the first class, a NaN is never right.
///
/// # Errors
/// Shapes that do not fit; no sample, which has no share; a label that is no class.
pub fn zero_one<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>) -> Result<f64, Error> {
    let wrong_input = |reason| Err(Error::Foreign { what: "zero_one", reason });
    let (classes, samples) = match (&scores.shape()[..], &labels.shape()[..]) {
        (&[rows, classes], &[samples]) if rows == samples && samples > 0 => (classes, samples),
        _ => {
            let due = "scores must be [samples, classes] and labels [samples], of at least one sample";
            return wrong_input(format!("{due}, found {} and {}", scores.shape(), labels.shape()));
        }
    };
    let is_class = |label: f64| label.fract() == 0.0 && (0.0..classes as f64).contains(&label);
    let labels = || labels.data().iter().map(|label| label.to_f64());
    if let Some((place, label)) = labels().enumerate().find(|&(_, label)| !is_class(label)) {
        return wrong_input(format!("label {label} at place {place} is not one of 0..{classes}"));
    }
    let rows = scores.data().chunks_exact(classes);
    let wrong = rows.zip(labels()).filter(|&(row, label)| !is_largest(row, label as usize)).count();
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
fn is_largest<T: Real>(row: &[T], label: usize) -> bool {
    let own = row[label];
    row.iter().enumerate().all(|(class, &score)| if class < label { own > score } else { own >= score })
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

    #[test]
    fn labels_that_are_no_class_and_the_share_of_nothing_are_refused() {
        let message = |scores: &Tensor<f64>, labels: &Tensor<f64>| zero_one(scores, labels).unwrap_err().to_string();
        let scores = Tensor::from([[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(message(&scores, &[1.0, 2.0].into()), "zero_one: label 2 at place 1 is not one of 0..2");
        assert_eq!(message(&scores, &[0.5, 0.0].into()), "zero_one: label 0.5 at place 0 is not one of 0..2");
        assert!(message(&Tensor::full([0, 2], 0.0), &Tensor::full([0], 0.0)).contains("at least one sample"));
        assert!(message(&Tensor::full([1, 0], 0.0), &[0.0].into()).contains("is not one of 0..0"));
    }
}
