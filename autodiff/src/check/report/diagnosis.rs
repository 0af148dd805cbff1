//! Recognizes common mistakes by comparing a wrong gradient with its reference.

use std::fmt;

use super::Discrepancy;
use crate::array::Shape;

/// The kind of mistake that a wrong gradient indicates.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub enum Diagnosis {
    /// A NaN or infinity where the reference is finite.
    NotFinite,
    /// `forward` or `backward` reads or returns memory that was never written.
    Uninitialized,
    /// The input receives no gradient.
    NoGradient,
    /// Zero, where the reference is not.
    Zero,
    /// The negative of the right gradient.
    SignFlipped,
    /// The right gradient times this factor.
    Factor(f64),
    /// The right values, transposed.
    Transposed,
    /// The right values at wrong indices: a slice shifted by one, swapped channels.
    Misplaced,
    /// The sum over a broadcast axis is missing: the gradient is a single term of it.
    MissingSum,
    /// Summed over a broadcast axis before the product, not after it.
    SummedTooEarly,
    /// Of an element that is used at several indices, only one term is kept.
    RepeatedOverwritten,
    /// The cotangent of another group, or at shifted indices, along this axis of the output.
    WrongGroup {
        /// The axis of the output.
        axis: usize,
    },
    /// Works along one axis where another is right.
    WrongAxis {
        /// The axis that it works along.
        found: usize,
        /// The right axis.
        right: usize,
    },
    /// Works along the last axis, whichever is right.
    LastAxis {
        /// The right axis.
        right: usize,
    },
    /// The stride of the other axis.
    OtherStride,
    /// The dilation of the other axis.
    OtherDilation,
    /// Right up to this element, in row-major order, and wrong from there: a loop that goes wrong after its first block.
    BeyondBlock(usize),
    /// Right to this number of digits only, as a gradient that is computed in `f32` or by finite differences.
    Digits(u32),
    /// Forward mode does not see what the value depends on, as after `T::from_f64(x.to_f64())`.
    TangentsDropped,
    /// Overwrites the gradient that another consumer added.
    Overwritten,
    /// The derivative is evaluated at the output instead of the input.
    WrongPoint,
    /// A replay returns values from the time of recording.
    Frozen,
    /// Declares to be elementwise, and gives other numbers a block at a time.
    NotElementwise,
    /// Two runs differ.
    Nondeterministic,
    /// Elements that tie do not share the gradient: together they get more or less.
    TieNotShared,
    /// Wrong where some of the inputs need no gradient.
    DependsOnSubset,
    /// Wrong for strided inputs.
    DependsOnLayout,
    /// Infinite or NaN in `f32`, where the true value is representable.
    OverflowInSingle,
    /// Backward is not linear in the cotangent.
    NotLinear,
    /// The derivative of the pullback is wrong: it ignores a dependence on the inputs.
    SecondOrder,
    /// Panics, with this message, at the finding's inputs.
    Panicked(String),
}

impl Diagnosis {
    /// If all is right before the first of these wrong elements of a tensor, and that is beyond what small blocks hold.
    pub(in crate::check) fn beyond_block(wrong: &[Discrepancy], shape: &Shape) -> Option<Diagnosis> {
        const SMALLEST: usize = 16;
        let first = wrong.iter().map(|entry| shape.flat_index(&entry.index)).min()?;
        (first >= SMALLEST && wrong.len() > 1).then_some(Diagnosis::BeyondBlock(first))
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Diagnosis::NotFinite => f.write_str("NaN or infinite where the true value is finite"),
            Diagnosis::Uninitialized => f.write_str("a buffer was never written"),
            Diagnosis::NoGradient => f.write_str("receives no gradient"),
            Diagnosis::Zero => f.write_str("zero where it should not be"),
            Diagnosis::SignFlipped => f.write_str("sign flipped"),
            Diagnosis::Factor(factor) => write!(f, "off by the factor {factor:.6}"),
            Diagnosis::Transposed => f.write_str("transposed"),
            Diagnosis::Misplaced => f.write_str("the right values at wrong indices"),
            Diagnosis::MissingSum => f.write_str("missing sum over a broadcast axis"),
            Diagnosis::SummedTooEarly => f.write_str("summed too early: before the product, not after it"),
            Diagnosis::RepeatedOverwritten => f.write_str("repeated indices overwrite each other instead of adding"),
            Diagnosis::WrongGroup { axis } => {
                write!(f, "reads the cotangent at shifted indices, or of another group, along axis {axis}")
            }
            Diagnosis::WrongAxis { found, right } => write!(f, "works along axis {found} where axis {right} is right"),
            Diagnosis::LastAxis { right } => write!(f, "works along the last axis where axis {right} is right"),
            Diagnosis::OtherStride => f.write_str("uses the stride of the other axis"),
            Diagnosis::OtherDilation => f.write_str("uses the dilation of the other axis"),
            Diagnosis::BeyondBlock(first) => write!(f, "right up to element {first}, wrong from there: beyond a block"),
            Diagnosis::Digits(digits) => write!(f, "right to {digits} digits only"),
            Diagnosis::TangentsDropped => f.write_str("the value depends on inputs that dual numbers do not see"),
            Diagnosis::Overwritten => f.write_str("overwritten instead of added"),
            Diagnosis::WrongPoint => f.write_str("derivative evaluated at the wrong point"),
            Diagnosis::Frozen => f.write_str("frozen on replay"),
            Diagnosis::NotElementwise => f.write_str("not elementwise: other numbers a block at a time"),
            Diagnosis::Nondeterministic => f.write_str("two runs differ"),
            Diagnosis::TieNotShared => f.write_str("elements that tie do not share the gradient"),
            Diagnosis::DependsOnSubset => f.write_str("wrong where some inputs need no gradient"),
            Diagnosis::DependsOnLayout => f.write_str("wrong for strided inputs"),
            Diagnosis::OverflowInSingle => f.write_str("overflows in f32 where the true value fits"),
            Diagnosis::NotLinear => f.write_str("not linear in the cotangent"),
            Diagnosis::SecondOrder => f.write_str("the derivative of backward is wrong"),
            Diagnosis::Panicked(message) => write!(f, "panicked: {message}"),
        }
    }
}

