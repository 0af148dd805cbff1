//! Products of vectors, matrices and batches of matrices, with broadcasting.
//!
//! GEMM takes strides, so transposed inputs are not copied. It accumulates directly into the inputs' gradients; a batch axis
//! of stride 0 sums over the batch.

use super::prelude::*;
use crate::array::{Layout, View, ViewMut};
use crate::kernel::multiply_views;

/// Matrix product: `[.., m, k] × [.., k, n]` gives `[.., m, n]`, with broadcast batch axes. A vector on the left is a row, on
/// the right a column; that axis is removed from the result. A third input, which broadcasts to the result, is added to it.
#[derive(Clone, Copy, Debug)]
pub struct Matmul {}

/// The inputs and the output as batches of matrices: layouts of equal rank with equal batch axes.
struct Batched {
    left: Layout,
    right: Layout,
    product: Layout,
}

impl Batched {
    fn new(left: &Layout, right: &Layout) -> Result<Self, Mismatch> {
        let row = if left.shape().rank() == 1 { left.unsqueeze(0)? } else { left.clone() };
        let column = if right.shape().rank() == 1 { right.unsqueeze(1)? } else { right.clone() };
        let [left, right, product] = batched(row.shape(), column.shape())?;
        // One matrix on the right: all rows of the left are those of one matrix, where they are evenly spaced.
        if let (&[.., inner], &[_, columns]) = (&left[..], &column.shape()[..])
            && left.rank() > 2
            && let rows = left.size().checked_div(inner).unwrap_or(0)
            && let Ok(Some(left)) = row.reshape(&Shape::new(&[rows, inner]))
        {
            return Ok(Batched { left, right: column, product: Layout::dense(Shape::new(&[rows, columns])) });
        }
        Ok(Batched {
            left: row.broadcast_to(&left)?,
            right: column.broadcast_to(&right)?,
            product: Layout::dense(product),
        })
    }
}

/// The shapes of two batches of matrices, with broadcast batch axes, and of their product.
fn batched(left: &Shape, right: &Shape) -> Result<[Shape; 3], Mismatch> {
    if left.rank() == 0 || right.rank() == 0 {
        return Err(Mismatch::new("a scalar has no matrix product; use *"));
    }
    let row = if left.rank() == 1 { left.insert(0, 1) } else { left.clone() };
    let column = if right.rank() == 1 { right.insert(1, 1) } else { right.clone() };
    let ((batch_left, [m, k]), (batch_right, [inner, n])) = (split(&row), split(&column));
    if k != inner {
        return Err(Mismatch::new("inner dimensions differ"));
    }
    let batch = batch_left.broadcast(&batch_right);
    let batch = batch.ok_or_else(|| Mismatch::new("batch dimensions do not broadcast"))?;
    let full = |matrix: [usize; 2]| batch.iter().copied().chain(matrix).collect::<Shape>();
    let shapes = [full([m, k]), full([k, n]), full([m, n])];
    match shapes.iter().find(|shape| shape.checked_size().is_none()) {
        Some(shape) => Err(Mismatch::new(format!("{shape} has more elements than can be counted"))),
        None => Ok(shapes),
    }
}

/// The shape of a product without the axes added to vectors.
fn without_vectors(product: &Shape, left: &Shape, right: &Shape) -> Shape {
    let mut shape = product.clone();
    if right.rank() == 1 {
        shape = shape.without(shape.rank() - 1);
    }
    if left.rank() == 1 {
        let row = shape.rank() - if right.rank() == 1 { 1 } else { 2 };
        shape = shape.without(row);
    }
    shape
}

fn split(shape: &Shape) -> (Shape, [usize; 2]) {
    let first = shape.rank() - 2;
    (Shape::new(&shape[..first]), [shape[first], shape[first + 1]])
}

/// The offset of each matrix of a batch, relative to the first.
fn starts(layout: &Layout) -> impl Iterator<Item = usize> {
    let batch = layout.shape().rank() - 2;
    let first = layout.offset();
    let of_batch = (batch..batch + 2).try_fold(layout.clone(), |l, axis| l.narrow(axis, 0, 1.min(l.shape()[axis]), 1));
    of_batch.ok().into_iter().flat_map(|layout| layout.offsets()).map(move |offset| offset - first)
}

/// `c += a·b` (or `c = a·b`) for every matrix of the batch.
fn products<T: Real>(a: View<'_, T>, b: View<'_, T>, mut c: ViewMut<'_, T>, accumulate: bool) {
    let accumulate = accumulate && !c.claim();
    let matrices = starts(a.layout()).zip(starts(b.layout())).zip(starts(c.layout()));
    for ((a_start, b_start), c_start) in matrices {
        multiply_views(a.matrix(a_start), b.matrix(b_start), c.matrix(c_start), accumulate);
    }
}

