//! The one error type, and what a shape rule returns.

use std::panic::Location;
use std::path::PathBuf;

use crate::array::Shape;

/// Everything that can go wrong. Messages name the operation, the shapes, the names and the caller's line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mistake made while recording: shapes that do not fit, an index out of range, two tapes mixed.
    #[error("{op}: {reason}{} at {location}", suffix(inputs))]
    Operation {
        /// The operation.
        op: &'static str,
        /// What is wrong, and what would have been right.
        reason: String,
        /// The inputs' shapes, with names where they have one.
        inputs: String,
        /// Where the caller wrote it.
        location: &'static Location<'static>,
    },
    /// The data of a tensor do not fill its shape.
    #[error("tensor: shape {shape} holds {} values, {found} given", capacity(shape))]
    Data {
        /// The shape asked for.
        shape: Shape,
        /// Number of values given.
        found: usize,
    },
    /// Nested arrays whose rows have different lengths.
    #[error("tensor: rows differ in length: row 0 has {first} values, row {row} has {found}")]
    Ragged {
        /// Length of the first row.
        first: usize,
        /// The first row that differs.
        row: usize,
        /// Its length.
        found: usize,
    },
    /// What makes a value, or a gradient, infinite or NaN: the first such number in the order of computation.
    #[error("{what} first produced {value} in {pass} at {location}, element {element}{}", suffix(inputs))]
    NotFinite {
        /// The operation or leaf; in backward the operation whose pullback it is.
        what: String,
        /// `forward` or `backward`.
        pass: &'static str,
        /// The number.
        value: String,
        /// Its multi-index; in backward also whose gradient it is in: `[1] of the gradient of [3] (x)`.
        element: String,
        /// What was read: shapes, names and ranges of the inputs, in backward also of output and cotangent.
        inputs: String,
        /// Where the caller wrote it.
        location: &'static Location<'static>,
    },
    /// A gradient was asked for where there is none.
    #[error("gradient of {of}: {reason}")]
    NoGradient {
        /// The value, described.
        of: String,
        /// Why there is none, and what to do.
        reason: String,
    },
    /// A mistake in the parameters: a name used twice, an unknown name, a shape that differs.
    #[error("parameter {name}: {reason}")]
    Parameter {
        /// The full name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Parameters, gradients or optimizer state that belong to different [`Params`](crate::Params).
    #[error("{what}: {reason}")]
    ForeignParams {
        /// What was asked.
        what: &'static str,
        /// What does not belong together.
        reason: String,
    },
    /// Gradients that no backward pass has filled.
    #[error("gradients: {reason}")]
    NotFilled {
        /// What is missing, and what to call.
        reason: &'static str,
    },
    /// Data of a user that a function cannot work with: samples without labels, a batch of another shape.
    #[error("{what}: {reason}")]
    InvalidInput {
        /// What the data are for.
        what: &'static str,
        /// What is wrong, and what would have been right.
        reason: String,
    },
    /// A function of the user's that panics while it is checked.
    #[error("gradient check: {0}")]
    Panicked(String),
    /// Training that cannot go on: a loss that is infinite or NaN, a run without steps.
    #[error("training: {0}")]
    Training(String),
    /// A thread that cannot be started, or that stopped.
    #[error("{what}: {reason}")]
    Thread {
        /// What the thread is for.
        what: &'static str,
        /// What the system says.
        reason: String,
    },
    /// A file that cannot be read or written, or does not hold what it should.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would have been right.
        reason: String,
    },
    /// A replay was given inputs that the recording did not declare.
    #[error("replay: {0}")]
    Replay(String),
    /// More memory than there is.
    #[error("{what}: out of memory ({} asked for)", bytes.map_or("too much".into(), |bytes| format!("{bytes} bytes")))]
    Memory {
        /// What the memory was asked for.
        what: String,
        /// How many bytes; nothing where they are more than can be counted.
        bytes: Option<usize>,
    },
    /// A setting outside its range.
    #[error("{name} is {value}: must be {requirement}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What would have been right.
        requirement: &'static str,
    },
}

fn suffix(inputs: &str) -> String {
    if inputs.is_empty() { String::new() } else { format!(": {inputs}") }
}

fn capacity(shape: &Shape) -> String {
    shape.checked_size().map_or_else(|| "too many".into(), |size| size.to_string())
}

/// Why an operation refuses its inputs; the tape adds the operation, the shapes, the names and the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Mismatch {
    pub(crate) reason: String,
}

impl Mismatch {
    /// A refusal for this reason, in a few words: "inner dimensions differ".
    pub fn new(reason: impl Into<String>) -> Self {
        Mismatch { reason: reason.into() }
    }
}
