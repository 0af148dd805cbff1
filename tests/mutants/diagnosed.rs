//! Mistakes in which elements are read and where terms are summed, each to be called by its name.

use autodiff::check::Diagnosis;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor};

use crate::mutants::table::{Mutant, kill, table};

/// A sum of elements of a matrix for each element of the output.
#[derive(Clone, Copy, Debug)]
enum Sums {
    /// Running sums along axis 0; backward along the last.
    CumulativeAlongLast,
    /// Running sums along the last axis; backward along axis 0.
    CumulativeAlongFirst,
    /// Every third row and second column; backward every second row and third column.
    StrideOfOther,
    /// Four elements, three rows and two columns apart; backward two rows and three columns.
    DilationOfOther,
}

impl Sums {
    fn output(self, [rows, columns]: [usize; 2]) -> [usize; 2] {
        match self {
            Sums::StrideOfOther => [rows.div_ceil(3), columns.div_ceil(2)],
            Sums::DilationOfOther => [rows.saturating_sub(3), columns.saturating_sub(3)],
            _ => [rows, columns],
        }
    }

    /// The elements that the output at (i, j) sums; in backward, those that it is said to.
    fn terms(self, i: usize, j: usize, backward: bool) -> Vec<(usize, usize)> {
        let spread = |(down, right)| [(i, j), (i + down, j), (i, j + right), (i + down, j + right)].to_vec();
        match (self, backward) {
            (Sums::CumulativeAlongLast, false) | (Sums::CumulativeAlongFirst, true) => {
                (0..=i).map(|i| (i, j)).collect()
            }
            (Sums::CumulativeAlongLast, true) | (Sums::CumulativeAlongFirst, false) => {
                (0..=j).map(|j| (i, j)).collect()
            }
            (Sums::StrideOfOther, false) => vec![(3 * i, 2 * j)],
            (Sums::StrideOfOther, true) => vec![(2 * i, 3 * j)],
            (Sums::DilationOfOther, false) => spread((3, 2)),
            (Sums::DilationOfOther, true) => spread((2, 3)),
        }
    }
}

impl<T: Real> Op<T> for Sums {
    fn name(&self) -> &'static str {
        "sums"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x] if x.rank() == 2 => Ok(self.output([x[0], x[1]]).into()),
            _ => Err(Mismatch::new("a matrix")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x: Vec<T> = inputs.view(0).iter().collect();
        let columns = inputs.view(0).shape()[1];
        let width = inputs.output_shape()[1];
        for (k, y) in output.iter_mut().enumerate() {
            *y = self.terms(k / width, k % width, false).iter().map(|(i, j)| x[i * columns + j]).sum();
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let shape = at.inputs.view(0).shape();
        let (rows, columns, width) = (shape[0], shape[1], at.inputs.output_shape()[1]);
        let mut sums = vec![T::ZERO; rows * columns];
        for (k, &g) in cotangent.iter().enumerate() {
            for (i, j) in self.terms(k / width, k % width, true) {
                if i < rows && j < columns {
                    sums[i * columns + j] += g;
                }
            }
        }
        if let Some(grad) = grads.view(0) {
            grad.add(&sums);
        }
    }
}

/// The rows of a matrix times one row; the row's gradient is the product of sums, not the sum of products.
#[derive(Clone, Debug)]
struct SummedBeforeProduct;

impl<T: Real> Op<T> for SummedBeforeProduct {
    fn name(&self) -> &'static str {
        "summed_before_product"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        match expect_inputs(inputs)? {
            [x, row] if x.rank() == 2 && row.rank() == 1 && x[1] == row[0] => Ok(x.clone()),
            _ => Err(Mismatch::new("a matrix and a row")),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let row: Vec<T> = inputs.view(1).iter().collect();
        for (k, (y, x)) in output.iter_mut().zip(inputs.view(0).iter()).enumerate() {
            *y = x * row[k % row.len()];
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (x, row): (Vec<T>, Vec<T>) = (at.inputs.view(0).iter().collect(), at.inputs.view(1).iter().collect());
        let width = row.len();
        if let Some(grad) = grads.view(0) {
            grad.add(&cotangent.iter().enumerate().map(|(k, &g)| g * row[k % width]).collect::<Vec<T>>());
        }
        let sum = |values: &[T], column: usize| values.iter().skip(column).step_by(width).copied().sum::<T>();
        if let Some(grad) = grads.view(1) {
            grad.add(&(0..width).map(|j| sum(cotangent, j) * sum(&x, j)).collect::<Vec<T>>());
        }
    }
}

/// Exponentials of plain numbers, of which dual numbers see nothing, and no gradient either.
#[derive(Clone, Debug)]
struct ThroughPlainNumbers;

impl<T: Real> Op<T> for ThroughPlainNumbers {
    fn name(&self) -> &'static str {
        "through_plain_numbers"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).iter().zip(output).for_each(|(x, y)| *y = T::from_f64(x.to_f64().exp()));
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            grad.add(&vec![T::ZERO; cotangent.len()]);
        }
    }
}

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let matrix =
        |rows: usize, columns: usize| Tensor::from_fn([rows, columns], |k| 0.3 + ((k * 37) % 29) as f64 / 20.0);
    let seven = || matrix(7, 7);
    table! {
        "named":
        "last axis hard-coded": Sums::CumulativeAlongLast, [seven()], Some(Diagnosis::LastAxis { right: 0 });
        "summed along the other axis": Sums::CumulativeAlongFirst, [seven()], Some(Diagnosis::WrongAxis { found: 0, right: 1 });
        "stride of the other axis": Sums::StrideOfOther, [seven()], Some(Diagnosis::OtherStride);
        "dilation of the other axis": Sums::DilationOfOther, [seven()], Some(Diagnosis::OtherDilation);
        "summed too early": SummedBeforeProduct, [matrix(3, 4), [0.7, -0.4, 1.2, 0.9].into()], Some(Diagnosis::SummedTooEarly);
        "no gradient": ThroughPlainNumbers, [[0.7, -0.4].into()], Some(Diagnosis::TangentsDropped);
    }
}

#[test]
fn mistakes_are_called_by_their_names() {
    kill("mistakes that have names", mutants());
}
