//! Readers hold a file's numbers as they are and as they are read, nothing more, and only if that is within the limit.

use std::fs;
use std::io::Write;
use std::path::Path;

use autodiff::{Error, Real, Tensor};
use flate2::{Compression, write::GzEncoder};
use nn::data::{Dataset, Standardizer, cifar, csv, idx, npy, npz};
use nn::io::Source;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::files::allocator::peak;

const MIB: usize = 1 << 20;
/// Buffers, and what unpacks.
const BESIDE: usize = MIB / 2;

/// The header of an IDX file of `count` bytes.
pub(crate) fn idx_header(count: usize) -> Vec<u8> {
    [&[0, 0, 8, 1][..], &(count as u32).to_be_bytes()].concat()
}

/// The header of an NPY file of `count` numbers of type `descr`, column by column where that is `order`.
pub(crate) fn npy_header(descr: &str, order: &str, shape: &str) -> Vec<u8> {
    let text = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    [&b"\x93NUMPY\x01\0"[..], &(text.len() as u16).to_le_bytes(), text.as_bytes()].concat()
}

fn zeros(file: &mut impl Write, count: usize) {
    let zeros = vec![0; MIB];
    (0..count / MIB).for_each(|_| file.write_all(&zeros).unwrap());
}

/// An archive of one deflated entry of this name: a header and `count` zeros.
fn npz_of_zeros(path: &Path, names: &[&str], header: &[u8], count: usize) {
    let mut archive = ZipWriter::new(fs::File::create(path).unwrap());
    for name in names {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(header).unwrap();
        zeros(&mut archive, count);
    }
    archive.finish().unwrap();
}

fn gz_of_zeros(path: &Path, count: usize) {
    let mut gz = GzEncoder::new(fs::File::create(path).unwrap(), Compression::default());
    gz.write_all(&idx_header(count)).unwrap();
    zeros(&mut gz, count);
    gz.finish().unwrap();
}

#[test]
fn honest_bombs_are_rejected_before_they_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let (gz, archive) = (folder.path().join("zeros.idx.gz"), folder.path().join("zeros.npz"));
    gz_of_zeros(&gz, 400 * MIB);
    npz_of_zeros(&archive, &["x.npy"], &npy_header("|u1", "False", "419430400,"), 400 * MIB);
    assert!(fs::metadata(&gz).unwrap().len() < 2_000_000 && fs::metadata(&archive).unwrap().len() < 500_000);
    let (message, held) = peak(MIB, || idx::read::<f64>(&gz).unwrap_err().to_string());
    let due = "3600 MiB are needed to read it: the limit is 2048 MiB (`Source::limit`)";
    assert_eq!(message, format!("{}: {due}", gz.display()));
    assert!(held < BESIDE, "{held}");
    let (message, held) = peak(MIB, || npz::read::<f64>(&archive).unwrap_err().to_string());
    assert_eq!(message, format!("{}: x.npy: {due}", archive.display()));
    assert!(held < BESIDE, "{held}");
}

/// Reads with a limit of just what is needed, and of a byte less, which must be an error.
fn at_the_limit<R>(needed: usize, read: impl Fn(usize) -> Result<R, Error>) {
    let (result, held) = peak(needed + BESIDE, || read(needed));
    result.unwrap();
    assert!(held >= needed / 2, "{held} of {needed}");
    let (result, _) = peak(needed + BESIDE, || read(needed - 1));
    let message = result.map(|_| "it is read").unwrap_err().to_string();
    assert!(message.contains("MiB are needed to read it: the limit is"), "{message}");
}

fn idx_at_the_limit<T: Real>(path: &Path, count: usize) {
    let read = |limit| idx::read::<T>(Source::new(path).limit(limit));
    at_the_limit(count * (1 + size_of::<T>()), read);
}

fn npy_at_the_limit<T: Real>(path: &Path, count: usize, width: usize) {
    let read = |limit| npy::read::<T>(Source::new(path).limit(limit));
    at_the_limit(count * (width + size_of::<T>()), read);
}

