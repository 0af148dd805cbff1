//! Operations on dense arrays, in one expression each for shape, value and gradients.

use autodiff::op::{Inputs, View};
use autodiff::{Real, Shape};

/// An input, copied into row-major order.
pub(crate) struct Array<T> {
    pub(crate) shape: Shape,
    pub(crate) data: Vec<T>,
}

impl<T: Real> Array<T> {
    fn new(view: View<'_, T>) -> Self {
        Array { shape: view.shape().clone(), data: view.iter().collect() }
    }

    /// All inputs.
    pub(crate) fn all<const N: usize>(inputs: Inputs<'_, T>) -> [Self; N] {
        std::array::from_fn(|input| Array::new(inputs.view(input)))
    }

    /// The extent of the last axis, at least 1.
    pub(crate) fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(1).max(1)
    }

    /// The rows along the last axis.
    pub(crate) fn rows(&self) -> std::slice::Chunks<'_, T> {
        self.data.chunks(self.width())
    }

    pub(crate) fn map(&self, function: impl Fn(T) -> T) -> Vec<T> {
        self.data.iter().map(|&x| function(x)).collect()
    }

    /// `function(element, other)`, element by element.
    pub(crate) fn zip(&self, other: &[T], function: impl Fn(T, T) -> T) -> Vec<T> {
        self.data.iter().zip(other).map(|(&x, &y)| function(x, y)).collect()
    }
}

pub(crate) fn number<T: Real>(value: f64) -> T {
    T::from_f64(value)
}

/// The number itself, without what it depends on.
pub(crate) fn constant<T: Real>(x: T) -> T {
    T::from_f64(x.to_f64())
}

/// The mean of a row.
pub(crate) fn mean<T: Real>(row: &[T]) -> T {
    row.iter().copied().sum::<T>() / number(row.len() as f64)
}

/// The softmax of a row.
pub(crate) fn softmax<T: Real>(row: &[T]) -> Vec<T> {
    let largest = row.iter().copied().reduce(T::maximum).unwrap_or(T::ZERO);
    let powers: Vec<T> = row.iter().map(|&x| (x - largest).exp()).collect();
    let total: T = powers.iter().copied().sum();
    powers.iter().map(|&power| power / total).collect()
}

/// The logarithm of the sum of the exponentials of a row.
pub(crate) fn log_sum_exp<T: Real>(row: &[T]) -> T {
    let largest = row.iter().copied().reduce(T::maximum).unwrap_or(T::ZERO);
    row.iter().map(|&x| (x - largest).exp()).sum::<T>().ln() + largest
}

/// An operation: the output's shape (`None`: rejected), its value, and the gradient of each input; an empty gradient is
/// not added.
macro_rules! array_op {
    ($(#[$doc:meta])* $name:ident, |$($x:ident),+| $shape:expr, $value:expr, |$g:ident, $z:ident| [$($grad:expr),+ $(,)?]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        struct $name;

        #[allow(unused_variables, reason = "a mistake may use less than it should")]
        impl<T: autodiff::Real> autodiff::op::Op<T> for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            fn shape(&self, inputs: &[&autodiff::Shape]) -> Result<autodiff::Shape, autodiff::op::Mismatch> {
                let [$($x),+] = autodiff::op::expect_inputs(inputs)?;
                let shape: Option<autodiff::Shape> = $shape;
                shape.ok_or_else(|| autodiff::op::Mismatch::new("other shapes are needed"))
            }
            fn forward(&self, inputs: autodiff::op::Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                let [$($x),+] = $crate::mutants::array_op::Array::all(inputs);
                let value: Vec<T> = $value;
                output.copy_from_slice(&value);
            }
            fn backward(
                &self,
                at: autodiff::op::Frame<'_, T>,
                $g: &[T],
                grads: &mut autodiff::op::InputGrads<'_, T>,
            ) {
                let [$($x),+] = $crate::mutants::array_op::Array::all(at.inputs);
                let $z = at.output;
                let terms: [Vec<T>; [$(stringify!($x)),+].len()] = [$($grad),+];
                for (input, terms) in terms.iter().enumerate() {
                    if let (false, Some(grad)) = (terms.is_empty(), grads.view(input)) {
                        grad.add(terms);
                    }
                }
            }
        }
    };
}
pub(crate) use array_op;
