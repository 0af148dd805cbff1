//! The short form of an operation of one's own.

/// Defines an elementwise operation of one or more inputs that broadcast, generic over the scalar: name, value, and the
/// derivative with respect to each input, in terms of the inputs and the output. `T` is the scalar.
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
/// For attributes, saved values or another shape rule, implement [`Op`](crate::Op).
#[macro_export]
macro_rules! scalar_op {
    ($(#[$doc:meta])* $visibility:vis $name:ident, |$($x:ident),+| $value:expr, |$z:ident| [$($slope:expr),+ $(,)?]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        $visibility struct $name;

        impl<T: $crate::Real> $crate::Op<T> for $name {
            fn name(&self) -> &'static str {
                stringify!($name)
            }
            fn shape(&self, inputs: &[&$crate::Shape]) -> Result<$crate::Shape, $crate::Mismatch> {
                let [$($x),+] = $crate::exactly(inputs)?;
                let shape = Some($crate::Shape::scalar())$(.and_then(|shape| shape.broadcast($x)))+;
                shape.ok_or_else(|| $crate::Mismatch::new("shapes do not broadcast"))
            }
            fn forward(&self, inputs: $crate::Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                inputs.broadcast(|inputs| {
                    $crate::for_each_block(inputs, |first, slices| {
                        let [$($x),+] = slices;
                        for (k, place) in output[first..][..slices[0].len()].iter_mut().enumerate() {
                            $(let $x = $x[k];)+
                            *place = $value;
                        }
                    });
                });
            }
            #[allow(unused_variables, reason = "a derivative need not use every input")]
            fn backward(&self, at: $crate::Frame<'_, T>, cotangent: &[T], grads: &mut $crate::InputGrads<'_, T>) {
                const INPUTS: usize = [$(stringify!($x)),+].len();
                at.inputs.broadcast(|inputs: [_; INPUTS]| {
                    for input in 0..INPUTS {
                        grads.broadcast(input, at.inputs.output_shape(), |grad| {
                            $crate::accumulate(inputs, grad, |first, slices, sums| {
                                let [$($x),+] = slices;
                                for (k, sum) in sums.iter_mut().enumerate() {
                                    $(let $x = $x[k];)+
                                    let $z = at.output[first + k];
                                    let slopes: [T; INPUTS] = [$($slope),+];
                                    *sum += cotangent[first + k] * slopes[input];
                                }
                            });
                        });
                    }
                });
            }
        }
    };
}