#[test]
fn every_reader_takes_what_the_file_holds_and_what_it_becomes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let gz = path("zeros.idx.gz");
    gz_of_zeros(&gz, 5 * MIB);
    idx_at_the_limit::<f32>(&gz, 5 * MIB);
    idx_at_the_limit::<f64>(&gz, 5 * MIB);
    for (descr, width) in [("|u1", 1), ("<i2", 2), ("<f4", 4), (">f8", 8)] {
        for order in ["False", "True"] {
            let mut file = npy_header(descr, order, "1024, 1280");
            file.resize(file.len() + 1024 * 1280 * width, 0);
            fs::write(path("zeros.npy"), file).unwrap();
            npy_at_the_limit::<f32>(&path("zeros.npy"), 1024 * 1280, width);
            npy_at_the_limit::<f64>(&path("zeros.npy"), 1024 * 1280, width);
        }
    }
    // The first array stays while the second is read.
    npz_of_zeros(&path("two.npz"), &["x.npy", "y.npy"], &npy_header("|u1", "False", "2097152,"), 2 * MIB);
    at_the_limit(2 * MIB * (4 + 1 + 4), |limit| npz::read::<f32>(Source::new(path("two.npz")).limit(limit)));
    fs::write(path("data.bin"), vec![0; 3073 * 1000]).unwrap();
    let files = [path("data.bin"), path("data.bin")];
    let read = |limit| cifar::read::<f32>(files.iter().map(|path| Source::new(path).limit(limit)));
    at_the_limit(2000 * (3073 * 5 + 8), read);
}

#[test]
fn a_table_takes_its_numbers_twice_while_it_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    fs::write(&path, "0,0,0,0,0\n".repeat(200_000)).unwrap();
    let read = |limit| csv::without_header::<f64>(Source::new(&path).limit(limit), 0);
    // Features and labels, and the labels' tensor.
    let numbers = 200_000 * (5 * 8 + 8);
    let most = 2 * numbers + BESIDE;
    let (table, held) = peak(most, || read(2 * numbers));
    assert!(held > numbers && table.is_ok_and(|table: Dataset<f64>| table.len() == 200_000));
    let (message, _) = peak(most, || read(numbers - 1).unwrap_err().to_string());
    assert!(message.contains("MiB are needed to read it"), "{message}");
    // Labels alone take memory too, and so does a row that does not end.
    fs::write(&path, "0\n".repeat(1_000_000)).unwrap();
    let (message, _) = peak(8 * MIB + BESIDE, || read(8 * MIB).unwrap_err().to_string());
    assert!(message.contains("MiB are needed to read it"), "{message}");
    for endless in ["0", ",", "\n", "\""] {
        fs::write(&path, endless.repeat(4 * MIB)).unwrap();
        let (message, held) = peak(64 * MIB, || read(64 * MIB).unwrap_err().to_string());
        let due = format!("{}: a row is longer than the limit allows (`Source::limit`)", path.display());
        assert!(message == due, "{message}");
        // Empty lines are skipped.
        assert!(held > MIB || endless == "\n", "{held}");
    }
}

#[test]
fn a_list_of_entries_is_within_the_limit_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.npz");
    let mut archive = ZipWriter::new(fs::File::create(&path).unwrap());
    for name in 0..10_000 {
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).unwrap();
    }
    archive.finish().unwrap();
    let (message, _) = peak(8 * MIB, || npz::read::<f32>(Source::new(&path).limit(MIB)).unwrap_err().to_string());
    assert!(message.contains("the list of entries is longer than the limit allows"), "{message}");
}

#[test]
fn memory_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.npy");
    let mut file = npy_header("<f8", "False", "1048576,");
    file.resize(file.len() + 8 * MIB, 0);
    fs::write(&path, file).unwrap();
    let error_of = |most| peak(most, || npy::read::<f64>(&path)).0.unwrap_err().to_string();
    assert_eq!(error_of(4 * MIB), format!("{}: there is no memory for 4194304 values of 1 bytes", path.display()));
    assert_eq!(
        error_of(12 * MIB + BESIDE),
        format!("{}: there is no memory for 1048576 values of 8 bytes", path.display())
    );
    let data = Dataset::new(Tensor::<f64>::full([4, 1 << 16], 0.0), &[0, 1, 2, 3]).unwrap();
    let error_of = |work: &dyn Fn() -> Result<(), Error>| peak(MIB / 4, work).0.unwrap_err().to_string();
    let due = "data set: there is no memory for 262144 values of 8 bytes";
    assert_eq!(error_of(&|| data.batches(4, 0).map(drop)), due);
    assert_eq!(error_of(&|| data.subset(&[0, 1, 0, 1]).map(drop)), due);
    assert_eq!(error_of(&|| data.split(1.0, 0).map(drop)), due);
    assert_eq!(error_of(&|| data.clone().reshaped([1 << 16, 1]).map(drop)), due);
    let few = Dataset::new(Tensor::<f64>::full([1 << 16, 4], 0.0), &vec![0; 1 << 16]).unwrap();
    let standardizer = Standardizer::fit(&few).unwrap();
    assert_eq!(error_of(&|| standardizer.apply(few.clone()).map(drop)), due);
}
