//! Files opened for readers and writers, and what can be wrong with them.

use std::error;
use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use autodiff::Error;

/// What is wrong with a file, in words. Where it is read, its path is added.
#[derive(Debug)]
pub(super) struct Fault(String);

impl Fault {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Fault(reason.into())
    }

    /// The same fault, of a part of the file.
    pub(super) fn within(self, part: &str) -> Self {
        Fault(format!("{part}: {}", self.0))
    }

    pub(super) fn at(self, path: &Path) -> Error {
        Error::File { path: path.into(), reason: self.0 }
    }
}

impl<E: error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault(error.to_string())
    }
}

/// What `read` makes of the file.
pub(super) fn read<R>(path: &Path, read: impl FnOnce(BufReader<File>) -> Result<R, Fault>) -> Result<R, Error> {
    File::open(path).map_err(Fault::from).and_then(|file| read(BufReader::new(file))).map_err(|fault| fault.at(path))
}

/// A new file, or a new content of an old one, that `write` has written.
pub(super) fn write(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> Result<(), Fault>) -> Result<(), Error> {
    let written = || {
        let mut file = BufWriter::new(File::create(path)?);
        write(&mut file)?;
        Ok(file.flush()?)
    };
    written().map_err(|fault: Fault| fault.at(path))
}

/// The next `N` bytes of a header.
pub(super) fn header<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Fault::new("the file ends within its header"),
        _ => error.into(),
    })?;
    Ok(bytes)
}
