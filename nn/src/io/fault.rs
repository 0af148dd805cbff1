//! Errors of a file, before its path is known.

use std::borrow::Cow;
use std::error;
use std::fs::FileType;
use std::io::{ErrorKind, Read};
use std::path::Path;

use autodiff::Error;

/// The reason of an error of a file. Its path is added by [`Fault::at`].
#[derive(Debug)]
pub(crate) struct Fault(String);

impl Fault {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Fault(reason.into())
    }

    /// The same reason, for a part of the file.
    pub(crate) fn within(self, part: &str) -> Self {
        Fault(format!("{}: {}", shortened(part, NAME), self.0))
    }

    /// The error of the file at `path`.
    pub(crate) fn at(self, path: &Path) -> Error {
        // Libraries quote invalid text, however long it is.
        Error::File { path: path.into(), reason: shortened(&self.0, REASON).into_owned() }
    }
}

impl<E: error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Fault(error.to_string())
    }
}

/// The most characters of a name or a cell that a message quotes.
pub(crate) const NAME: usize = 60;
/// The most characters of a whole message.
const REASON: usize = 4000;
/// The most names that a message lists.
const LISTED: usize = 20;

/// `text`, or, if it has more than `longest` characters, the first of them and its length.
pub(crate) fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        None => text.into(),
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()).into(),
    }
}

/// A list of names, each shortened, and of many only the first.
pub(crate) fn listed<'a>(mut names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let first: Vec<_> = names.by_ref().take(LISTED).map(|name| shortened(name, NAME)).collect();
    let more = if names.len() > 0 { format!(" and {} more", names.len()) } else { String::new() };
    first.join(", ") + &more
}

/// The kind of a file that is not regular.
pub(super) fn kind(file: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if file.is_fifo() {
            return "a FIFO";
        } else if file.is_socket() {
            return "a socket";
        } else if file.is_char_device() || file.is_block_device() {
            return "a device";
        }
    }
    if file.is_dir() { "a folder" } else { "something else" }
}

/// Reads the next `N` bytes of a header.
pub(crate) fn header<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Fault> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => Fault::new("the file ends within its header"),
        _ => error.into(),
    })?;
    Ok(bytes)
}
