//! NPY files, one array each, as numpy's `save` writes them and `load` reads them
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
//!
//! Read by ourselves: the header is small, and crates for it (npyz 0.9) set aside as much memory as a file claims.

mod header;

use std::io::{Read, Write};
use std::path::Path;

use autodiff::{Error, Real, Tensor};

use crate::file::{self, Element, Fault, Room, Source};
use header::Header;

/// The array of an NPY file: of floats or integers of any width and order of bytes, row by row or column by column
/// (numpy's `C` and `F`), floats rounded to the nearest of `T`.
///
/// # Errors
/// A file that cannot be read, is no NPY file, holds other types, is shorter or longer than it says, or does not fit
/// the limit of the [`Source`]; a whole number that is not exact in `T` (labels of `int64` past 2²⁴ in `f32`), a float
/// that is finite and would be infinite in `T`.
pub fn read<T: Real>(source: impl Into<Source>) -> Result<Tensor<T>, Error> {
    source.into().read(decode)
}

/// Writes the values of a tensor, without derivatives, as an array of `float32` where `T` has no more digits than that,
/// of `float64` otherwise.
///
/// # Errors
/// A file that cannot be written.
pub fn write<T: Real>(path: impl AsRef<Path>, tensor: &Tensor<T>) -> Result<(), Error> {
    file::write(path.as_ref(), |mut file| encode(&mut file, tensor))
}

pub(super) fn decode<T: Real>(mut reader: impl Read, room: Room) -> Result<Tensor<T>, Fault> {
    let Header { element, major, shape } = Header::read(&mut reader)?;
    element.read(reader, shape, major, room)
}

pub(super) fn encode<T: Real>(writer: &mut impl Write, tensor: &Tensor<T>) -> Result<(), Fault> {
    let element = Element::of::<T>();
    Header::write(element, tensor.shape(), writer)?;
    Ok(element.write(tensor.data(), writer)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::damage;

    fn path(name: &str) -> String {
        format!("{}/data/test/{name}", env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn arrays_of_numpy_are_read_in_every_type() {
        let specials = [
            ("u1", 200.0),
            ("i1", -100.0),
            ("u2", 60_000.0),
            ("i2", -30_000.0),
            ("u4", 4e9),
            ("i4", -2e9),
            ("u8", 2_f64.powi(63)),
            ("i8", -(2_f64.powi(62))),
            ("f4", -1.5),
            ("f8", 0.1),
        ];
        for (kind, special) in specials {
            let matrix = read::<f64>(path(&format!("{kind}.npy"))).unwrap();
            assert_eq!(matrix, [[0.0, 1.0, 2.0], [3.0, 4.0, special]].into(), "{kind}");
        }
    }

    #[test]
    fn arrays_of_numpy_are_read_in_every_order_and_rank() {
        let block = Tensor::<f32>::from_fn([2, 3, 4], |k| k as f32);
        for name in ["c-order.npy", "fortran-order.npy", "big-endian.npy"] {
            assert_eq!(read::<f32>(path(name)).unwrap(), block, "{name}");
        }
        assert_eq!(read::<f64>(path("scalar.npy")).unwrap(), Tensor::scalar(2.5));
        assert_eq!(read::<f64>(path("empty.npy")).unwrap(), Tensor::full([0, 3], 0.0));
        assert_eq!(read::<f64>(path("vector.npy")).unwrap(), [0.0, 1.0, 2.0].into());
    }

    #[test]
    fn what_is_written_is_to_the_byte_what_numpy_writes() {
        for name in ["f8.npy", "scalar.npy", "empty.npy", "vector.npy", "full-header.npy"] {
            let mut written = Vec::new();
            encode(&mut written, &read::<f64>(path(name)).unwrap()).unwrap();
            assert_eq!(written, std::fs::read(path(name)).unwrap(), "{name}");
        }
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.npy");
        write(&copy, &read::<f32>(path("c-order.npy")).unwrap()).unwrap();
        assert_eq!(std::fs::read(&copy).unwrap(), std::fs::read(path("c-order.npy")).unwrap());
        assert!(write(folder.path(), &Tensor::scalar(1.0)).is_err());
    }

    #[test]
    fn a_claim_of_more_than_there_is_costs_nothing() {
        let file = std::fs::read(path("vector.npy")).unwrap();
        let text = String::from_utf8_lossy(&file[10..128]);
        // The last would be a panic if space for so many were set aside.
        for claim in ["1099511627776", "1152921504606846975"] {
            let lie = text.replace("(3,)", &format!("({claim},)"));
            let lie = [&file[..10], &lie.as_bytes()[..117], b"\n", &file[128..]].concat();
            let message = decode::<f64>(&lie[..], Room::UNLIMITED).unwrap_err().at("x".as_ref()).to_string();
            assert_eq!(message, format!("x: ends after 3 of the {claim} values that shape [{claim}] holds"));
        }
    }

    #[test]
    fn damaged_files_are_refused_or_read_and_never_panic() {
        for name in ["c-order.npy", "fortran-order.npy"] {
            let file = std::fs::read(path(name)).unwrap();
            damage::truncated(&file, |file| decode::<f32>(file, Room::UNLIMITED));
            damage::altered(&file, |file| decode::<f32>(file, Room::UNLIMITED));
        }
    }
}
