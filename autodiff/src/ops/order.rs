//! Sorting along an axis. Only `argsort` is an operation; `sort` and `top_k` gather by its indices.

use std::cmp::Ordering;

use super::axes::lines;
use super::prelude::*;
use crate::kernel::with_scratch;

/// The indices that sort an axis.
#[derive(Clone, Copy, Debug)]
pub struct Argsort {
    /// The axis.
    pub axis: usize,
    /// Whether the largest comes first.
    pub descending: bool,
}

/// The order of values; NaN is greater than every number, as in numpy.
fn order<T: Real>(x: T, y: T) -> Ordering {
    x.partial_cmp(&y).unwrap_or_else(|| x.is_nan().cmp(&y.is_nan()))
}

impl<T: Real> Op<T> for Argsort {
    fn name(&self) -> &'static str {
        "argsort"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        x.check_axis(self.axis)?;
        Ok(x.clone())
    }
    fn differentiable(&self, _: usize) -> bool {
        false
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        with_scratch(2 * x.shape()[self.axis], |scratch: &mut [T]| {
            let (line, sorted) = scratch.split_at_mut(x.shape()[self.axis]);
            for (from, to) in lines(self.axis, x.layout()) {
                line.iter_mut().zip(from).for_each(|(value, source)| *value = x.at(source));
                sorted.iter_mut().enumerate().for_each(|(k, index)| *index = T::from_f64(k as f64));
                let value = |index: &T| line[index.to_f64() as usize];
                // Ties are ordered by index, which makes the in-place sort stable.
                sorted.sort_unstable_by(|i, j| {
                    let by_value = order(value(i), value(j));
                    let by_value = if self.descending { by_value.reverse() } else { by_value };
                    by_value.then(order(*i, *j))
                });
                to.zip(&*sorted).for_each(|(target, &index)| output[target] = index);
            }
        });
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// # Sorting
impl<'t, T: Real> Var<'t, T> {
    /// The indices that sort `axis`, the smallest value first or, if `descending`, the largest. The sort is stable. NaN
    /// is greater than every number, as in numpy. Requesting a gradient through the indices is an error.
    #[track_caller]
    #[must_use]
    pub fn argsort(self, axis: impl Into<Axis>, descending: bool) -> Var<'t, T> {
        let axis = self.axis("argsort", axis);
        self.apply(Argsort { axis, descending })
    }

    /// The values sorted along `axis`, in the order of [`Var::argsort`]. Gradients flow to the elements selected.
    #[track_caller]
    #[must_use]
    pub fn sort(self, axis: impl Into<Axis>, descending: bool) -> Var<'t, T> {
        let axis = self.axis("sort", axis);
        self.gather(axis, self.argsort(axis, descending))
    }

    /// The `k` largest values along `axis`, the largest first, and their indices. Gradients flow to the
    /// elements selected; requesting one through the indices is an error.
    #[track_caller]
    #[must_use]
    pub fn top_k(self, axis: impl Into<Axis>, k: usize) -> (Var<'t, T>, Var<'t, T>) {
        let axis = self.axis("top_k", axis);
        let indices = self.argsort(axis, true).narrow(axis, 0..k);
        (self.gather(axis, indices), indices)
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "argsort",
    draw: |choices| {
        let shape = choices.shape(1, 4);
        let (axis, descending) = (choices.below(shape.rank()), choices.flag());
        Case::new(Argsort { axis, descending }, [Domain::Distinct(0.0).sample(shape)])
    },
}];

#[cfg(test)]
mod tests {
    use super::super::testing::value_and_gradient;
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn sorted_values_keep_ties_in_order_and_nan_above_all() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let x = t.input(&Tensor::from([[2.0, f64::NAN, 1.0, 2.0], [0.0, -1.0, f64::INFINITY, -0.0]]));
        assert_eq!(x.argsort(1, false).value().unwrap(), [[2.0, 0.0, 3.0, 1.0], [1.0, 0.0, 3.0, 2.0]].into());
        assert_eq!(x.argsort(-1, true).value().unwrap(), [[1.0, 0.0, 3.0, 2.0], [2.0, 0.0, 3.0, 1.0]].into());
        let (values, indices) = x.index(0, 1).top_k(0, 2);
        assert_eq!(
            (values.value().unwrap(), indices.value().unwrap()),
            ([f64::INFINITY, 0.0].into(), [2.0, 0.0].into())
        );
        let error = x.top_k(1, 5).0.value().unwrap_err().to_string();
        assert!(error.starts_with("narrow: range 0..5 step 1 does not fit axis 1 of extent 4"), "{error}");
    }

    #[test]
    fn the_gradient_of_a_sorted_value_goes_where_it_came_from() {
        let x = Tensor::from([[3.0, 1.0], [2.0, 4.0]]);
        let weights = || Tensor::from([[1.0, 10.0], [100.0, 1000.0]]);
        let sorted = value_and_gradient(|x| x.sort(0, false) * x.recording().input(&weights()), x.clone());
        assert_eq!(sorted, ([[2.0, 10.0], [300.0, 4000.0]].into(), [[100.0, 10.0], [1.0, 1000.0]].into()));
        let largest = value_and_gradient(|x| x.top_k(1, 1).0, x);
        assert_eq!(largest, ([[3.0], [4.0]].into(), [[1.0, 0.0], [0.0, 1.0]].into()));
    }
}
