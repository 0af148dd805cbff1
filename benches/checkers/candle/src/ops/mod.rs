//! The operations to check.

mod elementwise;
mod indexing;
mod neural;
mod reductions;
mod shapes;
mod windows;

use adapters::Input;
use candle_core::{DType, Result, Tensor};

use crate::framework::text;

pub type Row = adapters::Row<Tensor>;

/// All of them.
pub fn rows() -> Vec<Row> {
    [elementwise::rows(), reductions::rows(), shapes::rows(), indexing::rows(), windows::rows(), neural::rows()]
        .into_iter()
        .flatten()
        .collect()
}

/// An operation with one case.
fn op<I: Into<Input>, const N: usize>(
    name: &str,
    inputs: [I; N],
    function: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
) -> Row {
    Row::new(name, inputs, move |x| function(x).map_err(text))
}

/// Another case of it.
fn case<I: Into<Input>, const N: usize>(
    row: Row,
    label: &str,
    inputs: [I; N],
    function: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
) -> Row {
    row.case(label, inputs, move |x| function(x).map_err(text))
}

/// An operation that has no `f64`.
fn single<const N: usize>(
    name: &str,
    inputs: [Input; N],
    function: impl Fn(&[Tensor]) -> Result<Tensor> + 'static,
) -> Row {
    let cast = move |x: &[Tensor]| {
        let x: Vec<Tensor> = x.iter().map(|x| x.to_dtype(DType::F32)).collect::<Result<_>>()?;
        function(&x)?.to_dtype(DType::F64)
    };
    op(name, inputs, cast).single()
}

/// Indices below `extent`, some repeated: (7 k + 3) mod `extent`.
fn indices(shape: &[usize], extent: usize) -> Result<Tensor> {
    let size: usize = shape.iter().product();
    let all: Vec<u32> = (0..size).map(|k| ((7 * k + 3) % extent.max(1)) as u32).collect();
    Tensor::from_vec(all, shape, &candle_core::Device::Cpu)
}
