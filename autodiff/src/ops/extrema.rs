//! Maxima and minima over axes, and their indices.
//!
//! Elements that tie share the gradient evenly. If an element is NaN, so is the maximum and the minimum.

use super::axes::Axes;
use super::grouping::Grouping;
use super::prelude::*;
use crate::array::{View, ViewMut};
use crate::kernel::with_scratch;

/// Defines a maximum or minimum over axes by the function that selects one of two elements, and the one that is never selected.
macro_rules! extrema {
    ($family:literal; $($(#[$doc:meta])* $name:ident: $op:ident by $wins:ident from $worst:expr;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $op {
                /// The axes to reduce.
                pub axes: Axes,
            }

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = expect_inputs(inputs)?;
                    let shape = self.axes.reduce(x)?;
                    not_empty(self.axes.count(x))?;
                    Ok(shape)
                }
                /// The number of elements that tie.
                fn saved(&self, inputs: &[&Shape]) -> usize {
                    inputs.first().and_then(|x| self.axes.reduce(x).ok()).map_or(0, |shape| shape.size())
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], ties: &mut [T]) {
                    let worst = T::from_f64($worst);
                    extremes(&self.axes, inputs.view(0), (worst, T::$wins), output, ties);
                }
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    if let Some(grad) = grads.view(0) {
                        pull_extremes(&self.axes, at, cotangent, grad);
                    }
                }
            }
        )*

        #[doc = $family]
        impl<'t, T: Real> Var<'t, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $name(self, axes: impl Into<Axes>) -> Var<'t, T> {
                    self.apply($op { axes: axes.into() })
                }
            )*
        }
    };
}

extrema! {
    "# Maximum and minimum";

    /// The maximum over `axes`; elements that tie share the gradient evenly.
    max: Max by maximum from f64::NEG_INFINITY;

    /// The minimum over `axes`; elements that tie share the gradient evenly.
    min: Min by minimum from f64::INFINITY;
}

fn not_empty(count: usize) -> Result<(), Mismatch> {
    if count > 0 { Ok(()) } else { Err(Mismatch::new("no element (extent 0) has no extreme")) }
}

/// The extreme element of each group and the number of elements that tie. In dual numbers its tangent is the mean of theirs.
fn extremes<T: Real>(axes: &Axes, x: View<'_, T>, (worst, wins): (T, fn(T, T) -> T), best: &mut [T], ties: &mut [T]) {
    let grouping = Grouping::new(axes, x.layout());
    grouping.with([x], |[x]| {
        grouping.grouped.winners(x, worst, wins, best);
        // Without tangents: the sums below add exactly those of the tied elements.
        best.iter_mut().for_each(|best| *best = T::from_f64(best.to_f64()));
        with_scratch(best.len(), |tangents| {
            let tied = |[best]: [T; 1], [x]: [T; 1]| if x == best { [T::ONE, x - best] } else { [T::ZERO; 2] };
            grouping.grouped.sums([&*best], [x], tied, |group, sums| [ties[group], tangents[group]] = sums);
            for ((best, &tangent), &ties) in best.iter_mut().zip(&*tangents).zip(&*ties) {
                // The tangent of an infinite number would be ∞ − ∞.
                if best.is_finite() {
                    *best += tangent / ties;
                }
            }
        });
    });
}

fn pull_extremes<T: Real>(axes: &Axes, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>) {
    let x = at.inputs.view(0);
    with_scratch(cotangent.len(), |shares| {
        shares.iter_mut().zip(cotangent).zip(at.saved).for_each(|((share, &g), &ties)| *share = g / ties);
        let share = |[best, share]: [T; 2], [x]: [T; 1]| if x == best { share } else { T::ZERO };
        Grouping::new(axes, x.layout()).add(grad, [at.output, shares], [x], share);
    });
}

/// Defines the index of an extreme element along an axis.
macro_rules! indices {
    ($family:literal; $($(#[$doc:meta])* $name:ident: $op:ident by $wins:tt;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $op {
                /// The axis, which is removed.
                pub axis: usize,
            }

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = expect_inputs(inputs)?;
                    x.check_axis(self.axis)?;
                    not_empty(x[self.axis])?;
                    Ok(x.without(self.axis))
                }
                fn differentiable(&self, _: usize) -> bool {
                    false
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                    let x = inputs.view(0);
                    let groups = Axes::from(self.axis).groups(x.layout());
                    for (start, best) in groups.starts().zip(output) {
                        let elements = groups.members(start).map(|offset| x.at(offset)).enumerate();
                        let first = elements.reduce(|a, b| if b.1 $wins a.1 || (b.1.is_nan() && !a.1.is_nan()) { b } else { a });
                        *best = T::from_f64(first.map_or(0, |(index, _)| index) as f64);
                    }
                }
                fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
            }
        )*

        #[doc = $family]
        impl<'t, T: Real> Var<'t, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $name(self, axis: impl Into<Axis>) -> Var<'t, T> {
                    let axis = self.axis(stringify!($name), axis);
                    self.apply($op { axis })
                }
            )*
        }
    };
}

indices! {
    "# Indices of maximum and minimum";

    /// The index of the maximum along `axis`, which is removed; the first index if several tie. Requesting a gradient through
    /// it is an error.
    argmax: Argmax by >;

    /// The index of the minimum along `axis`, which is removed; the first index if several tie. Requesting a gradient through
    /// it is an error.
    argmin: Argmin by <;
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "max",
        draw: |choices| {
            let shape = choices.full_shape(0, 4);
            Case::new(Max { axes: Axes::draw(choices, shape.rank()) }, [Domain::Distinct(0.0).sample(shape)])
        },
    },
    Entry {
        name: "min",
        draw: |choices| {
            let shape = choices.full_shape(0, 4);
            Case::new(Min { axes: Axes::draw(choices, shape.rank()) }, [Domain::Distinct(0.0).sample(shape)])
        },
    },
    Entry {
        name: "argmax",
        draw: |choices| {
            let shape = choices.full_shape(1, 4);
            Case::new(Argmax { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
        },
    },
    Entry {
        name: "argmin",
        draw: |choices| {
            let shape = choices.full_shape(1, 4);
            Case::new(Argmin { axis: choices.below(shape.rank()) }, [Domain::REAL.sample(shape)])
        },
    },
];

#[cfg(test)]
mod tests {
    use crate::{Dual, Mode, Params, Tape, Tensor};

    #[test]
    fn three_that_tie_get_a_third_each_backward_and_forward() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::from([2.0, 5.0, 5.0, 5.0]));
        let mut grads = params.gradients();
        x.max(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap().data(), &[0.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);

        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let duals = [Dual::new(5.0, 1.0), Dual::new(5.0, 2.0), Dual::new(5.0, 6.0), Dual::new(0.0, 9.0)];
        let max = t.input(&Tensor::from(duals)).max(..).item().unwrap();
        assert_eq!((max.value, max.tangent), (5.0, 3.0));
    }

    #[test]
    fn of_elements_that_tie_the_first_gives_the_index() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let x = t.input(&Tensor::from([[1.0, 7.0, 7.0], [3.0, f64::NAN, 2.0]]));
        assert_eq!(x.argmax(1).value().unwrap(), [1.0, 1.0].into());
        assert_eq!(x.argmin(0).value().unwrap(), [0.0, 1.0, 1.0].into());
        let error = t.input(&Tensor::full([2, 0], 0.0)).max(1).value().unwrap_err().to_string();
        assert!(error.starts_with("max: no element (extent 0) has no extreme: [2, 0] at"), "{error}");
    }
}
