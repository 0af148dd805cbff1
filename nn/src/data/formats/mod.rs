//! Readers and writers of data files, one module a format.

pub mod cifar;
pub mod csv;
#[cfg(test)]
mod damage;
mod digits;
pub mod idx;
pub mod npy;
#[cfg(feature = "npz")]
pub mod npz;

pub use digits::Digits;
