//! Comparisons of two values that broadcast: 1 where they hold, 0 elsewhere, and no gradient.

use super::elementwise::broadcast;
use super::prelude::*;

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident: $op:ident by $holds:tt;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $op {}

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x, y] = exactly(inputs)?;
                    broadcast(x, y)
                }
                fn differentiable(&self, _: usize) -> bool {
                    false
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                    inputs.broadcast(|inputs| {
                        for_each_block(inputs, |first, [x, y]| {
                            for ((z, x), y) in output[first..].iter_mut().zip(x).zip(y) {
                                *z = if x $holds y { T::ONE } else { T::ZERO };
                            }
                        });
                    });
                }
                fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
            }

            impl<'t, T: Real> Var<'t, T> {
                $(#[$doc])*
                /// Asking for a gradient through it is an error.
                #[track_caller]
                #[must_use]
                pub fn $name(self, other: Var<'t, T>) -> Var<'t, T> {
                    self.recording().apply($op {}, [self, other])
                }
            }
        )*

        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.shape(0, 4);
                    let other = choices.narrower(&shape);
                    Case::new($op {}, [Domain::Index(3).of(shape), Domain::Index(3).of(other)])
                },
            },
        )*];
    };
}

comparisons! {
    /// 1 where `x > y`, else 0.
    greater: Greater by >;
    /// 1 where `x ≥ y`, else 0.
    greater_equal: GreaterEqual by >=;
    /// 1 where `x < y`, else 0.
    less: Less by <;
    /// 1 where `x ≤ y`, else 0.
    less_equal: LessEqual by <=;
    /// 1 where `x = y`, else 0.
    equal: Equal by ==;
    /// 1 where `x ≠ y`, else 0.
    not_equal: NotEqual by !=;
}
