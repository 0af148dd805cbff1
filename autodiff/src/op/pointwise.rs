//! Elementwise operations: each output element depends on one element of each input, and inputs broadcast. A [`Pointwise`]
//! defines the value and pullback of one element; the loops over elements are here, once.

use super::{Frame, InputGrads, Inputs, Mismatch, Reads, View, accumulate_or_write, expect_inputs, for_each_block};
use crate::array::Shape;
use crate::kernel::{Elementwise, add_each, copy_each, for_each_element};
use crate::scalar::Real;

/// An elementwise function of `N` inputs that broadcast.
///
/// [`scalar_op!`](crate::scalar_op) implements it, and [`Op`](super::Op), in one line. An operation with attributes
/// implements it by hand, and in its `Op` calls [`Pointwise::shape`], [`Pointwise::forward`] and [`Pointwise::backward`].
pub trait Pointwise<T: Real, const N: usize>: Sync {
    /// Whether value or derivatives contain the sine or cosine of an input. They are right in any case, and vectorize if this says
    /// so: the loops then look for inputs so large that they take longer.
    const SINES: bool = false;

    /// The value of one element.
    fn value(&self, inputs: [T; N]) -> T;

    /// The pullback of one element: for each input, the partial derivative times the cotangent.
    fn pull(&self, inputs: [T; N], output: T, cotangent: T) -> [T; N];

    /// The partial derivatives, if they are constant: backward then reads neither inputs nor output.
    #[inline(always)]
    fn factors(&self) -> Option<[T; N]> {
        None
    }

    /// What `pull` reads; see [`Op::reads`](super::Op::reads).
    fn reads(&self) -> Reads {
        if self.factors().is_some() { Reads::NOTHING } else { Reads::ALL }
    }

    /// The shape that the inputs broadcast to.
    ///
    /// # Errors
    /// If there are not `N` inputs, or they do not broadcast.
    fn shape(inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [first, rest @ ..] = &expect_inputs::<N>(inputs)?[..] else { return Ok(Shape::scalar()) };
        if rest.iter().all(|input| input == first) {
            return Ok((*first).clone());
        }
        let all = rest.iter().try_fold((*first).clone(), |shape, input| shape.broadcast(input));
        all.ok_or_else(|| Mismatch::new("shapes do not broadcast"))
    }

    /// Writes the value of every element.
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T]) {
        if let Some(slices) = inputs.whole(output.len()) {
            return for_each_element(Value(self), slices, [], output);
        }
        with_views(inputs, |views| {
            for_each_block(views, |first, slices| {
                let length = slices.first().map_or(output.len(), |slice| slice.len());
                for_each_element(Value(self), slices, [], &mut output[first..][..length]);
            });
        });
    }

    /// Adds the pullback of every element to the gradients of the inputs.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let factors = self.factors();
        for input in 0..N {
            if !grads.needs(input) {
                continue;
            }
            match (factors, input) {
                (Some(factors), _) => add_times(factors[input], cotangent, (at, input), grads),
                // A constant index, so that the partial derivatives of other inputs are not computed.
                (_, 0) => pull_input(self, at, cotangent, (grads, 0), |pulled| pulled[0]),
                (_, 1) if const { N > 1 } => pull_input(self, at, cotangent, (grads, 1), |pulled| pulled[1]),
                _ if const { N > 2 } => pull_input(self, at, cotangent, (grads, input), |pulled| pulled[input]),
                _ => {}
            }
        }
    }
}

/// Whether one of these expressions calls the method `sin` or `cos`: the [`Pointwise::SINES`] of an operation that a macro defines.
pub const fn takes_sines(expressions: &[&str]) -> bool {
    let mut k = 0;
    while k < expressions.len() {
        let mut text = expressions[k].as_bytes();
        while let [_, rest @ ..] = text {
            if matches!(text, [b'.', b's', b'i', b'n', b'(', ..] | [b'.', b'c', b'o', b's', b'(', ..]) {
                return true;
            }
            text = rest;
        }
        k += 1;
    }
    false
}

/// Writes the value of an element.
struct Value<'p, P: ?Sized>(&'p P);

/// Adds what `choose` takes of the pullback of an element, or writes it.
struct Pull<'p, P: ?Sized, C, const WRITE: bool>(&'p P, C);

/// Adds a multiple of an element, or writes it.
#[derive(Clone, Copy)]
struct Scale<T, const WRITE: bool>(T);

impl<P: ?Sized> Clone for Value<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: ?Sized> Copy for Value<'_, P> {}

impl<P: ?Sized, C: Copy, const WRITE: bool> Clone for Pull<'_, P, C, WRITE> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: ?Sized, C: Copy, const WRITE: bool> Copy for Pull<'_, P, C, WRITE> {}

