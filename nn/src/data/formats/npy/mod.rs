//! Reader and writer of NPY files, the format of numpy's `save` and `load`
//! (<https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>).
//!
//! The existing crate (npyz 0.9) reserves as much memory as a file claims, so the header is parsed here.

mod header;

use std::io::{Read, Write};
use std::path::Path;

use autodiff::{Error, Real, Tensor};

use crate::io::{self, Element, Fault, MemoryLimit, Source};
use header::Header;

/// Reads the array of an NPY file: floats or integers of any width and byte order, row-major or column-major (numpy's `C` and
/// `F`). Floats are rounded to the nearest number of `T`.
///
/// # Errors
/// A file that cannot be read, is not an NPY file, holds other types, is shorter or longer than its header says, or exceeds
/// the limit of the [`Source`]; an integer that is not exact in `T` (labels of `int64` above 2²⁴ in `f32`), a finite float
/// that is infinite in `T`.
pub fn read<T: Real>(source: impl Into<Source>) -> Result<Tensor<T>, Error> {
    source.into().read(decode)
}

/// Writes the values of a tensor, without derivatives: as `float32` if `T` has no more digits than that, else as `float64`.
/// The file is replaced whole or left as it was.
///
/// # Errors
/// A file that cannot be written.
pub fn write<T: Real>(path: impl AsRef<Path>, tensor: &Tensor<T>) -> Result<(), Error> {
    io::write(path.as_ref(), |mut file| encode(&mut file, tensor))
}

pub(super) fn decode<T: Real>(mut reader: impl Read, limit: MemoryLimit) -> Result<Tensor<T>, Fault> {
    let Header { element, major, shape } = Header::read(&mut reader)?;
    element.read(reader, shape, major, limit)
}

pub(super) fn encode<T: Real>(writer: &mut impl Write, tensor: &Tensor<T>) -> Result<(), Fault> {
    let element = Element::for_scalar::<T>();
    Header::write(element, tensor.shape(), writer)?;
    Ok(element.write(tensor.data(), writer)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::formats::damage;

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
        // To reserve space for the last would be a panic.
        for claim in ["1099511627776", "1152921504606846975"] {
            let lie = text.replace("(3,)", &format!("({claim},)"));
            let lie = [&file[..10], &lie.as_bytes()[..117], b"\n", &file[128..]].concat();
            let message = decode::<f64>(&lie[..], MemoryLimit::UNLIMITED).unwrap_err().at("x".as_ref()).to_string();
            assert_eq!(message, format!("x: ends after 3 of the {claim} values that shape [{claim}] holds"));
        }
    }

    #[test]
    fn damaged_files_are_rejected_or_read_and_never_panic() {
        for name in ["c-order.npy", "fortran-order.npy"] {
            let file = std::fs::read(path(name)).unwrap();
            damage::truncated(&file, |file| decode::<f32>(file, MemoryLimit::UNLIMITED));
            damage::altered(&file, |file| decode::<f32>(file, MemoryLimit::UNLIMITED));
        }
    }

    /// A column-major file of this type and shape, with these numbers.
    fn column_major(descr: &str, shape: &str, numbers: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': '{descr}', 'fortran_order': True, 'shape': ({shape})}}");
        [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), numbers].concat()
    }

    fn error_of<T: Real>(file: &[u8]) -> String {
        decode::<T>(file, MemoryLimit::UNLIMITED).unwrap_err().at("x".as_ref()).to_string()
    }

    #[test]
    fn extents_near_the_largest_number_are_rejected() {
        for large in [usize::MAX, usize::MAX / 2, usize::MAX / 8 + 1, 1 << 61, 1 << 32] {
            let shapes = [
                format!("{large}"),
                format!("{large}, {large}"),
                format!("0, {large}, {large}"),
                format!("{large}, 2, 0"),
            ];
            for (shape, descr) in shapes.iter().flat_map(|shape| [(shape, "<f8"), (shape, "|u1")]) {
                let file = column_major(descr, shape, &[]);
                if let Ok(tensor) = decode::<f32>(&file[..], MemoryLimit::UNLIMITED) {
                    assert!(tensor.data().is_empty() && tensor.shape().contains(&0), "{shape}");
                }
            }
        }
        assert!(decode::<f32>(&column_major("|u1", "1, 0", &[])[..], MemoryLimit::UNLIMITED).is_ok());
    }

    #[test]
    fn axes_of_one_index_cost_nothing_and_more_than_numpy_has_are_rejected() {
        let shape = |ones: usize| format!("2, {}3", "1, ".repeat(ones));
        let read =
            decode::<f32>(&column_major("|u1", &shape(62), &[0, 3, 1, 4, 2, 5])[..], MemoryLimit::UNLIMITED).unwrap();
        assert_eq!(read.data(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let message = error_of::<f32>(&column_major("|u1", &shape(63), &[0; 6]));
        assert!(message.ends_with("there are more than 64 axes"), "{message}");
    }

    #[test]
    fn numbers_that_the_scalar_does_not_hold_are_rejected_by_index() {
        let labels = [1_i64, 0, (1 << 24) + 1, 2].map(i64::to_le_bytes).concat();
        let due = "x: element [0, 1] is 16777217: f32 does not hold it";
        assert_eq!(error_of::<f32>(&column_major("<i8", "2, 2", &labels)), due);
        assert!(decode::<f64>(&column_major("<i8", "2, 2", &labels)[..], MemoryLimit::UNLIMITED).is_ok());
        let due = "x: element [1, 0] is 1e300: f32 does not hold it";
        let floats = [0.0, 1e300, f64::NAN, f64::NEG_INFINITY].map(f64::to_le_bytes).concat();
        assert_eq!(error_of::<f32>(&column_major("<f8", "2, 2", &floats)), due);
    }

    #[test]
    fn long_headers_are_shortened_in_messages() {
        for text in
            ["9".repeat(9000), "'".to_owned() + &"n".repeat(9000) + "'", "{'".to_owned() + &"k".repeat(9000) + "': 1}"]
        {
            for shape in [text.clone(), format!("2, {text}")] {
                let message = error_of::<f32>(&column_major("<f8", &shape, &[]));
                assert!(message.len() < 400, "{message}");
            }
        }
        for descr in ["x".repeat(9000), "'".repeat(9000)] {
            assert!(error_of::<f32>(&column_major(&descr, "2", &[])).len() < 400);
        }
    }
}