impl<T: Real> Op<T> for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let (x, y, addend) = match *inputs {
            [x, y] => (x, y, None),
            [x, y, addend] => (x, y, Some(addend)),
            _ => {
                return Err(Mismatch::new(format!("takes two matrices and perhaps an addend; {} given", inputs.len())));
            }
        };
        let [_, _, product] = batched(x, y)?;
        let shape = without_vectors(&product, x, y);
        match addend {
            Some(addend) if shape.broadcast(addend).as_ref() != Some(&shape) => {
                Err(Mismatch::new(format!("the addend does not broadcast to the product's shape {shape}")))
            }
            _ => Ok(shape),
        }
    }
    fn reads(&self) -> Reads {
        Reads::inputs([0, 1])
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let (x, y) = (inputs.view(0), inputs.view(1));
        let Ok(Batched { left, right, product }) = Batched::new(x.layout(), y.layout()) else { return };
        // An addend is there first, so that the product is added while it is computed.
        let added = inputs.count() == 3;
        if added && let Ok(layout) = inputs.view(2).layout().broadcast_to(inputs.output_shape()) {
            inputs.view(2).through(&layout).copy_to(output);
        }
        if left.shape().size() == 0 || right.shape().size() == 0 {
            if !added {
                output.fill(T::ZERO); // empty sums, or an empty result
            }
            return;
        }
        products(x.through(&left), y.through(&right), ViewMut::over(output, &product), added);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (x, y) = (at.inputs.view(0), at.inputs.view(1));
        if at.inputs.count() == 3 {
            grads.broadcast(2, at.inputs.output_shape(), |grad| grad.add(cotangent));
        }
        let Ok(Batched { left, right, product }) = Batched::new(x.layout(), y.layout()) else { return };
        if [&left, &right].iter().any(|layout| layout.shape().size() == 0) {
            return;
        }
        let rank = product.shape().rank();
        let transposed = |layout: &Layout| layout.transpose(rank - 2, rank - 1);
        let (Ok(left_t), Ok(right_t)) = (transposed(&left), transposed(&right)) else { return };
        let cotangent = View::over(cotangent, &product);
        if let Some(mut grad) = grads.view(0) {
            products(cotangent, y.through(&right_t), grad.through(&left), true);
        }
        if let Some(mut grad) = grads.view(1) {
            products(x.through(&left_t), cotangent, grad.through(&right), true);
        }
    }
}

/// # Matrix products
impl<'t, T: Real> Var<'t, T> {
    /// Matrix product: `[.., m, k] × [.., k, n]` gives `[.., m, n]`; batch axes broadcast. A vector on the left is a row, on
    /// the right a column; that axis is removed from the result.
    #[track_caller]
    #[must_use]
    pub fn matmul(self, other: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Matmul {}, [self, other])
    }

    /// Matrix product plus an addend that broadcasts to its shape, such as a bias: [`Var::matmul`] and an addition in one
    /// operation.
    #[track_caller]
    #[must_use]
    pub fn matmul_add(self, other: Var<'t, T>, addend: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Matmul {}, [self, other, addend])
    }

    /// Outer product of two vectors: `[m]` and `[n]` give `[m, n]`.
    #[track_caller]
    #[must_use]
    pub fn outer(self, other: Var<'t, T>) -> Var<'t, T> {
        self.unsqueeze(1) * other.unsqueeze(0)
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry { name: "matmul", draw }];

#[cfg(feature = "catalogue")]
fn draw(choices: &mut Choices<'_>) -> Case {
    let (m, k, n) = (choices.extent(), choices.extent(), choices.extent());
    let batch = choices.shape(0, 2);
    let stack = |batch: Shape, matrix: [usize; 2]| batch.iter().copied().chain(matrix).collect::<Shape>();
    let (x, y) = match choices.below(5) {
        0 => (Shape::new(&[m, k]), Shape::new(&[k, n])),
        1 => (Shape::new(&[k]), stack(batch, [k, n])),
        2 => (stack(batch, [m, k]), Shape::new(&[k])),
        3 => (stack(batch.clone(), [m, k]), stack(choices.narrower(&batch), [k, n])),
        _ => (stack(choices.narrower(&batch), [m, k]), stack(batch, [k, n])),
    };
    let addend = batched(&x, &y).ok().filter(|_| choices.flag());
    let addend = addend.map(|[_, _, product]| choices.narrower(&without_vectors(&product, &x, &y)));
    let inputs = [x, y].into_iter().chain(addend);
    Case::new(Matmul {}, inputs.map(|shape| Domain::REAL.sample(shape)).collect::<Vec<_>>())
}
