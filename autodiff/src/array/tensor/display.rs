//! Tensors as text, in numpy's format.

use std::fmt;

use super::Tensor;
use crate::scalar::Real;

/// The highest rank that is printed, as in numpy; a tensor of higher rank is described.
const AXES: usize = 64;
/// In a tensor with more than [`WHOLE`] values, only this many elements are printed at either end of an axis.
const EDGE: usize = 3;
const WHOLE: usize = 1000;

impl<T: Real> fmt::Display for Tensor<T> {
    /// numpy's format: nested brackets, aligned columns, `...` for elided elements, `[]` for no values. A precision (`{:.3}`)
    /// applies to every value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision();
        self.write(f, |value| match precision {
            Some(digits) => format!("{value:.digits$}"),
            None => value.to_string(),
        })
    }
}

impl<T: Real> fmt::LowerExp for Tensor<T> {
    /// As [`Display`](fmt::Display), every value with an exponent (`{:e}`, `{:.2e}`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let precision = f.precision();
        self.write(f, |value| match precision {
            Some(digits) => format!("{value:.digits$e}"),
            None => format!("{value:e}"),
        })
    }
}

impl<T: Real> Tensor<T> {
    fn write(&self, f: &mut fmt::Formatter<'_>, shown: impl Fn(T) -> String) -> fmt::Result {
        if self.data.is_empty() {
            return f.write_str("[]");
        }
        if self.shape.rank() > AXES {
            return write!(f, "[{} values over {} axes]", self.data.len(), self.shape.rank());
        }
        let shown = |k: usize| shown(self.data[k]);
        let elided = self.data.len() > WHOLE;
        let mut indices = Vec::new();
        visible(&self.shape, elided, 0, &mut indices);
        let width = indices.iter().map(|&k| shown(k).chars().count()).max().unwrap_or(0);
        let cell = |k: usize| format!("{:>width$}", shown(k));
        let mut text = String::new();
        write_axis(&mut text, &self.shape, elided, 0, 1, &cell);
        f.write_str(&text)
    }
}

/// The indices along an axis that are printed; `None` is the gap.
fn along(extent: usize, elided: bool) -> impl Iterator<Item = Option<usize>> {
    let gap = elided && extent > 2 * EDGE;
    let head = if gap { EDGE } else { extent };
    let tail = if gap { extent - EDGE } else { extent };
    (0..head).map(Some).chain(gap.then_some(None)).chain((tail..extent).map(Some))
}

fn visible(shape: &[usize], elided: bool, first: usize, indices: &mut Vec<usize>) {
    match shape {
        [] => indices.push(first),
        [extent, inner @ ..] => {
            let stride: usize = inner.iter().product();
            for index in along(*extent, elided).flatten() {
                visible(inner, elided, first + index * stride, indices);
            }
        }
    }
}

fn write_axis(
    text: &mut String,
    shape: &[usize],
    elided: bool,
    first: usize,
    depth: usize,
    cell: &dyn Fn(usize) -> String,
) {
    let [extent, inner @ ..] = shape else {
        text.push_str(&cell(first));
        return;
    };
    let stride: usize = inner.iter().product();
    let separator =
        if inner.is_empty() { ", ".to_owned() } else { format!(",{}{}", "\n".repeat(inner.len()), " ".repeat(depth)) };
    text.push('[');
    for (position, index) in along(*extent, elided).enumerate() {
        if position > 0 {
            text.push_str(&separator);
        }
        match index {
            Some(index) => write_axis(text, inner, elided, first + index * stride, depth + 1, cell),
            None => text.push_str("..."),
        }
    }
    text.push(']');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Shape;

    #[test]
    fn a_small_tensor_prints_whole_with_aligned_columns() {
        let tensor: Tensor<f64> = [[1.0, -2.5], [10.0, 0.0]].into();
        assert_eq!(tensor.to_string(), "[[   1, -2.5],\n [  10,    0]]");
        assert_eq!(format!("{tensor:.1}"), "[[ 1.0, -2.5],\n [10.0,  0.0]]");
        assert_eq!(Tensor::scalar(3.0_f32).to_string(), "3");
    }

    #[test]
    fn no_values_and_many_axes_print_at_once() {
        for shape in [Shape::new(&[0, 2]), Shape::new(&[3, 0]), Shape::new(&[1 << 62, 0])] {
            assert_eq!(Tensor::<f32>::full(shape, 0.0).to_string(), "[]");
        }
        let many = Tensor::<f32>::full(Shape::new(&[1; 100_000]), 0.0);
        assert_eq!(many.to_string(), "[1 values over 100000 axes]");
    }

    #[test]
    fn a_large_tensor_prints_its_ends() {
        let tensor = Tensor::<f64>::from_fn([1001], |k| k as f64);
        assert_eq!(tensor.to_string(), "[   0,    1,    2, ...,  998,  999, 1000]");
        let cube = Tensor::<f64>::full([2, 2, 1], 1.0);
        assert_eq!(cube.to_string(), "[[[1],\n  [1]],\n\n [[1],\n  [1]]]");
    }
}
