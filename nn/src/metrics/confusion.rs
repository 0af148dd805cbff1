//! The confusion matrix.

use std::collections::BTreeMap;
use std::fmt;

use autodiff::{Error, Real, Tensor};

use super::classes::labeled;

/// The number of samples of each class for each predicted class. Memory grows with the pairs of classes that occur.
///
/// ```
/// use nn::metrics::ConfusionMatrix;
///
/// let scores = [[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]].into();
/// let mut confusion = ConfusionMatrix::new(2);
/// confusion.add(&scores, &[0.0, 0.0, 1.0].into())?;
/// assert_eq!((confusion.recall(0), confusion.precision(1)), (Some(0.5), Some(0.5)));
/// assert_eq!(
///     confusion.to_string(),
///     ["label \\ prediction        0       1   recall",
///      "                 0        1       1   50.0 %",
///      "                 1        0       1  100.0 %",
///      "         precision  100.0 %  50.0 %"].join("\n")
/// );
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfusionMatrix {
    classes: usize,
    /// By label and prediction, without zeros.
    counts: BTreeMap<(usize, usize), u64>,
}

/// The most classes that are displayed.
const SHOWN: usize = 100;

impl ConfusionMatrix {
    /// An empty matrix.
    pub fn new(classes: usize) -> Self {
        ConfusionMatrix { classes, counts: BTreeMap::new() }
    }

    /// Adds samples. The prediction is the class with the largest score, the first of equal ones.
    ///
    /// # Shapes
    /// Scores `[samples, classes]`, labels `[samples]`, integers from 0.
    ///
    /// # Errors
    /// As [`zero_one`](super::zero_one); another number of classes than the matrix has; a score that is NaN. No sample is then
    /// added.
    pub fn add<T: Real>(&mut self, scores: &Tensor<T>, labels: &Tensor<T>) -> Result<(), Error> {
        let wrong_input = |reason| Err(Error::InvalidInput { what: "confusion matrix", reason });
        let samples = labeled("confusion matrix", scores, labels)?;
        if scores.shape().get(1) != Some(&self.classes) {
            return wrong_input(format!("scores must be [samples, {}], found {}", self.classes, scores.shape()));
        }
        if let Some(sample) = samples.iter().position(|(row, _)| row.iter().any(|score| score.is_nan())) {
            return wrong_input(format!("a score of sample {sample} is NaN: there is no largest"));
        }
        for (row, label) in samples {
            *self.counts.entry((label, first_largest(row))).or_default() += 1;
        }
        Ok(())
    }

    /// The number of samples of the class `label` with this prediction; 0 for a number that is not a class.
    pub fn count(&self, label: usize, prediction: usize) -> u64 {
        self.counts.get(&(label, prediction)).copied().unwrap_or(0)
    }

    /// The share of correct samples among those predicted as `class`; `None` without any.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.sum(|_, prediction| prediction == class))
    }

    /// The share of samples of `class` that are predicted as such; `None` without any.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.sum(|label, _| label == class))
    }

    /// The share of correct samples; `None` without samples.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.sum(|label, prediction| label == prediction), self.sum(|_, _| true))
    }

    /// The number of samples for which `counted(label, prediction)` holds.
    fn sum(&self, counted: impl Fn(usize, usize) -> bool) -> u64 {
        self.counts.iter().filter(|&(&(label, prediction), _)| counted(label, prediction)).map(|(_, count)| count).sum()
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn first_largest<T: Real>(row: &[T]) -> usize {
    row.iter().enumerate().fold(0, |largest, (class, score)| if *score > row[largest] { class } else { largest })
}

impl fmt::Display for ConfusionMatrix {
    /// A row for each class with its counts and recall, and a last row of precisions; a dash for an undefined share. Of more
    /// than 100 classes the first 100, and their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.1} %", 100.0 * share));
        let shown = self.classes.min(SHOWN);
        let each = |cell: &dyn Fn(usize) -> String| -> Vec<String> { (0..shown).map(cell).collect() };
        let one = |text: &str| vec![text.to_owned()];
        let mut rows = vec![[one("label \\ prediction"), each(&|class| class.to_string()), one("recall")].concat()];
        for label in 0..shown {
            let counts = each(&|prediction| self.count(label, prediction).to_string());
            rows.push([one(&label.to_string()), counts, one(&percent(self.recall(label)))].concat());
        }
        rows.push([one("precision"), each(&|class| percent(self.precision(class)))].concat());
        write_aligned(f, &rows)?;
        if shown < self.classes { write!(f, "\n(the first {shown} of {} classes)", self.classes) } else { Ok(()) }
    }
}

