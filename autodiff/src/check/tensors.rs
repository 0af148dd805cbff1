//! Tensors of plain numbers and of duals, as the checker computes with them and shows them.

use rand::RngExt;
use rand::rngs::StdRng;

use super::subject::D;
use crate::array::{Shape, Tensor};
use crate::scalar::Dual;

pub(super) fn values(tensor: &Tensor<D>) -> Tensor<f64> {
    Tensor::from_fn(tensor.shape(), |k| tensor.data()[k].value)
}

pub(super) fn tangents(tensor: &Tensor<D>) -> Tensor<f64> {
    Tensor::from_fn(tensor.shape(), |k| tensor.data()[k].tangent)
}

pub(super) fn dot(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).map(|(a, b)| a * b).sum()
}

/// The sum of absolute products, to which rounding errors of [`dot`] are relative.
pub(super) fn scale(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).map(|(a, b)| (a * b).abs()).sum()
}

pub(super) fn moved(inputs: &[Tensor<f64>], directions: &[Tensor<f64>], step: f64) -> Vec<Tensor<f64>> {
    let moved = |(x, v): (&Tensor<f64>, &Tensor<f64>)| {
        Tensor::from_fn(x.shape(), |k| x.data()[k] + if v.data()[k] == 0.0 { 0.0 } else { step * v.data()[k] })
    };
    inputs.iter().zip(directions).map(moved).collect()
}

pub(super) fn shapes(inputs: &[Tensor<f64>]) -> String {
    inputs.iter().map(|x| x.shape().to_string()).collect::<Vec<_>>().join(", ")
}

/// The tensor as Rust code, unless it is too long.
pub(super) fn code(tensor: &Tensor<f64>) -> String {
    const LONGEST: usize = 64;
    match (tensor.shape().rank(), tensor.data().len()) {
        (_, size) if size > LONGEST => format!("/* {} */", tensor.shape()),
        (1, _) => format!("{:?}.into()", tensor.data()),
        _ => format!("Tensor::new({}, vec!{:?})?", tensor.shape(), tensor.data()),
    }
}

pub(super) fn random_tensor(shape: &Shape, random: &mut StdRng) -> Tensor<f64> {
    Tensor::from_fn(shape, |_| {
        let size: f64 = random.random_range(0.3..1.3);
        if random.random() { size } else { -size }
    })
}

pub(super) fn seeded(inputs: &[Tensor<f64>], directions: Option<&[Tensor<f64>]>) -> Vec<Tensor<D>> {
    match directions {
        None => inputs.iter().map(Tensor::cast).collect(),
        Some(directions) => {
            let one = |(x, v): (&Tensor<f64>, &Tensor<f64>)| {
                Tensor::from_fn(x.shape(), |k| Dual::new(x.data()[k], v.data()[k]))
            };
            inputs.iter().zip(directions).map(one).collect()
        }
    }
}

/// Whether all elements are finite.
pub(super) fn is_finite(tensor: &Tensor<f64>) -> bool {
    tensor.data().iter().all(|x| x.is_finite())
}

/// Whether no element is NaN.
pub(super) fn no_nan(tensor: &Tensor<f64>) -> bool {
    tensor.data().iter().all(|x| !x.is_nan())
}

/// The largest finite absolute value of several tensors.
pub(super) fn largest_entry(tensors: &[Tensor<f64>]) -> f64 {
    tensors.iter().flat_map(Tensor::data).map(|g| g.abs()).filter(|g| g.is_finite()).fold(0.0, f64::max)
}

/// Fixed unstructured numbers between 0.5 and 1.5: a direction of nonzero, unequal tangents.
pub(super) fn unstructured(shape: &Shape) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| 0.5 + ((k * 37 + 11) % 23) as f64 / 23.0)
}

/// One at element `k`, zero elsewhere.
pub(super) fn one_hot(shape: &Shape, k: usize) -> Tensor<f64> {
    Tensor::from_fn(shape, |other| if other == k { 1.0 } else { 0.0 })
}

/// The values in reverse order.
pub(super) fn reversed(x: &Tensor<f64>) -> Tensor<f64> {
    Tensor::from_fn(x.shape(), |k| x.data()[x.data().len() - 1 - k])
}

/// The values in order, again and again, in another shape.
pub(super) fn repeated(x: &Tensor<f64>, shape: impl Into<Shape>) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| x.data()[k % x.data().len().max(1)])
}
