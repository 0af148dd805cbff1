//! What the Rust contestants share: the driver's commands, the data they start from, and the clock.
//!
//! A contestant is a program that calls [`serve`] with a function that prepares one training step. Everything else, which
//! workloads there are, who takes turns with whom and what is written down, is the driver's.

mod data;
mod memory;
mod serve;
mod workload;

pub use data::{Array, Data};
pub use serve::{Request, Step, Unsupported, serve};
pub use workload::{
    Activation, Convolution, ConvolutionalBlock, Dense, Libor, RESNET, ResidualDense, Workload, resnet_blocks,
};
