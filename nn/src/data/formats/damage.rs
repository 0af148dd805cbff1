//! Damaged files, for the tests of all readers: truncated files and changed bytes.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::io::Fault;

/// Reads every prefix of `file`, each of which must be an error, and the file itself, which must not.
pub(super) fn truncated<R>(file: &[u8], read: impl Fn(&[u8]) -> Result<R, Fault>) {
    for end in 0..file.len() {
        assert!(read(&file[..end]).is_err(), "the first {end} of {} bytes are read as a whole file", file.len());
    }
    assert!(read(file).is_ok());
}

/// Reads `file` 5000 times with one to four bytes changed, which must not panic or allocate a huge amount.
pub(super) fn altered<R>(file: &[u8], read: impl Fn(&[u8]) -> Result<R, Fault>) {
    let mut generator = StdRng::seed_from_u64(7);
    for _ in 0..5000 {
        let mut bytes = file.to_vec();
        for _ in 0..generator.random_range(1..5) {
            let index = generator.random_range(0..bytes.len());
            bytes[index] = generator.random();
        }
        let _ = read(&bytes);
    }
}
