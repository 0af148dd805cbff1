//! Convolution, its transpose, and pooling, over one axis or two after `[samples, channels, ..]`.

mod adaptive;
mod conv;
mod padding;
mod pool;
mod transposed;
mod window;

pub use adaptive::{AdaptivePool, GlobalPool};
pub use conv::{Conv, Conv1d, Conv2d, ConvSettings, conv1d, conv2d};
pub use padding::Padding;
pub use pool::{Pool, Pooling};
pub use transposed::{
    ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTransposeSettings, conv_transpose1d, conv_transpose2d,
};

#[cfg(test)]
mod tests;
