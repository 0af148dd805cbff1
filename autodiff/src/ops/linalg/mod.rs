//! Linear algebra on matrices with batch axes in front, a family a file.
//!
//! A rule computes in the accumulator of the scalar: in `f64` for `f32`. Values come from nalgebra, on plain `f64`. What dual
//! numbers carry beyond them comes from the equation that defines the result: by the same elimination in dual numbers, in the
//! order that the values have given, by corrections, or by a series that ends. So derivatives of any order are exact.

mod batch;
mod diag;

#[cfg(feature = "linalg")]
mod cholesky;
#[cfg(feature = "linalg")]
mod dense;
#[cfg(feature = "linalg")]
mod divided_differences;
#[cfg(feature = "linalg")]
mod eigh;
#[cfg(feature = "linalg")]
mod elimination;
#[cfg(feature = "linalg")]
mod inverse;
#[cfg(feature = "linalg")]
mod qr;
#[cfg(feature = "linalg")]
mod series;
#[cfg(feature = "linalg")]
mod singular_values;
#[cfg(feature = "linalg")]
mod slogdet;
#[cfg(feature = "linalg")]
mod solve;
#[cfg(feature = "linalg")]
mod solve_triangular;
#[cfg(feature = "linalg")]
mod symmetric_function;
#[cfg(feature = "linalg")]
mod systems;
#[cfg(feature = "linalg")]
mod triangular;

#[cfg(feature = "linalg")]
pub use self::{
    cholesky::Cholesky, divided_differences::EigenvalueFunction, eigh::Eigh, inverse::Inverse, qr::Qr,
    singular_values::SingularValues, slogdet::Slogdet, solve::Solve, solve_triangular::SolveTriangular,
    symmetric_function::SymmetricFunction, triangular::Triangle,
};
pub use diag::Diag;

/// The catalogue entries of the families of this folder.
#[cfg(feature = "catalogue")]
pub(super) const FAMILIES: &[&[crate::catalogue::Entry]] = &[
    diag::ENTRIES,
    #[cfg(feature = "linalg")]
    symmetric_function::ENTRIES,
    #[cfg(feature = "linalg")]
    cholesky::ENTRIES,
    #[cfg(feature = "linalg")]
    solve_triangular::ENTRIES,
    #[cfg(feature = "linalg")]
    solve::ENTRIES,
    #[cfg(feature = "linalg")]
    inverse::ENTRIES,
    #[cfg(feature = "linalg")]
    slogdet::ENTRIES,
    #[cfg(feature = "linalg")]
    qr::ENTRIES,
    #[cfg(feature = "linalg")]
    eigh::ENTRIES,
    #[cfg(feature = "linalg")]
    singular_values::ENTRIES,
];
