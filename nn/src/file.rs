//! Files opened for readers, replaced whole by writers, and what can be wrong with them.

use std::error;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek, Write};
use std::path::Path;

use autodiff::Error;

/// What is wrong with a file, in words. Where it is read, its path is added.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Fault(reason.into())
    }

    /// The same fault, of a part of the file.
    pub(crate) fn within(self, part: &str) -> Self {
        Fault(format!("{part}: {}", self.0))
    }

    pub(crate) fn at(self, path: &Path) -> Error {
        Error::File { path: path.into(), reason: self.0 }
    }
}

impl<E: error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault(error.to_string())
    }
}

/// What `read` makes of the file.
pub(crate) fn read<R>(path: &Path, read: impl FnOnce(BufReader<File>) -> Result<R, Fault>) -> Result<R, Error> {
    File::open(path).map_err(Fault::from).and_then(|file| read(BufReader::new(file))).map_err(|fault| fault.at(path))
}

/// Writes a file so that it is there whole or not at all: into a temporary file in the same folder, which is synced and then
/// takes the place of the old one. Whatever goes wrong on the way, the old file stays.
///
/// # Errors
/// What `write` gives; a folder or a disk that takes no file.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Sink) -> io::Result<()>) -> Result<(), Error> {
    replaced(path, |file| Ok(write(file)?)).map_err(|fault| fault.at(path))
}

/// What a file is written to; zip archives seek.
pub trait Sink: Write + Seek {}

impl<W: Write + Seek> Sink for W {}

/// As [`replace`], for writers with faults of their own.
pub(crate) fn write(path: &Path, write: impl FnOnce(&mut dyn Sink) -> Result<(), Fault>) -> Result<(), Error> {
    replaced(path, write).map_err(|fault| fault.at(path))
}

fn replaced(path: &Path, write: impl FnOnce(&mut dyn Sink) -> Result<(), Fault>) -> Result<(), Fault> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".writing-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As of any file that a program writes, less the user's mask; a temporary file would be for its owner only.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = BufWriter::new(builder.tempfile_in(folder)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The new name is in the folder, which has to reach the disk as well; not every system lets a folder be synced.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The next `N` bytes of a header.
pub(crate) fn header<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Fault::new("the file ends within its header"),
        _ => error.into(),
    })?;
    Ok(bytes)
}
