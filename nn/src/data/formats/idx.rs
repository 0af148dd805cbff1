//! Reader of IDX files, the format of MNIST and its relatives, plain or compressed with gzip.
//!
//! The format is described with MNIST (LeCun, Cortes and Burges, <http://yann.lecun.com/exdb/mnist/>): two zeros, a code for
//! the type of the numbers, the rank, an extent of four bytes for each axis, and the numbers in row-major order; all
//! big-endian.

use std::io::{BufRead, Read};

use autodiff::{Error, Real, Shape, Tensor};
use flate2::bufread::MultiGzDecoder;

use crate::data::dataset::Dataset;
use crate::io::{self, ByteOrder, Element, Fault, IndexOrder, MemoryLimit, NumberType, Source};

/// Reads the array of an IDX file, in the shape of the file: the images of MNIST are `[60000, 28, 28]`, from 0 (white) to 255
/// (black), its labels `[60000]`. All element types are read (`u8`, `i8`, `i16`, `i32`, `f32`, `f64`), floats rounded to the
/// nearest number of `T`. A compressed file is recognized by its content.
///
/// # Errors
/// A file that cannot be read, is not an IDX file, is shorter or longer than its header says, or exceeds the limit of the
/// [`Source`]; an integer that is not exact in `T`, a finite float that is infinite in `T`.
pub fn read<T: Real>(source: impl Into<Source>) -> Result<Tensor<T>, Error> {
    source.into().read(parse)
}

/// Reads images and their labels: features `[samples, height, width]`.
///
/// # Errors
/// Those of [`read`]; labels that are not integers from 0, or not as many as the images.
pub fn labeled<T: Real>(images: impl Into<Source>, labels: impl Into<Source>) -> Result<Dataset<T>, Error> {
    let images = read(images)?;
    labels.into().read(|file, limit| Ok(Dataset::labeled(images, &parse::<f64>(file, limit)?)?))
}

fn parse<T: Real>(mut reader: impl BufRead, limit: MemoryLimit) -> Result<Tensor<T>, Fault> {
    match reader.fill_buf()? {
        // The magic number of gzip (RFC 1952); an IDX file begins with zeros.
        [0x1f, ..] => unpacked(MultiGzDecoder::new(reader), limit),
        _ => unpacked(reader, limit),
    }
}

