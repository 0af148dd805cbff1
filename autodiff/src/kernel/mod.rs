//! Loops over slices that know nothing of tapes: matrix products, vectorised functions, sums.
//!
//! The only room where `unsafe` is allowed; each block states the contract it relies on.
#![allow(unsafe_code)]

mod columns;
mod correlation;
mod dispatch;
mod finite;
mod gemm;
mod matrix;
pub(crate) mod reduce;
mod scratch;
mod thin;
pub(crate) mod vector;

pub(crate) use self::columns::Windows;
pub(crate) use self::correlation::Correlation;
pub(crate) use self::dispatch::dispatch;
pub(crate) use self::finite::all_finite;
pub(crate) use gemm::Product;
pub(crate) use matrix::{MatrixMut, MatrixRef};
pub(crate) use scratch::{shortage, with_scratch};
