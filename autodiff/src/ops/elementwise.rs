//! Macros that define an elementwise operation by one row: struct, rule, `Var` method and catalogue entry.

/// Defines operations with one input.
///
/// A row consists of documentation; `method: Struct(attributes with a sample value) on low..high except [kinks]`; the value,
/// `each |x| …`; and the derivative in terms of input and output, `slope |x, y| …`.
/// `T` is the scalar; attributes are scalars.
/// Neither is a closure, which would be compiled for wide vectors only if small. What they call is marked `#[inline(always)]` if
/// it is large, and has no branches that a loop could not do without.
macro_rules! unary {
    ($family:literal; $(
        $(#[$doc:meta])*
        $name:ident: $op:ident($($attribute:ident = $sample:literal),*) on $low:literal..$high:literal
            except [$($kink:literal),*],
            each |$in:ident| $forward:expr,
            slope |$x:pat_param, $y:pat_param| $slope:expr;
    )*) => {
        $(
            unary!(@struct $(#[$doc])* $op $($attribute)*);

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                forward_pointwise!(1);
            }

            #[allow(unused_variables, reason = "a row need not use every attribute in both directions")]
            impl<T: Real> Pointwise<T, 1> for $op {
                const SINES: bool = crate::op::takes_sines(&[stringify!($forward), stringify!($slope)]);

                #[inline(always)]
                fn value(&self, [$in]: [T; 1]) -> T {
                    $(let $attribute = T::from_f64(self.$attribute);)*
                    $forward
                }
                #[inline(always)]
                fn pull(&self, [$x]: [T; 1], $y: T, g: T) -> [T; 1] {
                    $(let $attribute = T::from_f64(self.$attribute);)*
                    [g * $slope]
                }
                fn reads(&self) -> Reads {
                    named_reads!([$x], $y)
                }
            }
        )*

        #[doc = $family]
        impl<'t, T: Real> Var<'t, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                #[allow(clippy::should_implement_trait, reason = "`neg` is implemented as the trait as well")]
                pub fn $name(self $(, $attribute: f64)*) -> Var<'t, T> {
                    self.apply($op { $($attribute),* })
                }
            )*
        }

        /// The cases of this file's rows.
        #[cfg(feature = "catalogue")]
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let shape = choices.shape(0, 4);
                    Case::new($op { $($attribute: $sample),* }, [Domain::Between($low, $high, &[$($kink),*]).sample(shape)])
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
}

/// The inputs and the output that a slope names, and does not leave out by `_`.
macro_rules! named_reads {
    ([$($($x:pat_param)+),+], $($z:pat_param)+) => {{
        let named = [$([$(stringify!($x)),+].iter().any(|name| *name != "_")),+];
        let inputs = Reads::inputs((0..named.len()).filter(|&input| named[input]));
        if [$(stringify!($z)),+].iter().any(|name| *name != "_") { inputs.and_output() } else { inputs }
    }};
}

/// The methods of [`Op`](crate::op::Op) that a pointwise operation with this many inputs forwards to [`Pointwise`].
macro_rules! forward_pointwise {
    ($inputs:literal) => {
        fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
            <Self as Pointwise<T, $inputs>>::shape(inputs)
        }
        fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
            Pointwise::<T, $inputs>::forward(self, inputs, output);
        }
        fn reads(&self) -> Reads {
            Pointwise::<T, $inputs>::reads(self)
        }
        fn is_elementwise(&self) -> bool {
            true
        }
        fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
            Pointwise::<T, $inputs>::backward(self, at, cotangent, grads);
        }
    };
}

/// Defines operations with two inputs that broadcast.
///
/// A row consists of documentation; `name: Struct on (domain, domain)`, optionally `or` two others; the value,
/// `each |x, y| …`; and the partial derivatives in terms of inputs and output, `slopes |x, y, z| …, |x, y, z| …`, or, if they
/// are constant, `factors […, …]`.
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
                forward_pointwise!(2);
            }

            impl<T: Real> Pointwise<T, 2> for $op {
                #[inline(always)]
                fn value(&self, [$a, $b]: [T; 2]) -> T {
                    $forward
                }
                $(
                    #[inline(always)]
                    fn pull(&self, _: [T; 2], _: T, g: T) -> [T; 2] {
                        [g * $left_factor, g * $right_factor]
                    }
                    fn factors(&self) -> Option<[T; 2]> {
                        Some([$left_factor, $right_factor])
                    }
                )?
                $(
                    #[inline(always)]
                    fn pull(&self, inputs: [T; 2], output: T, g: T) -> [T; 2] {
                        let to_left = |[$x1, $y1]: [T; 2], $z1: T| -> T { g * $to_left };
                        let to_right = |[$x2, $y2]: [T; 2], $z2: T| -> T { g * $to_right };
                        [to_left(inputs, output), to_right(inputs, output)]
                    }
                    fn reads(&self) -> Reads {
                        named_reads!([$x1 $x2, $y1 $y2], $z1 $z2)
                    }
                )?
            }
        )*

        /// The cases of this file's rows.
        #[cfg(feature = "catalogue")]
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
                    Case::new($op {}, [left.sample(x), right.sample(y)])
                },
            },
        )*];
    };
}

pub(super) use {binary, forward_pointwise, named_reads, unary};
