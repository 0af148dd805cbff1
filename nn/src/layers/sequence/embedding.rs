//! The embedding of indices.

use autodiff::{ParamId, Real, Scope, Var};

use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::require;

/// A vector of parameters for each index: words, characters, categories.
///
/// # Shapes
/// Input `[..]`, integers in `0..count`; output `[.., features]`.
///
/// Parameter: `weight`, `[count, features]`, standard normal at first, as in PyTorch. Backward adds to the rows that are read
/// and visits no others, and [`Gradients::touched`](autodiff::Gradients::touched) says which they are: clipping, and steps of SGD
/// without momentum and of AdaGrad, visit only them. Momentum and Adam's averages move every row in every step; with
/// `Optimizer::strict_dropout` they too leave rows that were not read as they are.
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use nn::{Embedding, Module};
///
/// let mut params = Params::<f32>::new(0);
/// let embedding = Embedding::new(params.scope("embedding"), 10, 4);
/// let mut tape = Tape::new();
/// let t = tape.start(&params, Mode::Train);
/// let y = embedding.forward(t.input(&[[3.0, 1.0, 3.0]].into()));
/// assert_eq!(y.shape()?[..], [1, 3, 4]);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// Recorded on the tape: an index that is not one of `0..count`, by its value and position. Indices are numbers of the tape's
/// scalar, and `f32` holds integers up to 2²⁴.
#[derive(Clone, Copy, Debug)]
pub struct Embedding {
    weight: ParamId,
    padding: Option<usize>,
}

impl Embedding {
    /// An embedding of `count` indices in vectors of `features` numbers.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, count: usize, features: usize) -> Self {
        let shape = [count, features];
        let weight = Initial::Normal { variance: 1.0 }.register(&mut scope, "weight", &shape, &shape);
        Embedding { weight, padding: None }
    }

    /// An embedding with an index for padding, PyTorch's `padding_idx`: its vector is 0 at first and receives no gradient.
    /// An index that is not below `count` is an error of the [`Params`](autodiff::Params) and of every tape that uses them.
    pub fn with_padding<T: Real>(mut scope: Scope<'_, T>, count: usize, features: usize, padding: usize) -> Self {
        if let Err(reason) =
            require("padding", padding, padding < count, format_args!("below {count}, the number of rows"))
        {
            scope.fail("padding", reason);
        }
        let weight = scope.parameter("weight", [count, features], |values, random| {
            Initial::Normal { variance: 1.0 }.fill(&[count, features], values, random);
            if let Some(row) = values.chunks_mut(features.max(1)).nth(padding) {
                row.fill(0.0);
            }
        });
        Embedding { weight, padding: Some(padding) }
    }

    /// The vectors, `[count, features]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }
}

impl<T: Real> Module<T> for Embedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        embedding(x, x.recording().param(self.weight), self.padding)
    }
}

/// The rows of a weight at these indices: the function of an [`Embedding`]. The row at index `padding` receives no gradient.
///
/// # Shapes
/// `indices` is `[..]`, `weight` `[count, features]`; the result is `[.., features]`.
#[track_caller]
#[must_use]
pub fn embedding<'t, T: Real>(indices: Var<'t, T>, weight: Var<'t, T>, padding: Option<usize>) -> Var<'t, T> {
    let (Ok(shape), Ok(found)) = (indices.shape(), weight.shape()) else { return weight.index_select(0, indices) };
    let &[_, features] = &found[..] else {
        return invalid_input("embedding", format!("the weight is {found}: must be [count, features]"), weight);
    };
    let flat = indices.flatten(..);
    let mut rows = weight.index_select(0, flat);
    if let Some(padding) = padding {
        let padding = flat.recording().constant(&T::from_f64(padding as f64).into());
        let learned = flat.not_equal(padding).unsqueeze(1);
        rows = learned.select(rows, rows.detach());
    }
    rows.reshape(shape.insert(shape.rank(), features))
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, Tensor};

    use super::*;

    #[test]
    fn rows_are_read_and_receive_the_sum_of_their_cotangents() {
        let mut params = Params::<f64>::new(0);
        let embedding = Embedding::new(params.scope("e"), 3, 2);
        params.set(embedding.weight(), &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].into()).unwrap();
        let (mut tape, mut grads) = (Tape::new(), params.gradients());
        let t = tape.start(&params, Mode::Train);
        let y = embedding.forward(t.input(&[[2.0, 0.0], [2.0, 2.0]].into()));
        let due = Tensor::new([2, 2, 2], vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0, 5.0, 6.0]).unwrap();
        assert_eq!(y.value().unwrap(), due);
        y.backward_with(&Tensor::from_fn([2, 2, 2], |k| k as f64), &mut grads).unwrap();
        assert_eq!(grads.flat(), [2.0, 3.0, 0.0, 0.0, 10.0, 13.0]);
    }

    #[test]
    fn a_padding_row_is_zero_and_receives_no_gradient() {
        let mut params = Params::<f64>::new(0);
        let embedding = Embedding::with_padding(params.scope("e"), 3, 2, 1);
        let weight = params.value(embedding.weight()).unwrap();
        assert!(weight.data().iter().enumerate().all(|(k, &w)| (w == 0.0) == (k / 2 == 1)), "{weight}");
        let (mut tape, mut grads) = (Tape::new(), params.gradients());
        let t = tape.start(&params, Mode::Train);
        let y = embedding.forward(t.input(&[1.0, 2.0, 1.0].into()));
        y.sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.flat(), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn an_index_out_of_range_is_named() {
        let mut params = Params::<f64>::new(0);
        let embedding = Embedding::new(params.scope("e"), 3, 2);
        let mut tape = Tape::new();
        for (index, shown) in [(3.0, "3"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN")] {
            let t = tape.start(&params, Mode::Train);
            let message = embedding.forward(t.input(&[[0.0, index]].into())).value().unwrap_err().to_string();
            let due =
                format!("index_select: index {shown} at position 1 is not one of 0..3: [3, 2] (e.weight) × [2] at");
            assert!(message.starts_with(&due), "{message}");
        }
    }
}
