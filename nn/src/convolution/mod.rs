//! Convolution, its transpose, and pooling, over one axis or several behind `[samples, channels, ..]`.

mod conv;
mod padding;
mod pool;
mod transposed;

pub use conv::{Conv, Conv1d, Conv2d, ConvSettings};
pub use padding::Padding;
pub use pool::{AdaptivePool, GlobalPool, Pool, Pooling};
pub use transposed::{ConvTranspose, ConvTranspose1d, ConvTranspose2d, TransposedSettings};

/// One number for each of the two axes that the operations work on; with one axis, `outer` stands for the other.
fn two<const N: usize, V: Copy>(values: [V; N], outer: V) -> [V; 2] {
    match values[..] {
        [first, second] => [first, second],
        [only] => [outer, only],
        _ => [outer; 2],
    }
}

#[cfg(test)]
mod tests;
