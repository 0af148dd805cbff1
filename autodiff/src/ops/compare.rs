//! Comparisons of two inputs that broadcast: 1 where true, 0 elsewhere. They have no gradient.

use super::elementwise::forward_pointwise;
use super::prelude::*;

macro_rules! comparisons {
    ($family:literal; $($(#[$doc:meta])* $name:ident: $op:ident by $holds:tt;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $op {}

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn differentiable(&self, _: usize) -> bool {
                    false
                }
                forward_pointwise!(2);
            }

            impl<T: Real> Pointwise<T, 2> for $op {
                #[inline(always)]
                fn value(&self, [x, y]: [T; 2]) -> T {
                    if x $holds y { T::ONE } else { T::ZERO }
                }
                /// Never called: no input is differentiable.
                fn pull(&self, _: [T; 2], _: T, _: T) -> [T; 2] {
                    [T::ZERO; 2]
                }
            }
        )*

        #[doc = $family]
        impl<'t, T: Real> Var<'t, T> {
            $(
                $(#[$doc])*
                /// Broadcasts. Requesting a gradient through it is an error.
                #[track_caller]
                #[must_use]
                pub fn $name(self, other: Var<'t, T>) -> Var<'t, T> {
                    self.recording().apply($op {}, [self, other])
                }
            )*
        }

        #[cfg(feature = "catalogue")]
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.shape(0, 4);
                    let other = choices.narrower(&shape);
                    Case::new($op {}, [Domain::Index(3).sample(shape), Domain::Index(3).sample(other)])
                },
            },
        )*];
    };
}

comparisons! {
    "# Comparisons";

    /// 1 where `x > y`, otherwise 0.
    greater: Greater by >;
    /// 1 where `x ≥ y`, otherwise 0.
    greater_equal: GreaterEqual by >=;
    /// 1 where `x < y`, otherwise 0.
    less: Less by <;
    /// 1 where `x ≤ y`, otherwise 0.
    less_equal: LessEqual by <=;
    /// 1 where `x = y`, otherwise 0.
    equal: Equal by ==;
    /// 1 where `x ≠ y`, otherwise 0.
    not_equal: NotEqual by !=;
}