fn unpacked<T: Real>(mut reader: impl Read, limit: MemoryLimit) -> Result<Tensor<T>, Fault> {
    let [0, 0, code, rank] = io::header(&mut reader)? else {
        return Err(Fault::new("not an IDX file: it does not begin with two zeros"));
    };
    let number = match code {
        0x08 => NumberType::U8,
        0x09 => NumberType::I8,
        0x0b => NumberType::I16,
        0x0c => NumberType::I32,
        0x0d => NumberType::F32,
        0x0e => NumberType::F64,
        _ => return Err(Fault::new(format!("not an IDX file: there is no element type {code:#04x}"))),
    };
    if rank == 0 {
        return Err(Fault::new("an IDX file of rank 0 holds nothing"));
    }
    let extent = |_| Ok(u32::from_be_bytes(io::header(&mut reader)?) as usize);
    let shape: Shape = (0..rank).map(extent).collect::<Result<_, Fault>>()?;
    Element { number, order: ByteOrder::Big }.read(reader, shape, IndexOrder::RowMajor, limit)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;
    use crate::data::formats::damage;

    fn idx(code: u8, extents: &[u32], content: &[u8]) -> Vec<u8> {
        let rank = extents.len() as u8;
        let extents = extents.iter().flat_map(|extent| extent.to_be_bytes());
        [0, 0, code, rank].into_iter().chain(extents).chain(content.iter().copied()).collect()
    }

    fn compressed(content: &[u8]) -> Vec<u8> {
        let mut gz = GzEncoder::new(Vec::new(), Compression::default());
        gz.write_all(content).unwrap();
        gz.finish().unwrap()
    }

    fn error_of(file: &[u8]) -> String {
        parse::<f32>(file, MemoryLimit::UNLIMITED).unwrap_err().at("x".as_ref()).to_string()
    }

    #[test]
    fn all_types_are_read_plain_and_compressed() {
        let files = [
            (idx(0x08, &[2], &[1, 254]), [1.0, 254.0]),
            (idx(0x09, &[2], &[1, 254]), [1.0, -2.0]),
            (idx(0x0b, &[2], &[1, 2, 255, 254]), [258.0, -2.0]),
            (idx(0x0c, &[2], &[0, 1, 0, 2, 255, 255, 255, 254]), [65538.0, -2.0]),
            (idx(0x0d, &[2], &[1.5_f32.to_be_bytes(), (-2.0_f32).to_be_bytes()].concat()), [1.5, -2.0]),
            (idx(0x0e, &[2], &[0.1_f64.to_be_bytes(), (-2.0_f64).to_be_bytes()].concat()), [0.1, -2.0]),
        ];
        for (file, values) in files {
            assert_eq!(parse::<f64>(&file[..], MemoryLimit::UNLIMITED).unwrap().data(), values);
            assert_eq!(parse::<f64>(&compressed(&file)[..], MemoryLimit::UNLIMITED).unwrap().data(), values);
        }
    }

    #[test]
    fn images_and_labels_make_a_data_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, content: &[u8]| {
            fs::write(folder.path().join(name), content).unwrap();
            folder.path().join(name)
        };
        let images = path("images", &compressed(&idx(0x08, &[2, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])));
        let labels = path("labels", &idx(0x08, &[2], &[7, 3]));
        let data = labeled::<f32>(&images, labels).unwrap();
        assert_eq!(data.features(), &Tensor::from_fn([2, 2, 3], |k| k as f32));
        assert_eq!(data.labels().data(), [7.0, 3.0]);
        let error_of = |labels| labeled::<f32>(&images, labels).unwrap_err().to_string();
        let message = error_of(path("three", &idx(0x08, &[3], &[0, 1, 2])));
        assert!(message.ends_with("three: data set: 3 labels do not go with features of shape [2, 2, 3]"), "{message}");
        let message = error_of(path("negative", &idx(0x09, &[2], &[0, 255])));
        assert!(message.ends_with("negative: data set: label -1 of sample 1 is not an integer from 0"), "{message}");
        assert!(error_of(folder.path().join("missing")).contains("missing: No such file"));
    }

    #[test]
    fn other_files_are_rejected_for_what_they_are() {
        assert_eq!(error_of(b""), "x: the file ends within its header");
        assert_eq!(error_of(b"hello, world"), "x: not an IDX file: it does not begin with two zeros");
        assert_eq!(error_of(&idx(0x0a, &[1], &[0])), "x: not an IDX file: there is no element type 0x0a");
        assert_eq!(error_of(&idx(0x08, &[], &[])), "x: an IDX file of rank 0 holds nothing");
        assert_eq!(error_of(&idx(0x08, &[1], &[0, 0])), "x: goes on after the 1 values that shape [1] holds");
    }

    #[test]
    fn a_changed_byte_is_found_by_the_checksum() {
        let mut file = compressed(&idx(0x08, &[2], &[1, 2]));
        let checksum = file.len() - 8;
        file[checksum] ^= 1;
        assert_eq!(error_of(&file), "x: corrupt gzip stream does not have a matching checksum");
    }

    #[test]
    fn a_claim_of_more_than_there_is_costs_nothing() {
        let due = "ends after 64 of the 1099511627776 values that shape [1048576, 1048576] holds";
        let lie = idx(0x0e, &[1 << 20, 1 << 20], &[0; 512]);
        assert_eq!(error_of(&lie), format!("x: {due}"));
        assert_eq!(error_of(&compressed(&lie)), format!("x: {due}"));
        // To reserve space for that many would be a panic.
        assert!(error_of(&idx(0x0e, &[1 << 30, 1 << 30], &[0; 512])).contains("ends after 64 of"));
        // A megabyte for each kilobyte: only as much as the header claims is unpacked.
        let bomb = compressed(&idx(0x08, &[2], &vec![0; 1 << 24]));
        assert_eq!(error_of(&bomb), "x: goes on after the 2 values that shape [2] holds");
    }

    #[test]
    fn damaged_files_are_rejected_or_read_and_never_panic() {
        let plain = idx(0x0b, &[2, 3], &[7; 12]);
        for file in [compressed(&plain), plain] {
            damage::truncated(&file, |file| parse::<f32>(file, MemoryLimit::UNLIMITED));
            damage::altered(&file, |file| parse::<f32>(file, MemoryLimit::UNLIMITED));
        }
    }

    #[test]
    fn extents_near_the_largest_number_are_rejected() {
        for code in [0x08, 0x0e] {
            for rank in [2, 3, 4, 255] {
                for extents in [vec![u32::MAX; rank], [&[0][..], &vec![u32::MAX; rank - 1]].concat()] {
                    let file = idx(code, &extents, &[]);
                    if let Ok(tensor) = parse::<f32>(&file[..], MemoryLimit::UNLIMITED) {
                        assert!(tensor.data().is_empty() && rank <= 3, "{rank}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_that_the_scalar_does_not_hold_are_rejected_by_index() {
        let file = idx(0x0e, &[1, 2], &[0.5_f64.to_be_bytes(), (-1e300_f64).to_be_bytes()].concat());
        assert_eq!(error_of(&file), "x: element [0, 1] is -1e300: f32 does not hold it");
        assert_eq!(parse::<f64>(&file[..], MemoryLimit::UNLIMITED).unwrap().data(), [0.5, -1e300]);
        let file = idx(0x0c, &[2], &[1_i32.to_be_bytes(), i32::MAX.to_be_bytes()].concat());
        assert_eq!(error_of(&file), "x: element [1] is 2147483647: f32 does not hold it");
    }
}
