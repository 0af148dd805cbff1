//! Files replaced as a whole or left as they were.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use autodiff::Error;
use tempfile::NamedTempFile;

use super::fault::{Fault, kind};

/// Replaces a file as a whole: `write` writes a temporary file in the same folder, which is synced and then renamed. If
/// anything fails on the way, the old file stays as it was.
///
/// The file keeps its permissions; a new file gets the process's default permissions. A symbolic link stays, and the
/// file that it leads to is replaced. Temporary files of the same path that a killed process left behind are removed;
/// those of processes that are still writing, which hold a lock, are kept.
///
/// # Errors
/// An error of `write`; a folder or a disk that takes no file; a path to something else than a regular file: a folder, a
/// device, a FIFO.
pub fn replace(path: &Path, write: impl FnOnce(&mut dyn Sink) -> io::Result<()>) -> Result<(), Error> {
    staged(path, |file| Ok(write(file)?)).and_then(Staged::commit).map_err(|fault| fault.at(path))
}

/// Replaces several files, each by what its function writes, as [`replace`] does: all of them, or, with an error that names
/// the file that failed, none. All temporary files are complete before the first is renamed.
///
/// # Errors
/// As [`replace`].
pub fn replace_all<P, W>(files: impl IntoIterator<Item = (P, W)>) -> Result<(), Error>
where
    P: AsRef<Path>,
    W: FnOnce(&mut dyn Sink) -> io::Result<()>,
{
    let mut new = Vec::new();
    for (path, write) in files {
        let file = staged(path.as_ref(), |file| Ok(write(file)?)).map_err(|fault| fault.at(path.as_ref()))?;
        new.push((path, file));
    }
    let mut replaced = Vec::with_capacity(new.len());
    for (path, file) in new {
        let result = copy(path.as_ref()).and_then(|old| file.commit().map(|()| old));
        match result {
            Ok(old) => replaced.push((path, old)),
            Err(fault) => {
                replaced.into_iter().for_each(|(path, old)| restore(path.as_ref(), old));
                return Err(fault.at(path.as_ref()));
            }
        }
    }
    Ok(())
}

/// A destination of bytes; zip archives need to seek.
pub trait Sink: Write + Seek {}

impl<W: Write + Seek> Sink for W {}

/// As [`replace`], for writers with faults of their own.
pub(crate) fn write(path: &Path, write: impl FnOnce(&mut dyn Sink) -> Result<(), Fault>) -> Result<(), Error> {
    staged(path, write).and_then(Staged::commit).map_err(|fault| fault.at(path))
}

/// A file that is complete on disk, beside the one that it replaces.
struct Staged {
    file: NamedTempFile,
    target: PathBuf,
}

fn staged(path: &Path, write: impl FnOnce(&mut dyn Sink) -> Result<(), Fault>) -> Result<Staged, Fault> {
    let permissions = permissions(path)?;
    let target = followed(path)?;
    let name = target.file_name().ok_or_else(|| Fault::new("names no file"))?;
    let (folder, prefix) = (folder(&target), prefix(&name.to_string_lossy()));
    remove_stale(folder, &prefix);
    let mut file = BufWriter::new(locked(folder, &prefix)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    Ok(Staged { file, target })
}

impl Staged {
    fn commit(self) -> Result<(), Fault> {
        self.file.persist(&self.target)?;
        // The new name is in the folder, which has to reach the disk as well; not every system can sync a folder.
        if let Ok(folder) = File::open(folder(&self.target)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|&folder| folder != Path::new("")).unwrap_or(Path::new("."))
}

/// A copy of the file at this path, if there is one, with which it can be replaced.
fn copy(path: &Path) -> Result<Option<Staged>, Fault> {
    match fs::read(path) {
        Ok(content) => staged(path, |file| Ok(file.write_all(&content)?)).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Puts the old file back. An error here is not reported: the one that led here is.
fn restore(path: &Path, old: Option<Staged>) {
    let _ = match old {
        Some(file) => file.commit(),
        None => fs::remove_file(path).map_err(Fault::from),
    };
}

/// The permissions of the file at this path, if there is one.
fn permissions(path: &Path) -> Result<Option<Permissions>, Fault> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found.permissions())),
        Ok(found) => Err(Fault::new(format!("is {}: only regular files are written", kind(found.file_type())))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The number of symbolic links that Linux follows.
const LINKS: usize = 40;

/// The path that symbolic links lead to, whether or not there is a file.
fn followed(path: &Path) -> Result<PathBuf, Fault> {
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = target.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(Fault::new(format!("more than {LINKS} symbolic links")))
}

/// Bytes of a file's name that its temporary file takes over; file systems allow 255 in all.
const NAME: usize = 200;
/// Random characters at the end of a temporary name.
const RANDOM: usize = 6;

/// The prefix of the temporary files for `name`.
fn prefix(name: &str) -> String {
    let end = name.char_indices().map(|(start, c)| start + c.len_utf8()).take_while(|&end| end <= NAME).last();
    format!(".writing-{}-", &name[..end.unwrap_or(0)])
}

/// A new temporary file, locked for as long as it is open.
fn locked(folder: &Path, prefix: &str) -> Result<NamedTempFile, Fault> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The default of any new file, less the umask; a temporary file is otherwise readable by its owner only.
        builder.permissions(Permissions::from_mode(0o666));
    }
    // Before the file is locked, another process may take it for stale and remove it; then a new one is made.
    for _ in 0..16 {
        let file = builder.tempfile_in(folder)?;
        // On a file system without locks no file can be locked, and none is removed as stale.
        if !matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock)) && file.path().exists() {
            return Ok(file);
        }
    }
    Err(Fault::new("its temporary files are removed as soon as they are created"))
}

/// Removes the temporary files of processes that have ended: those without a lock. A file that cannot be removed stays.
fn remove_stale(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.len() == prefix.len() + RANDOM && name.starts_with(prefix));
        if ours
            && entry.file_type().is_ok_and(|found| found.is_file())
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}