/// Right-aligned columns, two spaces apart, without a line break at the end.
fn write_aligned(f: &mut fmt::Formatter<'_>, rows: &[Vec<String>]) -> fmt::Result {
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let width = |column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows.first().map_or(0, Vec::len)).map(width).collect();
    for (number, row) in rows.iter().enumerate() {
        let line: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
        write!(f, "{}{}", if number > 0 { "\n" } else { "" }, line.join("  "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_add_up_to_counts_and_shares() {
        let mut confusion = ConfusionMatrix::new(3);
        assert_eq!(confusion.accuracy(), None);
        confusion.add(&[[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]].into(), &[0.0, 1.0].into()).unwrap();
        confusion.add(&[[0.0, 3.0, 2.0], [0.5, 0.0, 0.0]].into(), &[0.0, 0.0].into()).unwrap();
        assert_eq!((confusion.count(0, 0), confusion.count(0, 1), confusion.count(1, 1)), (2, 1, 1));
        assert_eq!((confusion.count(3, 0), confusion.count(0, 3)), (0, 0));
        assert_eq!((confusion.recall(0), confusion.precision(1)), (Some(2.0 / 3.0), Some(0.5)));
        assert_eq!((confusion.recall(2), confusion.precision(2), confusion.accuracy()), (None, None, Some(0.75)));
    }

    #[test]
    fn the_table_is_aligned_and_shows_a_dash_where_there_is_no_share() {
        let mut confusion = ConfusionMatrix::new(2);
        let scores = Tensor::from_fn([12, 2], |k| if k % 2 == 0 { 1.0 } else { 0.0 });
        confusion.add(&scores, &Tensor::full([12], 0.0)).unwrap();
        let lines = [
            "label \\ prediction        0  1   recall",
            "                 0       12  0  100.0 %",
            "                 1        0  0        –",
            "         precision  100.0 %  –",
        ];
        assert_eq!(confusion.to_string(), lines.join("\n"));
    }

    #[test]
    fn as_many_classes_as_there_are_take_no_memory_before_they_occur() {
        let mut confusion = ConfusionMatrix::new(1 << 24);
        assert_eq!((confusion.count(0, 1 << 23), confusion.recall(3), confusion.accuracy()), (0, None, None));
        assert_eq!(confusion, ConfusionMatrix::new(1 << 24));
        assert!(confusion.add(&[[0.0, 1.0]].into(), &[1.0].into()).is_err());
        assert_eq!(ConfusionMatrix::new(usize::MAX).precision(usize::MAX), None);
        assert!(
            ConfusionMatrix::new(usize::MAX).to_string().ends_with("(the first 100 of 18446744073709551615 classes)")
        );
        assert_eq!(ConfusionMatrix::new(0).to_string(), "label \\ prediction  recall\n         precision");
        let mut many = ConfusionMatrix::new(5000);
        let scores = Tensor::from_fn([1, 5000], |class| if class == 4999 { 1.0 } else { 0.0 });
        many.add(&scores, &[4999.0].into()).unwrap();
        assert_eq!((many.count(4999, 4999), many.accuracy()), (1, Some(1.0)));
    }

    #[test]
    fn scores_of_other_classes_or_without_a_largest_are_rejected() {
        let mut confusion = ConfusionMatrix::new(2);
        let message = confusion.add(&[[0.0, 1.0, 2.0]].into(), &[2.0].into()).unwrap_err().to_string();
        assert_eq!(message, "confusion matrix: scores must be [samples, 2], found [1, 3]");
        let scores = [[0.0, 1.0], [0.0, f64::NAN]].into();
        let message = confusion.add(&scores, &[0.0, 1.0].into()).unwrap_err().to_string();
        assert_eq!(message, "confusion matrix: a score of sample 1 is NaN: there is no largest");
        assert!(
            confusion
                .add(&[[0.0, 1.0]].into(), &[2.0].into())
                .unwrap_err()
                .to_string()
                .contains("the label of sample 0 is 2: must be a class")
        );
        assert_eq!(confusion, ConfusionMatrix::new(2));
    }
}
