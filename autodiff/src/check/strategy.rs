//! Proptest strategies for shapes and tensors, to check your own operations.

use std::ops::{Range, RangeInclusive};

use proptest::collection::vec;
use proptest::strategy::Strategy;

use crate::array::{Shape, Tensor};

/// Shapes with a rank in `axes` and extents in `extents`; they shrink to fewer axes and smaller extents.
///
/// ```
/// use autodiff::check::strategy::{shapes, tensors};
/// use autodiff::{check, ops::Softmax};
/// use proptest::prelude::*;
///
/// proptest!(|(x in shapes(1..=3, 0..=4).prop_flat_map(|shape| tensors(shape, -2.0..2.0)))| {
///     check::op(&Softmax { axis: 0 }, [x]).unwrap().assert();
/// });
/// ```
pub fn shapes(axes: RangeInclusive<usize>, extents: RangeInclusive<usize>) -> impl Strategy<Value = Shape> {
    vec(extents, axes).prop_map(|extents| Shape::new(&extents))
}

/// Tensors of this shape with values in this range.
pub fn tensors(shape: impl Into<Shape>, values: Range<f64>) -> impl Strategy<Value = Tensor<f64>> {
    let shape = shape.into();
    vec(values, shape.size()).prop_map(move |values| Tensor::from_fn(&shape, |k| values[k]))
}
