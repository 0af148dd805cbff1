//! The macro that defines a reduction over axes by one row: struct, `Var` method and catalogue entry.
//!
//! A reduction over no elements (extent 0) gives the same as numpy: sum 0, product 1, norm 0, mean and variance NaN,
//! log-sum-exp −∞.

use super::prelude::*;
use crate::array::{View, ViewMut};

/// Defines reductions: struct with axes and attributes, `Var` method, catalogue entry. The computation is a [`Rule`]. A
/// test case of an attribute is drawn from the choices and the number of elements reduced to one.
macro_rules! reductions {
    ($family:literal; $(
        $(#[$doc:meta])*
        $name:ident: $op:ident($($attribute:ident: $type:ty = $sample:expr),*) on $domain:expr;
    )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $op {
                /// The axes to reduce.
                pub axes: Axes,
                $(
                    #[doc = concat!("The constant `", stringify!($attribute), "`.")]
                    pub $attribute: $type,
                )*
            }

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = expect_inputs(inputs)?;
                    Rule::<T>::check(self)?;
                    self.axes.reduce(x)
                }
                fn saved(&self, inputs: &[&Shape]) -> usize {
                    inputs.first().map_or(0, |x| Rule::<T>::saved(self, x))
                }
                fn reads(&self) -> Reads {
                    Rule::<T>::reads(self)
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
                    Rule::reduce(self, inputs.view(0), output, saved);
                }
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    if let Some(grad) = grads.view(0) {
                        Rule::pull(self, at, cotangent, grad);
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
                pub fn $name(self, axes: impl Into<Axes> $(, $attribute: $type)*) -> Var<'t, T> {
                    self.apply($op { axes: axes.into() $(, $attribute)* })
                }
            )*
        }

        #[cfg(feature = "catalogue")]
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.full_shape(0, 4);
                    let axes = Axes::draw(choices, shape.rank());
                    $(let $attribute = super::reduction::drawn($sample, choices, axes.count(&shape));)*
                    Case::new($op { axes $(, $attribute)* }, [$domain.sample(shape)])
                },
            },
        )*];
    };
}

pub(super) use reductions;

/// An attribute for the catalogue.
#[cfg(feature = "catalogue")]
pub(super) fn drawn<V>(draw: fn(&mut Choices<'_>, usize) -> V, choices: &mut Choices<'_>, count: usize) -> V {
    draw(choices, count)
}

/// Value and pullback of a reduction.
pub(super) trait Rule<T: Real> {
    fn check(&self) -> Result<(), Mismatch> {
        Ok(())
    }
    fn saved(&self, shape: &Shape) -> usize {
        let _ = shape;
        0
    }
    /// What the pullback reads.
    fn reads(&self) -> Reads {
        Reads::ALL
    }
    fn reduce(&self, x: View<'_, T>, output: &mut [T], saved: &mut [T]);
    fn pull(&self, at: Frame<'_, T>, cotangent: &[T], grad: ViewMut<'_, T>);
}