impl<T: Real, const WRITE: bool> Elementwise<T, 1, 0> for Scale<T, WRITE> {
    #[inline(always)]
    fn apply(self, [x]: [T; 1], []: [T; 0], sum: &mut T) {
        let term = self.0 * x;
        if WRITE { *sum = term } else { *sum += term }
    }
}

impl<T: Real, P: Pointwise<T, N> + ?Sized, const N: usize> Elementwise<T, N, 0> for Value<'_, P> {
    const SINES: bool = P::SINES;

    #[inline(always)]
    fn apply(self, inputs: [T; N], []: [T; 0], output: &mut T) {
        *output = self.0.value(inputs);
    }
}

impl<T, P, C, const N: usize, const WRITE: bool> Elementwise<T, N, 2> for Pull<'_, P, C, WRITE>
where
    T: Real,
    P: Pointwise<T, N> + ?Sized,
    C: Fn([T; N]) -> T + Copy + Sync,
{
    const SINES: bool = P::SINES;

    #[inline(always)]
    fn apply(self, inputs: [T; N], [output, cotangent]: [T; 2], sum: &mut T) {
        let term = (self.1)(self.0.pull(inputs, output, cotangent));
        if WRITE { *sum = term } else { *sum += term }
    }
}

/// Adds `factor` times the cotangent to the gradient of an input.
fn add_times<T: Real>(factor: T, cotangent: &[T], (at, input): (Frame<'_, T>, usize), grads: &mut InputGrads<'_, T>) {
    let scale = |first: usize, sums: &mut [T], fresh: bool| match fresh {
        true if factor == T::ONE => copy_each(&cotangent[first..][..sums.len()], sums),
        false if factor == T::ONE => add_each(&cotangent[first..], sums),
        true => for_each_element(Scale::<_, true>(factor), [&cotangent[first..]], [], sums),
        false => for_each_element(Scale::<_, false>(factor), [&cotangent[first..]], [], sums),
    };
    if let Some((sums, fresh)) = grads.whole(input, cotangent.len()) {
        return scale(0, sums, fresh);
    }
    grads.broadcast(input, at.inputs.output_shape(), |grad| match factor == T::ONE {
        true => grad.add(cotangent),
        false => accumulate_or_write([], grad, |first, [], sums, fresh| scale(first, sums, fresh)),
    });
}

/// Calls `work` with the inputs broadcast to the output's shape.
fn with_views<T: Real, const N: usize>(inputs: Inputs<'_, T>, work: impl FnOnce([View<'_, T>; N])) {
    if N == 1 {
        return work(std::array::from_fn(|input| inputs.view(input)));
    }
    inputs.broadcast(work);
}

/// Adds to the gradient of an input what `choose` takes of the pullback.
fn pull_input<T: Real, P: Pointwise<T, N> + ?Sized, const N: usize>(
    op: &P,
    at: Frame<'_, T>,
    cotangent: &[T],
    (grads, input): (&mut InputGrads<'_, T>, usize),
    choose: impl Fn([T; N]) -> T + Copy + Sync,
) {
    let pull = |first: usize, inputs: [&[T]; N], sums: &mut [T], fresh: bool| {
        let others = [&at.output[first..], &cotangent[first..]];
        match fresh {
            true => for_each_element(Pull::<_, _, true>(op, choose), inputs, others, sums),
            false => for_each_element(Pull::<_, _, false>(op, choose), inputs, others, sums),
        }
    };
    if let Some(inputs) = at.inputs.whole(cotangent.len())
        && let Some((sums, fresh)) = grads.whole(input, cotangent.len())
    {
        return pull(0, inputs, sums, fresh);
    }
    with_views(at.inputs, |inputs| {
        grads.broadcast(input, at.inputs.output_shape(), |grad| accumulate_or_write(inputs, grad, pull));
    });
}

#[cfg(test)]
mod tests {
    use super::{Pointwise, takes_sines};
    use crate::ops::{Asin, Cos, Sin};

    crate::scalar_op! { Polar, |r, angle| r * angle.cos(), |_y| [angle.cos(), -r * angle.sin()] }

    #[test]
    fn operations_defined_by_macros_know_whether_they_take_sines() {
        let [sin, cos] = [<Sin as Pointwise<f32, 1>>::SINES, <Cos as Pointwise<f32, 1>>::SINES];
        let [polar, asin] = [<Polar as Pointwise<f32, 2>>::SINES, <Asin as Pointwise<f32, 1>>::SINES];
        assert_eq!([sin, cos, polar, asin], [true, true, true, false]);
        assert!(takes_sines(&["x", "x\n    .cos()"]) && !takes_sines(&["x.acos() + sin", "cosine(x)", ""]));
    }
}
