//! One value or another, by a mask.

use super::prelude::*;

/// The second input where the first, a mask, is not zero, else the third. All three broadcast.
#[derive(Clone, Copy, Debug)]
pub struct Select {}

impl<T: Real> Op<T> for Select {
    fn name(&self) -> &'static str {
        "select"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [mask, x, y] = exactly(inputs)?;
        let shape = x.broadcast(y).and_then(|shape| shape.broadcast(mask));
        shape.ok_or_else(|| Mismatch::new("shapes do not broadcast"))
    }
    fn differentiable(&self, input: usize) -> bool {
        input > 0
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.broadcast(|inputs| {
            for_each_block(inputs, |first, [mask, x, y]| {
                for (((z, &mask), &x), &y) in output[first..].iter_mut().zip(mask).zip(x).zip(y) {
                    *z = if mask == T::ZERO { y } else { x };
                }
            });
        });
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        at.inputs.broadcast(|[mask, _, _]| {
            for (input, chosen) in [(1, true), (2, false)] {
                grads.broadcast(input, at.inputs.output_shape(), |grad| {
                    accumulate([mask], grad, |first, [mask], sums| {
                        // A branch, not a product with the mask: 0·∞ would reach the side that was not chosen.
                        for ((sum, &mask), &g) in sums.iter_mut().zip(mask).zip(&cotangent[first..]) {
                            if (mask != T::ZERO) == chosen {
                                *sum += g;
                            }
                        }
                    });
                });
            }
        });
    }
}

impl<'t, T: Real> Var<'t, T> {
    /// `x` where this value, a mask, is not zero, else `y`. The three broadcast; the mask gets no gradient, and the side
    /// that is not chosen gets exactly zero.
    #[track_caller]
    #[must_use]
    pub fn select(self, x: Var<'t, T>, y: Var<'t, T>) -> Var<'t, T> {
        self.recording().apply(Select {}, [self, x, y])
    }
}

pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "select",
    draw: |choices| {
        let shape = choices.shape(0, 4);
        let mut narrower = |domain: Domain| domain.of(choices.narrower(&shape));
        let (mask, x) = (narrower(Domain::Mask), narrower(Domain::REAL));
        Case::new(Select {}, [mask, x, Domain::REAL.of(shape)])
    },
}];

#[cfg(test)]
mod tests {
    use crate::{Mode, Params, Tape, Tensor};

    #[test]
    fn what_is_not_chosen_gets_exactly_zero() {
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let (x, y) = (t.variable(&Tensor::from([1.0, f64::INFINITY])), t.variable(&Tensor::from([f64::NAN, 2.0])));
        let chosen = t.input(&Tensor::from([1.0, 0.0])).select(x, y);
        assert_eq!(chosen.value().unwrap(), [1.0, 2.0].into());
        let mut grads = params.gradients();
        (chosen * f64::INFINITY).sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap(), [f64::INFINITY, 0.0].into());
        assert_eq!(grads.of(y).unwrap(), [0.0, f64::INFINITY].into());
    }
}
