//! Labels of classes: integers from 0.

use std::fmt;

/// The class of a label, if there are that many classes.
pub(crate) fn class(label: f64, classes: usize) -> Option<usize> {
    (label.fract() == 0.0 && (0.0..classes as f64).contains(&label)).then_some(label as usize)
}

/// The message for a label that is not a class; `sample` names the sample.
pub(crate) fn no_class(sample: impl fmt::Display, label: f64, classes: usize) -> String {
    format!("the label of {sample} is {label}: must be a class, an integer in 0..{classes}")
}
