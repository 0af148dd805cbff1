//! The operations to check.

mod elementwise;
mod indexing;
mod neural;
mod reductions;
mod shapes;
mod windows;

use adapters::Input;
use burn_tensor::{Device, Int, Tensor, TensorData};

use crate::ranks::Row;

/// All of them.
pub fn rows() -> Vec<Row> {
    let rows = [elementwise::rows(), reductions::rows(), shapes::rows(), indexing::rows()].into_iter().flatten();
    // Flex's matrix product reads out of bounds if the contracted axis is empty.
    let products = [reductions::products(), windows::rows(), neural::rows()].into_iter().flatten().map(Row::filled);
    rows.chain(products).collect()
}

/// A row without cases.
fn row(name: &str) -> Row {
    Row { name: name.to_owned(), cases: Vec::new(), skipped: Vec::new(), epsilon: f64::EPSILON, filled: false }
}

/// Two inputs, not bounded.
fn pair(x: &[usize], y: &[usize]) -> [Input; 2] {
    [Input::new(x), Input::new(y)]
}

/// Three inputs, not bounded.
fn triple(x: &[usize], y: &[usize], z: &[usize]) -> [Input; 3] {
    [Input::new(x), Input::new(y), Input::new(z)]
}

/// Indices below `extent`, some repeated: (7 k + 3) mod `extent`.
fn indices<const D: usize>(shape: [usize; D], extent: usize, device: &Device) -> Tensor<D, Int> {
    let size: usize = shape.iter().product();
    let all: Vec<i64> = (0..size).map(|k| ((7 * k + 3) % extent.max(1)) as i64).collect();
    Tensor::from_data(TensorData::new(all, shape), device)
}
