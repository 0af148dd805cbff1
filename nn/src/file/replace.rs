//! Files replaced whole or left as they were.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, BufWriter, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use autodiff::Error;
use tempfile::NamedTempFile;

use super::{Fault, kind};

/// Writes a file so that it is there whole or not at all: into a temporary file in the same folder, which is synced and then
/// takes the place of the old one. Whatever goes wrong on the way, the old file stays.
///
/// The file keeps its permissions; a new one has those that the user's mask allows. A symbolic link stays, and the file that
/// it leads to is replaced. What a killed process left of an earlier write of the same path is removed; the temporary
/// files of processes that are still writing are not, which is told by the locks that they hold.
///
/// # Errors
/// What `write` gives; a folder or a disk that takes no file; a path at which there is no regular file but a folder, a
/// device or a FIFO.
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
    let permissions = permissions(path)?;
    let target = followed(path)?;
    let folder = match target.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let name = target.file_name().ok_or_else(|| Fault::new("names no file"))?;
    let prefix = prefix(&name.to_string_lossy());
    remove_stale(folder, &prefix);
    let mut file = BufWriter::new(locked(folder, &prefix)?);
    write(&mut file)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(&target)?;
    // The new name is in the folder, which has to reach the disk as well; not every system lets a folder be synced.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The permissions of the file that is there, if one is.
fn permissions(path: &Path) -> Result<Option<Permissions>, Fault> {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => Ok(Some(found.permissions())),
        Ok(found) => Err(Fault::new(format!("is {}: only regular files are written", kind(found.file_type())))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// As many symbolic links as Linux follows.
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

/// Bytes of a file's name in that of its temporary file, which must stay below the 255 that file systems allow.
const NAME: usize = 200;
/// Random characters at the end of a temporary name.
const RANDOM: usize = 6;

/// How the temporary files for `name` begin.
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
        // As of any file that a program writes, less the user's mask; a temporary file would be for its owner only.
        builder.permissions(Permissions::from_mode(0o666));
    }
    // Before it is locked, another process may take the file for stale. That happens once, if ever.
    for _ in 0..16 {
        let file = builder.tempfile_in(folder)?;
        // On a file system without locks nobody else has one either, and nothing is removed.
        if !matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock)) && file.path().exists() {
            return Ok(file);
        }
    }
    Err(Fault::new("its temporary files are removed as soon as they are made"))
}

/// Removes the temporary files of processes that have ended: those that nobody has locked. What cannot be removed stays.
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
