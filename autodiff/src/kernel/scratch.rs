//! Buffers that an operation needs while it runs, kept from run to run so that a training step allocates nothing.
//!
//! A rule has no way to fail, and should have none: the one thing in it that can is this memory. So a buffer that is not to
//! be had is noted here, and whoever ran the rule asks with [`shortage`] and gives the error.

use std::any::Any;
use std::cell::{Cell, RefCell};

use crate::scalar::Real;

thread_local! {
    /// Vectors of any scalar that are not lent out.
    static IDLE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    /// Bytes of the first buffer that was not to be had.
    static SHORTAGE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Bytes of the first buffer on this thread that was not to be had since this was last asked.
pub(crate) fn shortage() -> Option<usize> {
    SHORTAGE.take()
}

/// Calls `work` with `length` zeros, or leaves it and notes a [`shortage`]. It may ask for further buffers, which are others.
pub(crate) fn with_scratch<T: Real>(length: usize, work: impl FnOnce(&mut [T])) {
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
    // It was asked for or made as this type.
    if let Some(numbers) = buffer.downcast_mut::<Vec<T>>() {
        numbers.clear();
        if numbers.try_reserve_exact(length).is_ok() {
            numbers.resize(length, T::ZERO);
            work(numbers);
        } else {
            let bytes = length.saturating_mul(size_of::<T>());
            SHORTAGE.with(|shortage| shortage.set(shortage.get().or(Some(bytes))));
        }
    }
    IDLE.with_borrow_mut(|idle| idle.push(buffer));
}

#[cfg(test)]
mod tests {
    use super::{shortage, with_scratch};

    #[test]
    fn a_buffer_larger_than_memory_is_noted_and_the_work_left() {
        with_scratch(1 << 50, |_: &mut [f64]| unreachable!());
        with_scratch(usize::MAX, |_: &mut [f64]| unreachable!());
        assert_eq!((shortage(), shortage()), (Some(1 << 53), None));
    }

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
