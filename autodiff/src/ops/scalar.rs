//! The macro that defines an elementwise operation of your own.

/// Defines an elementwise operation, generic over the scalar `T`, with one or more inputs that broadcast: its name, its value,
/// and the partial derivative with respect to each input, in terms of the inputs and the output.
///
/// ```
/// use autodiff::{check, scalar_op};
///
/// scalar_op! {
///     /// `x² y`.
///     pub SquareTimes, |x, y| x * x * y, |_z| [(x + x) * y, x * x]
/// }
///
/// check::op(&SquareTimes, [[0.5, -2.0].into(), [3.0, 1.5].into()])?.assert();
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// For attributes, saved values or another shape rule, implement [`Op`](crate::op::Op).
#[macro_export]
macro_rules! scalar_op {
    ($(#[$doc:meta])* $visibility:vis $name:ident, |$($x:ident),+| $value:expr, |$z:ident| [$($slope:expr),+ $(,)?]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        impl<T: $crate::Real> $crate::op::Op<T> for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            fn shape(&self, inputs: &[&$crate::Shape]) -> Result<$crate::Shape, $crate::op::Mismatch> {
                <Self as $crate::op::Pointwise<T, { [$(stringify!($x)),+].len() }>>::shape(inputs)
            }
            fn is_elementwise(&self) -> bool {
                true
            }
            fn reads(&self) -> $crate::op::Reads {
                $crate::op::Pointwise::<T, { [$(stringify!($x)),+].len() }>::reads(self)
            }
            fn forward(&self, inputs: $crate::op::Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                $crate::op::Pointwise::<T, { [$(stringify!($x)),+].len() }>::forward(self, inputs, output);
            }
            fn backward(&self, at: $crate::op::Frame<'_, T>, cotangent: &[T], grads: &mut $crate::op::InputGrads<'_, T>) {
                $crate::op::Pointwise::<T, { [$(stringify!($x)),+].len() }>::backward(self, at, cotangent, grads);
            }
        }

        #[allow(unused_variables, reason = "a slope need not use every input")]
        impl<T: $crate::Real> $crate::op::Pointwise<T, { [$(stringify!($x)),+].len() }> for $name {
            const SINES: bool = $crate::op::takes_sines(&[stringify!($value), $(stringify!($slope)),+]);

            #[inline(always)]
            fn value(&self, [$($x),+]: [T; [$(stringify!($x)),+].len()]) -> T {
                $value
            }
            #[inline(always)]
            fn pull(
                &self,
                [$($x),+]: [T; [$(stringify!($x)),+].len()],
                $z: T,
                cotangent: T,
            ) -> [T; [$(stringify!($x)),+].len()] {
                [$(cotangent * $slope),+]
            }
            fn reads(&self) -> $crate::op::Reads {
                $crate::op::Reads::of_expressions(&[$(stringify!($slope)),+], &[$(stringify!($x)),+], stringify!($z))
            }
        }
    };
}
