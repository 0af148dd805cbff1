//! Triangles of matrices.

use super::prelude::*;
use crate::kernel::with_scratch;

/// Defines a triangle of each matrix `[.., m, n]` by the comparison of column minus row with `diagonal`.
macro_rules! triangles {
    ($($(#[$doc:meta])* $name:ident: $op:ident keeps $keeps:tt;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $op {
                /// The diagonal: 0 is the main one, 1 the one above, −1 the one below.
                pub diagonal: isize,
            }

            impl $op {
                fn clear_rest<T: Real>(&self, shape: &Shape, values: &mut [T]) {
                    let [.., rows, columns] = shape[..] else { return };
                    if rows == 0 || columns == 0 {
                        return;
                    }
                    for (k, row) in values.chunks_exact_mut(columns).enumerate() {
                        let i = (k % rows) as i128;
                        for (j, x) in row.iter_mut().enumerate() {
                            if !(j as i128 - i $keeps self.diagonal as i128) {
                                *x = T::ZERO;
                            }
                        }
                    }
                }
            }

            impl<T: Real> Op<T> for $op {
                fn name(&self) -> &'static str {
                    stringify!($name)
                }
                fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
                    let [x] = expect_inputs(inputs)?;
                    if x.rank() < 2 {
                        return Err(Mismatch::new("a matrix has two axes"));
                    }
                    Ok(x.clone())
                }
                fn reads(&self) -> Reads {
                    Reads::NOTHING
                }
                fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
                    inputs.view(0).copy_to(output);
                    self.clear_rest(inputs.output_shape(), output);
                }
                fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
                    let Some(grad) = grads.view(0) else { return };
                    with_scratch(cotangent.len(), |kept| {
                        kept.copy_from_slice(cotangent);
                        self.clear_rest(at.inputs.output_shape(), kept);
                        grad.add(kept);
                    });
                }
            }
        )*

        /// # Triangles of matrices
        impl<'t, T: Real> Var<'t, T> {
            $(
                $(#[$doc])*
                #[track_caller]
                #[must_use]
                pub fn $name(self, diagonal: isize) -> Var<'t, T> {
                    self.apply($op { diagonal })
                }
            )*
        }

        #[cfg(feature = "catalogue")]
        pub(super) const ENTRIES: &[Entry] = &[$(
            Entry {
                name: stringify!($name),
                draw: |choices| {
                    let diagonal = [0, 1, -1, 2, -2, -7, 7][choices.below(7)];
                    Case::new($op { diagonal }, [Domain::REAL.sample(choices.shape(2, 4))])
                },
            },
        )*];
    };
}

triangles! {
    /// The lower triangle of each matrix `[.., m, n]`, 0 elsewhere: keeps elements with column minus row at most
    /// `diagonal` (0 is the main diagonal, 1 the one above).
    tril: Tril keeps <=;

    /// The upper triangle of each matrix `[.., m, n]`, 0 elsewhere: keeps elements with column minus row at least
    /// `diagonal` (0 is the main diagonal, 1 the one above).
    triu: Triu keeps >=;
}
