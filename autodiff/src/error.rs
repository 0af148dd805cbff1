//! The error type, and what a shape rule returns.

use std::panic::Location;
use std::path::PathBuf;

use crate::array::Shape;

/// The error type of the crate. Messages name the operation, the shapes, the parameters and the caller's line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A mistake made while recording: incompatible shapes, an index out of range, values of two tapes in one operation.
    #[error("{op}: {reason}{} at {location}", suffix(inputs))]
    Operation {
        /// The operation.
        op: &'static str,
        /// What is wrong, and what would have been right.
        reason: String,
        /// The inputs' shapes, each with its name if it has one.
        inputs: String,
        /// The caller's line.
        location: &'static Location<'static>,
    },
    /// The number of values differs from the size of the shape.
    #[error("tensor: shape {shape} holds {} values, {found} given", capacity(shape))]
    Data {
        /// The requested shape.
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
    /// A value or gradient is infinite or NaN; names the first operation, in the order of computation, that made it so.
    #[error("{what} first produced {value} in {pass} at {location}, element {element}{}", suffix(inputs))]
    NotFinite {
        /// The operation or leaf; in backward, the operation whose pullback produced the number.
        what: String,
        /// `forward` or `backward`.
        pass: &'static str,
        /// The number.
        value: String,
        /// Its multi-index; in backward also the value whose gradient it belongs to: `[1] of the gradient of [3] (x)`.
        element: String,
        /// Shapes, names and value ranges of the inputs; in backward also of output and cotangent.
        inputs: String,
        /// The caller's line.
        location: &'static Location<'static>,
    },
    /// What another engine, or a black box, says of a run that the gradient checker asked for.
    #[error("{name}: {reason}")]
    Engine {
        /// The engine's operation.
        name: String,
        /// The engine's message.
        reason: String,
    },
    /// The requested gradient does not exist.
    #[error("gradient of {of}: {reason}")]
    NoGradient {
        /// Description of the value.
        of: String,
        /// Why it does not exist, and what to do.
        reason: String,
    },
    /// A mistake in the parameters: a name registered twice, an unknown name, a wrong shape.
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
        /// The call that failed.
        what: &'static str,
        /// What does not match.
        reason: String,
    },
    /// No backward pass has filled the gradients.
    #[error("gradients: {reason}")]
    NotFilled {
        /// What is missing, and what to call.
        reason: &'static str,
    },
    /// Invalid data passed by the user: samples without labels, a batch of the wrong shape.
    #[error("{what}: {reason}")]
    InvalidInput {
        /// What the data is for.
        what: &'static str,
        /// What is wrong, and what would have been right.
        reason: String,
    },
    /// A user's function panicked during a gradient check.
    #[error("gradient check: {0}")]
    Panicked(String),
    /// Training cannot continue: the loss is infinite or NaN, or the run has no steps.
    #[error("training: {0}")]
    Training(String),
    /// A thread could not be started, or has stopped.
    #[error("{what}: {reason}")]
    Thread {
        /// What the thread is for.
        what: &'static str,
        /// The operating system's message.
        reason: String,
    },
    /// A file cannot be read or written, or has invalid contents.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would have been right.
        reason: String,
    },
    /// The inputs of a replay differ from those declared, or an output or input that was not declared is requested.
    #[error("replay: {0}")]
    Replay(String),
    /// Out of memory.
    #[error("{what}: out of memory ({} asked for)", bytes.map_or("too much".into(), |bytes| format!("{bytes} bytes")))]
    Memory {
        /// What the memory is for.
        what: String,
        /// Number of bytes; `None` if it exceeds `usize`.
        bytes: Option<usize>,
    },
    /// A setting is outside its valid range.
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

/// Why an operation rejects its inputs; the tape adds the operation, the shapes, the names and the caller's line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Mismatch {
    pub(crate) reason: String,
    /// The error that it is, of an operation inside of the one that is refused.
    pub(crate) inside: Option<Box<Error>>,
}

impl Mismatch {
    /// A mismatch with this reason, in a few words: "inner dimensions differ".
    pub fn new(reason: impl Into<String>) -> Self {
        Mismatch { reason: reason.into(), inside: None }
    }

    /// The refusal of an operation inside of the one that is refused.
    pub(crate) fn inside(error: Error) -> Self {
        Mismatch { reason: error.to_string(), inside: Some(Box::new(error)) }
    }
}
