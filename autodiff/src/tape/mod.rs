//! The tape: nodes over one arena, eager recordings of them, replays, and the backward pass.
//!
//! - `graph`, `operations`, `append`, `deferred`: how a recording is stored and how it grows; `forward`: how a node is run.
//! - `backward`, `gradients`: the backward pass and its results.
//! - `recording`, `var`: eager computation. `program`: a computation recorded once; `replay`: one run of it; `plan`: its
//!   memory, and `unplanned`, without which diagnostics could not read it. `chain`: operations that a program computes together. `body`: a
//!   computation that is applied as an operation.
//! - `caller`: the source line that an operation is attributed to.

mod adjoints;
mod append;
mod backward;
mod body;
mod caller;
mod chain;
mod deferred;
mod detach;
mod forward;
mod gradients;
mod graph;
mod leaves;
mod operations;
mod plan;
mod program;
mod recording;
mod replay;
mod shards;
mod sums;
mod touched;
mod unplanned;
mod updates;
mod var;
mod views;

pub(crate) use crate::op::{Label, Node, Nodes, Place, Step};
pub use body::{Keep, PerSample};
pub(crate) use caller::Caller;
pub(crate) use chain::Chained;
pub(crate) use detach::Detach;
pub use gradients::Gradients;
pub(crate) use graph::Graph;
pub use program::{InputSpec, Program, input, variable};
pub(crate) use recording::POISON;
pub use recording::{Mode, Recording, Tape};
pub use replay::Replay;
pub use shards::{Alone, ProcessGroup, Shards};
pub use var::Var;
