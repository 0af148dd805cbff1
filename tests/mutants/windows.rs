//! Mistakes of convolutions and pooling: geometry of the other axis, padding, order of taps.

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor};

use crate::mutants::array_op::{Array, array_op, number};
use crate::mutants::table::{Mutant, kill, table};

/// How a kernel moves over an image: rows, columns.
#[derive(Clone, Copy, Debug)]
struct Geometry {
    stride: [usize; 2],
    dilation: [usize; 2],
    padding: [usize; 2],
}

/// Forward's geometry.
const RIGHT: Geometry = Geometry { stride: [2, 1], dilation: [1, 2], padding: [1, 0] };

impl Geometry {
    /// The extent of the output along an axis.
    fn extent(&self, axis: usize, image: usize, kernel: usize) -> Option<usize> {
        let reach = self.dilation[axis] * kernel.checked_sub(1)?;
        Some((image + 2 * self.padding[axis]).checked_sub(reach + 1)? / self.stride[axis] + 1)
    }

    /// The row or column of the image that this output meets at this tap.
    fn place(&self, axis: usize, output: usize, tap: usize, image: usize) -> Option<usize> {
        let place = (output * self.stride[axis] + tap * self.dilation[axis]).checked_sub(self.padding[axis])?;
        (place < image).then_some(place)
    }
}

/// The cross-correlation of an image and a kernel; backward goes by another geometry, or turns the kernel around.
#[derive(Clone, Copy, Debug)]
struct Convolution {
    backward: Geometry,
    turned: bool,
}

/// Calls `visit(output, place in the image, tap)` for all that meet.
fn walk(by: Geometry, image: &Shape, kernel: &Shape, output: &Shape, mut visit: impl FnMut(usize, usize, usize)) {
    for o in 0..output.size() {
        for tap in 0..kernel.size() {
            let row = by.place(0, o / output[1], tap / kernel[1], image[0]);
            let column = by.place(1, o % output[1], tap % kernel[1], image[1]);
            if let (Some(row), Some(column)) = (row, column) {
                visit(o, row * image[1] + column, tap);
            }
        }
    }
}

impl<T: Real> Op<T> for Convolution {
    fn name(&self) -> &'static str {
        "convolution"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x, w] = expect_inputs(inputs)?;
        let extent = |axis: usize| RIGHT.extent(axis, x[axis], w[axis]);
        match (x.rank(), w.rank()) {
            (2, 2) => extent(0).zip(extent(1)).map(|(rows, columns)| [rows, columns].into()),
            _ => None,
        }
        .ok_or_else(|| Mismatch::new("an image and a smaller kernel"))
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let [x, w] = Array::all(inputs);
        output.fill(T::ZERO);
        walk(RIGHT, &x.shape, &w.shape, inputs.output_shape(), |o, p, tap| output[o] += x.data[p] * w.data[tap]);
    }
    fn backward(&self, at: Frame<'_, T>, g: &[T], grads: &mut InputGrads<'_, T>) {
        let [x, w] = Array::<T>::all(at.inputs);
        let (mut of_x, mut of_w) = (vec![T::ZERO; x.data.len()], vec![T::ZERO; w.data.len()]);
        let taps = w.data.len();
        walk(self.backward, &x.shape, &w.shape, at.inputs.output_shape(), |o, p, tap| {
            of_x[p] += g[o] * w.data[if self.turned { taps - 1 - tap } else { tap }];
            of_w[tap] += g[o] * x.data[p];
        });
        for (input, terms) in [of_x, of_w].iter().enumerate() {
            if let Some(grad) = grads.view(input) {
                grad.add(terms);
            }
        }
    }
}

/// The three neighbors of `k` that exist, as a range.
fn neighbors(k: usize, count: usize) -> std::ops::Range<usize> {
    k.saturating_sub(1)..(k + 2).min(count)
}

fn vector(x: &Shape) -> Option<Shape> {
    (x.rank() == 1).then(|| x.clone())
}

array_op! { EdgeCount, |x| vector(x),
    (0..x.data.len()).map(|k| {
        let window = neighbors(k, x.data.len());
        x.data[window.clone()].iter().copied().sum::<T>() / number(window.len() as f64)
    }).collect(),
    |g, z| [(0..g.len()).map(|k| g[neighbors(k, g.len())].iter().copied().sum::<T>() / number(3.0)).collect()]
}
array_op! { FirstOfWindow, |x| vector(x).filter(|x| x[0].is_multiple_of(2)).map(|x| [x[0] / 2].into()),
    x.data.chunks(2).map(|pair| pair[0].maximum(pair[1])).collect(),
    |g, z| [g.iter().flat_map(|&g| [g, T::ZERO]).collect()]
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let image = || Tensor::from_fn([5, 6], |k| ((k * 7) % 11) as f64 / 5.0 - 0.9);
    let kernel = || Tensor::from([[0.7, -0.3, 1.1], [1.2, 0.9, -0.4]]);
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let convolution = |backward| Convolution { backward, turned: false };
    let misplaced = || Some(Diagnosis::Misplaced);
    table! {
        "league":
        "stride of the other axis": convolution(Geometry { stride: [1, 2], ..RIGHT }), [image(), kernel()], Some(Diagnosis::OtherStride);
        "dilation of the other axis": convolution(Geometry { dilation: [2, 1], ..RIGHT }), [image(), kernel()], Some(Diagnosis::OtherDilation);
        "padding forgotten": convolution(Geometry { padding: [0, 0], ..RIGHT }), [image(), kernel()], misplaced();
        "kernel turned around": Convolution { backward: RIGHT, turned: true }, [image(), kernel()], misplaced();
        "windows at the edge": EdgeCount, [x()], None;
        "first of the window for the largest": FirstOfWindow, [x()], misplaced();
    }
}

#[test]
fn mistakes_of_windows_are_found() {
    kill("mistakes of windows", mutants());
}
