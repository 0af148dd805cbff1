//! Labels of classes: whole numbers from 0.

use std::fmt;

/// The class that a label names, if it is one of so many.
pub(crate) fn class(label: f64, classes: usize) -> Option<usize> {
    (label.fract() == 0.0 && (0.0..classes as f64).contains(&label)).then_some(label as usize)
}

/// What is wrong with a label that is no class; `sample` says which it is.
pub(crate) fn no_class(sample: impl fmt::Display, label: f64, classes: usize) -> String {
    format!("the label of {sample} is {label}: must be a class, a whole number in 0..{classes}")
}
