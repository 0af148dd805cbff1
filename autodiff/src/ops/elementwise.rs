//! The macros that turn one row into an elementwise operation: struct, rule, `Var` method and catalogue entry.

use crate::error::Mismatch;
use crate::kernel::dispatch;
use crate::real::Real;
use crate::shape::Shape;
use crate::view::{ViewMut, accumulate};

/// The shape rule of operations of two inputs.
pub(super) fn broadcast(x: &Shape, y: &Shape) -> Result<Shape, Mismatch> {
    x.broadcast(y).ok_or_else(|| Mismatch::new("shapes do not broadcast"))
}

/// Applies `function` to every element.
pub(super) fn map<T: Real>(input: &[T], output: &mut [T], function: impl Fn(T) -> T) {
    dispatch(|| {
        for (y, &x) in output.iter_mut().zip(input) {
            *y = function(x);
        }
    });
}

/// Adds `factor` times the cotangent to a gradient.
pub(super) fn add_times<T: Real>(factor: T, cotangent: &[T], grad: ViewMut<'_, T>) {
    if factor == T::ONE {
        return grad.add(cotangent);
    }
    accumulate([], grad, |first, [], sums| {
        sums.iter_mut().zip(&cotangent[first..]).for_each(|(sum, &g)| *sum += factor * g);
    });
}

/// Rows of operations of one input.
///
/// A row reads: documentation; `method: Struct(attributes with a sample value) on low..high except [kinks]`; the value,
/// as `each |x| …` or, for a whole slice, `slice function`; the derivative, `slope |x, y| …`, in terms of input and
/// output. `T` is the scalar and attributes are scalars.
macro_rules! unary {
    ($(
        $(#[$doc:meta])*
        $name:ident: $op:ident($($attribute:ident = $sample:literal),*) on $low:literal..$high:literal
            except [$($kink:literal),*],
            $kind:ident $forward:expr,
            slope |$x:pat_param, $y:pat_param| $slope:expr;
    )*) => {
        $(
            unary!(@struct $(#[$doc])* $op $($attribute)*);

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = exactly(inputs)?;
                    Ok(x.clone())
                }
                #[allow(unused_variables, reason = "a row need not use every attribute in both directions")]
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                    $(let $attribute = T::from_f64(self.$attribute);)*
                    for_each_block([inputs.view(0)], |first, [x]| {
                        unary!(@$kind $forward, x, &mut output[first..first + x.len()]);
                    });
                }
                #[allow(unused_variables, reason = "a row need not use every attribute in both directions")]
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    $(let $attribute = T::from_f64(self.$attribute);)*
                    let Some(grad) = grads.view(0) else { return };
                    accumulate([at.inputs.view(0)], grad, |first, [x], sums| {
                        let (y, g) = (&at.output[first..][..x.len()], &cotangent[first..][..x.len()]);
                        dispatch(|| {
                            for (((sum, &$x), &$y), &g) in sums.iter_mut().zip(x).zip(y).zip(g) {
                                *sum += g * $slope;
                            }
                        });
                    });
                }
            }

            impl<'t, T: Real> Var<'t, T> {
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                #[allow(clippy::should_implement_trait, reason = "`neg` is implemented as the trait as well")]
                pub fn $name(self $(, $attribute: f64)*) -> Var<'t, T> {
                    self.apply($op { $($attribute),* })
                }
            }
        )*

        /// The cases of this file's rows.
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.shape(0, 4);
                    Case::new($op { $($attribute: $sample),* }, [Domain::Between($low, $high, &[$($kink),*]).of(shape)])
                },
            },
        )*];
    };
    (@struct $(#[$doc:meta])* $op:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $op {}
    };
    (@struct $(#[$doc:meta])* $op:ident $($attribute:ident)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $op {
            $(
                #[doc = concat!("The constant `", stringify!($attribute), "`.")]
                pub $attribute: f64,
            )+
        }
    };
    (@each $forward:expr, $x:expr, $output:expr) => {
        map($x, $output, $forward)
    };
    (@slice $forward:expr, $x:expr, $output:expr) => {
        $forward($x, $output)
    };
}

/// Rows of operations of two inputs that broadcast.
///
/// A row reads: documentation; `name: Struct on (domain, domain)`, perhaps `or` two others; the value, `each |x, y| …`; the two derivatives,
/// `slopes |x, y, z| …, |x, y, z| …`, in terms of inputs and output, or, where they are constant, `factors […, …]`.
macro_rules! binary {
    ($(
        $(#[$doc:meta])*
        $name:ident: $op:ident on ($left:expr, $right:expr) $(or ($other_left:expr, $other_right:expr))?,
            each |$a:pat_param, $b:pat_param| $forward:expr,
            $(factors [$left_factor:expr, $right_factor:expr])?
            $(slopes |$x1:pat_param, $y1:pat_param, $z1:pat_param| $to_left:expr,
                |$x2:pat_param, $y2:pat_param, $z2:pat_param| $to_right:expr)?;
    )*) => {
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
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                    inputs.broadcast(|inputs| {
                        for_each_block(inputs, |first, [x, y]| {
                            let output = &mut output[first..][..x.len()];
                            dispatch(|| {
                                for ((z, &$a), &$b) in output.iter_mut().zip(x).zip(y) {
                                    *z = $forward;
                                }
                            });
                        });
                    });
                }
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    let shape = at.inputs.output_shape();
                    $(
                        grads.broadcast(0, shape, |grad| add_times($left_factor, cotangent, grad));
                        grads.broadcast(1, shape, |grad| add_times($right_factor, cotangent, grad));
                    )?
                    $(
                        at.inputs.broadcast(|inputs| {
                            grads.broadcast(0, shape, |grad| {
                                accumulate(inputs, grad, |first, [x, y], sums| {
                                    let (z, g) = (&at.output[first..][..x.len()], &cotangent[first..][..x.len()]);
                                    dispatch(|| {
                                        for ((((sum, &$x1), &$y1), &$z1), &g) in sums.iter_mut().zip(x).zip(y).zip(z).zip(g) {
                                            *sum += g * $to_left;
                                        }
                                    });
                                });
                            });
                            grads.broadcast(1, shape, |grad| {
                                accumulate(inputs, grad, |first, [x, y], sums| {
                                    let (z, g) = (&at.output[first..][..x.len()], &cotangent[first..][..x.len()]);
                                    dispatch(|| {
                                        for ((((sum, &$x2), &$y2), &$z2), &g) in sums.iter_mut().zip(x).zip(y).zip(z).zip(g) {
                                            *sum += g * $to_right;
                                        }
                                    });
                                });
                            });
                        });
                    )?
                }
            }
        )*

        /// The cases of this file's rows.
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.shape(0, 4);
                    let (x, y) = match choices.below(3) {
                        0 => (shape.clone(), shape),
                        1 => (shape.clone(), choices.narrower(&shape)),
                        _ => (choices.narrower(&shape), choices.narrower(&shape)),
                    };
                    let domains = [($left, $right) $(, ($other_left, $other_right))?];
                    let (left, right) = domains[choices.below(domains.len())];
                    Case::new($op {}, [left.of(x), right.of(y)])
                },
            },
        )*];
    };
}

pub(super) use {binary, unary};
