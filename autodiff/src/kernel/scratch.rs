//! Buffers that an operation needs while it runs, kept from run to run so that a training step allocates nothing.

use std::any::Any;
use std::cell::RefCell;

use crate::real::Real;

thread_local! {
    /// Vectors of any scalar that are not lent out.
    static IDLE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with `length` zeros. It may ask for further buffers, which are others.
pub(crate) fn with_scratch<T: Real, R>(length: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    let mut buffer: Box<dyn Any> = IDLE.with_borrow_mut(|idle| {
        // The smallest that is large enough, else the largest: then the same requests find their buffers again.
        let capacity = |buffer: &dyn Any| buffer.downcast_ref::<Vec<T>>().map(Vec::capacity);
        let fitting = |(place, buffer): (usize, &Box<dyn Any>)| capacity(&**buffer).map(|size| (place, size));
        let best = idle.iter().enumerate().filter_map(fitting).min_by_key(|&(_, size)| match size >= length {
            true => (0, size),
            false => (1, usize::MAX - size),
        });
        best.map_or_else(|| Box::new(Vec::<T>::new()) as Box<dyn Any>, |(place, _)| idle.swap_remove(place))
    });
    let result = match buffer.downcast_mut::<Vec<T>>() {
        Some(numbers) => {
            numbers.clear();
            numbers.resize(length, T::ZERO);
            work(numbers)
        }
        None => work(&mut vec![T::ZERO; length]), // never: it was asked for or made as this type
    };
    IDLE.with_borrow_mut(|idle| idle.push(buffer));
    result
}

#[cfg(test)]
mod tests {
    use super::with_scratch;

    #[test]
    fn buffers_are_zero_and_nested_ones_are_others() {
        for _ in 0..2 {
            with_scratch(3, |outer: &mut [f32]| {
                assert_eq!(outer, [0.0; 3]);
                outer.fill(1.0);
                with_scratch(2, |inner: &mut [f32]| {
                    assert_eq!(inner, [0.0; 2]);
                    inner.fill(2.0);
                });
                with_scratch(1, |other: &mut [f64]| assert_eq!(other, [0.0]));
                assert_eq!(outer, [1.0; 3]);
            });
        }
    }
}
