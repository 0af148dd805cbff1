//! What can go wrong in a sweep.

use std::io;
use std::path::PathBuf;

use crate::report::ReportError;

/// Why a sweep failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that is wrong, or that goes ill with others.
    #[error("{0}")]
    Setting(String),
    /// A mistake on a tape, in data, or in a file.
    #[error(transparent)]
    Computation(#[from] autodiff::Error),
    /// A mistake in the networks of one configuration.
    #[error("{configuration}: {source}")]
    Configuration {
        /// The values in which it differs from others.
        configuration: String,
        /// The mistake.
        source: Box<Error>,
    },
    /// A file that cannot be read or written.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would have been right.
        reason: String,
    },
    /// The threads cannot be started.
    #[error("threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A table cannot be made.
    #[error("table: {0}")]
    Table(#[from] csv::Error),
    /// The report cannot be made.
    #[error("report: {0}")]
    Report(#[from] ReportError),
    /// The sweep was asked to stop.
    #[error("stopped")]
    Stopped,
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>, reason: impl ToString) -> Self {
        Error::File { path: path.into(), reason: reason.to_string() }
    }

    /// An error of the file system at this path.
    pub(crate) fn at(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::file(path, error)
    }
}
