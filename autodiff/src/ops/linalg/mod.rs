//! Linear algebra on matrices with batch axes in front, a family a file.
//!
//! A rule computes in the accumulator of the scalar: in `f64` for `f32`. Values come from nalgebra, on plain `f64`. What dual
//! numbers carry beyond them comes from the equation that defines the result: by the same elimination in dual numbers, in the
//! order that the values have given, by corrections, or by a series that ends. So derivatives of any order are exact.

mod batch;
mod cholesky;
mod dense;
mod divided_differences;
mod each;
mod eigh;
mod elimination;
mod inverse;
mod qr;
mod series;
mod singular_values;
mod slogdet;
mod solve;
mod solve_triangular;
mod symmetric_function;
mod systems;
mod triangular;

pub use self::{
    cholesky::Cholesky, divided_differences::EigenvalueFunction, eigh::Eigh, inverse::Inverse, qr::Qr,
    singular_values::SingularValues, slogdet::Slogdet, solve::Solve, solve_triangular::SolveTriangular,
    symmetric_function::SymmetricFunction, triangular::Triangle,
};

/// The catalogue entries of the families of this folder.
#[cfg(feature = "catalogue")]
pub(super) const FAMILIES: &[&[crate::catalogue::Entry]] = &[
    symmetric_function::ENTRIES,
    cholesky::ENTRIES,
    solve_triangular::ENTRIES,
    solve::ENTRIES,
    inverse::ENTRIES,
    slogdet::ENTRIES,
    qr::ENTRIES,
    eigh::ENTRIES,
    singular_values::ENTRIES,
];