const RELATIVE: f64 = 1e-6;

fn alike(x: &[f64], y: &[f64]) -> bool {
    let scale = y.iter().fold(0.0_f64, |largest, y| largest.max(y.abs()));
    x.len() == y.len() && x.iter().zip(y).all(|(x, y)| (x - y).abs() <= RELATIVE * scale.max(f64::MIN_POSITIVE))
}

/// The mistake that the gradient of one input, of this shape, indicates.
pub(in crate::check) fn diagnose(analytic: &[f64], reference: &[f64], shape: &[usize]) -> Option<Diagnosis> {
    if analytic.iter().zip(reference).any(|(a, r)| !a.is_finite() && r.is_finite()) {
        return Some(Diagnosis::NotFinite);
    }
    if reference.iter().all(|&r| r == 0.0) {
        return None;
    }
    if let Some(digits) = digits(analytic, reference) {
        return Some(Diagnosis::Digits(digits));
    }
    if analytic.iter().all(|&a| a == 0.0) {
        return Some(Diagnosis::Zero);
    }
    let times = |factor: f64| reference.iter().map(|r| factor * r).collect::<Vec<_>>();
    if alike(analytic, &times(-1.0)) {
        return Some(Diagnosis::SignFlipped);
    }
    let largest = reference.iter().zip(analytic).max_by(|x, y| x.0.abs().total_cmp(&y.0.abs()));
    // A single number is always a multiple of the reference: only a round factor is informative.
    let factor = largest.map_or(1.0, |(r, a)| a / r);
    // One near 1 is the work of rounding.
    let telling = reference.len() > 1 || (factor * 4.0).fract().abs() < RELATIVE;
    if telling && (factor - 1.0).abs() > 1e-3 && alike(analytic, &times(factor)) {
        return Some(Diagnosis::Factor(factor));
    }
    if is_transposed(analytic, reference, shape) {
        return Some(Diagnosis::Transposed);
    }
    let sorted = |values: &[f64]| {
        let mut values = values.to_vec();
        values.sort_by(f64::total_cmp);
        values
    };
    if reference.len() > 2 && alike(&sorted(analytic), &sorted(reference)) {
        return Some(Diagnosis::Misplaced);
    }
    let shifted = |a: &[f64], r: &[f64]| a.len() > 1 && r.iter().any(|&r| r != 0.0) && alike(a, r);
    let n = reference.len();
    if n > 2 && (shifted(&analytic[1..], &reference[..n - 1]) || shifted(&analytic[..n - 1], &reference[1..])) {
        return Some(Diagnosis::Misplaced);
    }
    None
}

/// The number of digits to which most elements agree, if that is at least three: so small a difference shows no pattern. One
/// wrong element among right ones is another matter.
fn digits(analytic: &[f64], reference: &[f64]) -> Option<u32> {
    let errors = analytic.iter().zip(reference).map(|(a, r)| (a - r).abs() / r.abs().max(f64::MIN_POSITIVE));
    let (wrong, most) = errors.filter(|&error| error > 1e-12).fold((0, 0.0_f64), |(n, most), e| (n + 1, most.max(e)));
    let digits = -most.log10();
    (2 * wrong > analytic.len() && digits >= 3.0).then_some(digits as u32)
}

/// Whether the matrices of the last two axes are transposed: square ones, or others written in transposed order.
fn is_transposed(analytic: &[f64], reference: &[f64], shape: &[usize]) -> bool {
    let [.., rows, columns] = *shape else { return false };
    if rows < 2 || columns < 2 {
        return false;
    }
    let transposed: Vec<f64> = reference
        .chunks(rows * columns)
        .flat_map(|matrix| (0..matrix.len()).map(move |k| matrix[(k % rows) * columns + k / rows]))
        .collect();
    alike(analytic, &transposed)
}
