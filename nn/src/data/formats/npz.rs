//! NPZ archives: NPY files in a zip file, as numpy's `savez` and `savez_compressed` write them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use autodiff::{Error, Real, Tensor};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::npy;
use crate::io::{self, Fault, MemoryLimit, Metered, NAME, Source, shortened};

/// Reads all arrays of an archive, by name, each as [`npy::read`] does.
///
/// # Errors
/// A file that cannot be read or is not a zip archive; an entry that is damaged, encrypted, or not an NPY file; two entries of
/// one name; arrays that together exceed the limit of the [`Source`].
pub fn read<T: Real>(source: impl Into<Source>) -> Result<BTreeMap<String, Tensor<T>>, Error> {
    source.into().read(decode)
}

/// Writes tensors by name, each as [`npy::write`] does, without compression. The file is replaced whole or left as it was.
///
/// # Errors
/// A file that cannot be written; a name that occurs twice.
pub fn write<'a, T: Real>(
    path: impl AsRef<Path>,
    arrays: impl IntoIterator<Item = (&'a str, &'a Tensor<T>)>,
) -> Result<(), Error> {
    io::write(path.as_ref(), |file| encode(file, arrays))
}

/// The part of the limit that the list of entries may take in the file. In memory it takes about eight times as much.
const LIST: usize = 64;
/// The bytes at the end of the file that are searched for the end of the list: the longest comment, and what surrounds it.
const SEARCHED: usize = 1 << 17;

fn decode<T: Real>(mut reader: impl Read + Seek, mut limit: MemoryLimit) -> Result<BTreeMap<String, Tensor<T>>, Fault> {
    check_count(&mut reader, limit.left() / LIST / ENTRY)?;
    let left = Cell::new(limit.left() / LIST + SEARCHED);
    let mut archive = ZipArchive::new(Metered { inner: reader, left: &left, what: "the list of entries" })?;
    left.set(usize::MAX);
    if archive.metadata().has_duplicate_names() {
        return Err(Fault::new("two entries have one name"));
    }
    let mut arrays = BTreeMap::new();
    for entry in 0..archive.len() {
        let entry = archive.by_index(entry)?;
        let file = entry.name()?.into_owned();
        let Some(name) = file.strip_suffix(".npy") else {
            let file = shortened(&file, NAME);
            return Err(Fault::new(format!("{file}: not an array: its name does not end in .npy")));
        };
        let array = npy::decode(entry, limit).map_err(|fault| fault.within(&file))?;
        limit = limit.holding(size_of_val(array.data()));
        if arrays.insert(name.to_owned(), array).is_some() {
            return Err(Fault::new(format!("{}: two entries have this name", shortened(&file, NAME))));
        }
    }
    Ok(arrays)
}

/// The fewest bytes of an entry in the list.
const ENTRY: usize = 46;
/// The end of the list in archives of more than 65,535 entries or four gigabytes: a record, a locator of that record, and
/// the end record of other archives.
const RECORD: &[u8] = b"PK\x06\x06";
const RECORD_SIZE: usize = 56;
const LOCATOR: &[u8] = b"PK\x06\x07";
const LOCATOR_SIZE: usize = 20;
const END: &[u8] = b"PK\x05\x06";

/// An error for an archive that claims more than `most` entries: the zip crate reserves memory for all of them.
fn check_count(reader: &mut (impl Read + Seek), most: usize) -> Result<(), Fault> {
    let length = reader.seek(SeekFrom::End(0))?;
    let start = length.saturating_sub(SEARCHED as u64);
    reader.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    reader.take(SEARCHED as u64).read_to_end(&mut tail)?;
    for offset in 0..tail.len().saturating_sub(LOCATOR_SIZE) {
        let (before, locator) = tail.split_at(offset);
        if !locator.starts_with(LOCATOR) || !locator[LOCATOR_SIZE..].starts_with(END) {
            continue;
        }
        let record = before.last_chunk::<RECORD_SIZE>().filter(|record| record.starts_with(RECORD));
        let claims = record.map(|record| (number(locator, 8), number(record, 32)));
        match claims {
            Some((at, count)) if at.checked_add(RECORD_SIZE as u64) == Some(start + offset as u64) => {
                if count > most as u64 {
                    return Err(Fault::new(format!(
                        "{count} entries are more than the limit allows (`Source::limit`)"
                    )));
                }
            }
            _ => {
                return Err(Fault::new(
                    "not a zip archive of numpy: the end of its list of entries is not where it says",
                ));
            }
        }
    }
    reader.rewind()?;
    Ok(())
}

/// The number at this offset in a record.
fn number(record: &[u8], offset: usize) -> u64 {
    record[offset..].first_chunk().map_or(0, |&bytes| u64::from_le_bytes(bytes))
}

