//! Metrics of classification.

use autodiff::{Error, Real, Tensor};

use crate::label;

/// The 0-1 loss: the share of samples whose largest score is not that of their label. Of equal scores the first class is the
/// prediction; a NaN is always wrong.
///
/// # Shapes
/// Scores `[samples, classes]`, labels `[samples]`, integers from 0.
///
/// # Errors
/// Shapes that do not match; no samples; a label that is not a class.
pub fn zero_one<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>) -> Result<f64, Error> {
    let ranks = ranks("zero_one", scores, labels)?;
    let wrong = ranks.iter().filter(|&&rank| rank != Some(0)).count();
    Ok(wrong as f64 / ranks.len() as f64)
}

/// The share of samples whose largest score is that of their label: 1 − [`zero_one`], with its shapes.
///
/// # Errors
/// As [`zero_one`].
pub fn accuracy<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>) -> Result<f64, Error> {
    Ok(1.0 - zero_one(scores, labels)?)
}

/// The share of samples whose label has one of the `k` largest scores, with the shapes and the rules of [`zero_one`].
///
/// # Errors
/// As [`zero_one`]; a `k` of 0, or above the number of classes.
pub fn top_k_accuracy<T: Real>(scores: &Tensor<T>, labels: &Tensor<T>, k: usize) -> Result<f64, Error> {
    let ranks = ranks("top_k_accuracy", scores, labels)?;
    if k == 0 || scores.shape().get(1).is_some_and(|&classes| k > classes) {
        let requirement = "from 1 to the number of classes";
        return Err(Error::Setting { name: "k", value: k.to_string(), requirement });
    }
    let right = ranks.iter().filter(|rank| rank.is_some_and(|rank| rank < k)).count();
    Ok(right as f64 / ranks.len() as f64)
}

/// The rows of scores with their labels. `what` names the function in errors.
///
/// # Errors
/// As [`zero_one`].
pub(crate) fn labeled<'a, T: Real>(
    what: &'static str,
    scores: &'a Tensor<T>,
    labels: &Tensor<T>,
) -> Result<Vec<(&'a [T], usize)>, Error> {
    let wrong_input = |reason| Err(Error::InvalidInput { what, reason });
    let classes = match (&scores.shape()[..], &labels.shape()[..]) {
        (&[rows, classes], &[samples]) if rows == samples && samples > 0 => classes,
        _ => {
            let due = "scores must be [samples, classes] and labels [samples], of at least one sample";
            return wrong_input(format!("{due}, found {} and {}", scores.shape(), labels.shape()));
        }
    };
    let mut rows = Vec::with_capacity(labels.data().len());
    for (sample, label) in labels.data().iter().map(|label| label.to_f64()).enumerate() {
        let Some(class) = label::class(label, classes) else {
            return wrong_input(label::no_class(format_args!("sample {sample}"), label, classes));
        };
        rows.push((&scores.data()[sample * classes..(sample + 1) * classes], class));
    }
    Ok(rows)
}

/// For each sample, the number of classes that rank before its label; `None` if the score of the label is NaN.
fn ranks<T: Real>(what: &'static str, scores: &Tensor<T>, labels: &Tensor<T>) -> Result<Vec<Option<usize>>, Error> {
    Ok(labeled(what, scores, labels)?.into_iter().map(|(row, label)| rank(row, label)).collect())
}

fn rank<T: Real>(row: &[T], label: usize) -> Option<usize> {
    let own = row[label];
    // Negated, so that a NaN ranks before everything.
    let after = |class: usize, score: T| if class < label { own > score } else { own >= score };
    let before = row.iter().enumerate().filter(|&(class, &score)| !after(class, score)).count();
    (!own.is_nan()).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_first_class_and_nan_is_wrong() {
        let scores = Tensor::from([[0.0, 1.0], [1.0, 1.0], [1.0, 1.0], [f64::NAN, f64::NAN]]);
        assert_eq!(zero_one(&scores, &[1.0, 0.0, 1.0, 0.0].into()), Ok(0.5));
        assert_eq!(accuracy(&scores, &[0.0, 1.0, 1.0, 0.0].into()), Ok(0.0));
        assert_eq!(top_k_accuracy(&scores, &[0.0, 1.0, 1.0, 0.0].into(), 2), Ok(0.75));
        assert!(accuracy(&scores, &[0.0].into()).unwrap_err().to_string().contains("found [4, 2] and [1]"));
    }

    #[test]
    fn the_share_among_the_k_largest_grows_to_one() {
        let scores = Tensor::from([[0.1, 0.5, 0.4], [0.8, 0.2, 0.0], [0.3, 0.3, 0.3]]);
        let labels = [2.0, 2.0, 1.0].into();
        assert_eq!(top_k_accuracy(&scores, &labels, 1), accuracy(&scores, &labels));
        assert_eq!(top_k_accuracy(&scores, &labels, 2), Ok(2.0 / 3.0));
        assert_eq!(top_k_accuracy(&scores, &labels, 3), Ok(1.0));
        for k in [0, 4, usize::MAX] {
            let message = top_k_accuracy(&scores, &labels, k).unwrap_err().to_string();
            assert_eq!(message, format!("k is {k}: must be from 1 to the number of classes"));
        }
    }

    #[test]
    fn labels_that_are_no_class_and_the_share_of_nothing_are_rejected() {
        let message = |scores: &Tensor<f64>, labels: &Tensor<f64>| zero_one(scores, labels).unwrap_err().to_string();
        let scores = Tensor::from([[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(
            message(&scores, &[1.0, 2.0].into()),
            "zero_one: the label of sample 1 is 2: must be a class, an integer in 0..2"
        );
        assert_eq!(
            message(&scores, &[0.5, 0.0].into()),
            "zero_one: the label of sample 0 is 0.5: must be a class, an integer in 0..2"
        );
        assert!(message(&Tensor::full([0, 2], 0.0), &Tensor::full([0], 0.0)).contains("at least one sample"));
        assert!(message(&Tensor::full([1, 0], 0.0), &[0.0].into()).contains("an integer in 0..0"));
    }
}
