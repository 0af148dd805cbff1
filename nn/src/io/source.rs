//! Files to read, and the memory that this may take.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use autodiff::Error;

use super::fault::{Fault, kind};

/// A file to read, with a limit on the memory that reading it may take. Every path converts into a source with the default
/// limit. Only regular files are read: a FIFO may block forever, and a device may have no end.
///
/// The limit counts the numbers of the file, decompressed, together with the same numbers in the scalar they are read
/// into: 9 bytes for each pixel that is read into `f64`. A reader holds no more. The size in the header of a file is checked
/// before anything is read; a file without one (CSV) is read until the limit is reached.
///
/// ```no_run
/// use autodiff::Tensor;
/// use nn::{data::idx, io::Source};
///
/// let images: Tensor<f32> = idx::read("train-images-idx3-ubyte.gz")?;
/// let large: Tensor<f32> = idx::read(Source::new("emnist.idx.gz").limit(16 << 30))?;
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    path: PathBuf,
    limit: usize,
}

impl Source {
    /// The default limit, 2 GiB. The training set of CIFAR-10, the largest data set that is commonly read whole, takes 1.4 GB
    /// as `f64`.
    pub const DEFAULT_LIMIT: usize = 2 << 30;

    /// The file at `path`, with the default limit.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Source { path: path.into(), limit: Source::DEFAULT_LIMIT }
    }

    /// With this limit, in bytes.
    #[must_use]
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// Opens the file and reads it by `read`, which takes the limit.
    pub(crate) fn read<R>(
        self,
        read: impl FnOnce(BufReader<File>, MemoryLimit) -> Result<R, Fault>,
    ) -> Result<R, Error> {
        let limit = MemoryLimit { limit: self.limit, held: 0 };
        open(&self.path).and_then(|file| read(file, limit)).map_err(|fault| fault.at(&self.path))
    }
}

impl<P: AsRef<Path>> From<P> for Source {
    fn from(path: P) -> Self {
        Source::new(path.as_ref())
    }
}

/// Opens a regular file. Opening a FIFO waits for a writer, and a device may never end.
fn open(path: &Path) -> Result<BufReader<File>, Fault> {
    let found = fs::metadata(path)?.file_type();
    if !found.is_file() {
        return Err(Fault::new(format!("is {}: only regular files are read", kind(found))));
    }
    Ok(BufReader::new(File::open(path)?))
}

/// The memory that the numbers of a file may take, and that they already take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemoryLimit {
    limit: usize,
    held: usize,
}

impl MemoryLimit {
    /// For numbers whose count is known, such as those of a parameter.
    pub(crate) const UNLIMITED: MemoryLimit = MemoryLimit { limit: usize::MAX, held: 0 };

    #[cfg(test)]
    pub(crate) fn new(limit: usize) -> Self {
        MemoryLimit { limit, held: 0 }
    }

    /// The bytes that are left.
    pub(crate) fn left(self) -> usize {
        self.limit.saturating_sub(self.held)
    }

    /// The same limit with `bytes` more taken.
    pub(crate) fn holding(self, bytes: usize) -> Self {
        MemoryLimit { held: self.held.saturating_add(bytes), ..self }
    }

    /// An error if `count` numbers do not fit, of `width` bytes each, in the file and in memory together.
    pub(crate) fn check(self, count: usize, width: usize) -> Result<(), Fault> {
        if count.saturating_mul(width) <= self.left() {
            return Ok(());
        }
        let mebibytes = |bytes: u128| bytes.div_ceil(1 << 20);
        let wanted = mebibytes(count as u128 * width as u128 + self.held as u128);
        let limit = mebibytes(self.limit as u128);
        Err(Fault::new(format!("{wanted} MiB are needed to read it: the limit is {limit} MiB (`Source::limit`)")))
    }
}

/// A reader that fails after a number of bytes.
#[derive(Debug)]
pub(crate) struct Metered<'a, R> {
    pub(crate) inner: R,
    /// The bytes that may still be read.
    pub(crate) left: &'a Cell<usize>,
    /// What is too long if they are used up.
    pub(crate) what: &'static str,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left.get());
        if most == 0 && !buffer.is_empty() {
            let reason = format!("{} is longer than the limit allows (`Source::limit`)", self.what);
            return Err(io::Error::other(reason));
        }
        let found = self.inner.read(&mut buffer[..most])?;
        self.left.set(self.left.get() - found);
        Ok(found)
    }
}

impl<R: Seek> Seek for Metered<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