fn encode<'a, T: Real>(
    writer: impl Write + Seek,
    arrays: impl IntoIterator<Item = (&'a str, &'a Tensor<T>)>,
) -> Result<(), Fault> {
    let mut archive = ZipWriter::new(writer);
    for (name, tensor) in arrays {
        // An entry of more than four gigabytes (eight bytes a number, and a header) must be declared large in advance.
        let large = tensor.data().len() >= (u32::MAX / 8) as usize - (1 << 16);
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(large);
        archive.start_file(format!("{name}.npy"), options)?;
        npy::encode(&mut archive, tensor)?;
    }
    archive.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::data::formats::damage;

    const STORED: &[u8] = include_bytes!("../../../data/test/stored.npz");
    const DEFLATED: &[u8] = include_bytes!("../../../data/test/deflated.npz");

    fn decoded(file: &[u8]) -> Result<BTreeMap<String, Tensor<f32>>, Fault> {
        decode(Cursor::new(file), MemoryLimit::UNLIMITED)
    }

    #[test]
    fn archives_of_numpy_are_read_stored_and_deflated() {
        for file in [STORED, DEFLATED] {
            let arrays = decoded(file).unwrap();
            assert_eq!(arrays.keys().collect::<Vec<_>>(), ["x", "y"]);
            assert_eq!(arrays["x"], Tensor::from_fn([2, 3, 4], |k| k as f32));
            assert_eq!(arrays["y"], [1.0, 0.0].into());
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("two.npz");
        let (one, two) = (Tensor::from([[0.1, -2.0]]), Tensor::scalar(1e300));
        write(&path, [("one", &one), ("two", &two)]).unwrap();
        assert_eq!(read::<f64>(&path).unwrap(), BTreeMap::from([("one".into(), one.clone()), ("two".into(), two)]));
        let message = write(&path, [("one", &one), ("one", &one)]).unwrap_err().to_string();
        assert!(
            message.starts_with(&path.display().to_string()) && message.contains("Duplicate filename"),
            "{message}"
        );
    }

    #[test]
    fn other_files_are_rejected_for_what_they_are() {
        let error_of = |file: &[u8]| decoded(file).unwrap_err().at("x".as_ref()).to_string();
        assert!(error_of(b"no archive").starts_with("x: invalid Zip archive"), "{}", error_of(b"no archive"));
        let archive = |name: &str, content: &[u8]| {
            let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
            archive.finish().unwrap().into_inner()
        };
        assert_eq!(error_of(&archive("notes.txt", b"")), "x: notes.txt: not an array: its name does not end in .npy");
        assert_eq!(error_of(&archive("x.npy", b"short")), "x: x.npy: the file ends within its header");
        let vector = include_bytes!("../../../data/test/vector.npy");
        let bomb = [&vector[..], &[0; 1 << 24]].concat();
        let due = "x: x.npy: goes on after the 3 values that shape [3] holds";
        assert_eq!(error_of(&archive("x.npy", &bomb)), due);
    }

    #[test]
    fn a_changed_number_is_found_by_the_checksum() {
        let mut file = STORED.to_vec();
        let index = file.windows(4).position(|bytes| bytes == 1_f32.to_le_bytes()).unwrap();
        file[index] ^= 1;
        assert_eq!(decoded(&file).unwrap_err().at("x".as_ref()).to_string(), "x: x.npy: Invalid checksum");
    }

    #[test]
    fn damaged_archives_are_rejected_or_read_and_never_panic() {
        for file in [STORED, DEFLATED] {
            damage::truncated(file, decoded);
            damage::altered(file, decoded);
        }
    }

    #[test]
    fn a_name_that_occurs_twice_is_rejected() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["first.npy", "other.npy"] {
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(include_bytes!("../../../data/test/vector.npy")).unwrap();
        }
        let mut file = archive.finish().unwrap().into_inner();
        assert!(decoded(&file).is_ok());
        while let Some(index) = file.windows(5).position(|name| name == b"other") {
            file[index..index + 5].copy_from_slice(b"first");
        }
        assert_eq!(decoded(&file).unwrap_err().at("x".as_ref()).to_string(), "x: two entries have one name");
    }

    #[test]
    fn long_names_are_shortened_in_messages() {
        for (name, content) in [("n".repeat(60_000), &b""[..]), ("n".repeat(60_000) + ".npy", b"no array")] {
            let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
            archive.start_file(name, SimpleFileOptions::default()).unwrap();
            archive.write_all(content).unwrap();
            let file = archive.finish().unwrap().into_inner();
            let message = decoded(&file).unwrap_err().at("x".as_ref()).to_string();
            assert!(message.len() < 200 && message.contains(" bytes): no"), "{message}");
        }
    }
}
