//! Scratch buffers of operations, reused so that a training step allocates nothing.
//!
//! `forward` and `backward` of an operation cannot fail, except for lack of this memory. So a failed allocation is recorded
//! here, and the caller of the operation checks [`shortage`] and returns the error.

use std::any::Any;
use std::cell::{Cell, RefCell};

thread_local! {
    /// Free vectors of all scalars.
    static IDLE: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
    /// Bytes of the first failed allocation.
    static SHORTAGE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Bytes of the first failed allocation on this thread since the last call, if any.
pub(crate) fn shortage() -> Option<usize> {
    SHORTAGE.take()
}

/// Records a [`shortage`] of this many bytes on this thread.
pub(super) fn record(bytes: usize) {
    SHORTAGE.with(|shortage| shortage.set(shortage.get().or(Some(bytes))));
}

/// Runs `work`; the shortage in it, if any, which is for the caller on another thread and not for what this thread was doing.
pub(super) fn shortage_of(work: impl FnOnce()) -> Option<usize> {
    let earlier = SHORTAGE.take();
    work();
    SHORTAGE.replace(earlier)
}

/// Calls `work` with a buffer of `length` zeros; if it cannot be allocated, records a [`shortage`] instead. Calls may be
/// nested.
pub(crate) fn with_scratch<T: Copy + Default + 'static>(length: usize, work: impl FnOnce(&mut [T])) {
    with_unset_scratch(length, |buffer| {
        buffer.fill(T::default());
        work(buffer);
    });
}

/// As [`with_scratch`], for buffers that are written before they are read: the elements are whatever was there.
pub(crate) fn with_unset_scratch<T: Copy + Default + 'static>(length: usize, work: impl FnOnce(&mut [T])) {
    if length == 0 {
        return work(&mut []); // and leave the buffers to those who need one
    }
    if let Some(mut buffer) = lend(length) {
        work(&mut buffer[..length]);
        take_back(buffer);
    }
}

/// A vector of at least `length` elements.
// Separate from `with_scratch`, so that it is compiled once per scalar and not for each `work`.
#[expect(clippy::box_collection, reason = "the box is what is kept, of any scalar")]
fn lend<T: Copy + Default + 'static>(length: usize) -> Option<Box<Vec<T>>> {
    let idle = IDLE.with_borrow_mut(|idle| {
        // The smallest that is large enough, otherwise the largest: a repeated sequence of requests reuses the same buffers.
        let mut best: Option<(usize, (bool, usize))> = None;
        for (index, buffer) in idle.iter().enumerate() {
            let Some(held) = buffer.downcast_ref::<Vec<T>>().map(Vec::len) else { continue };
            let rank = if held >= length { (false, held) } else { (true, usize::MAX - held) };
            if best.is_none_or(|(_, best)| rank < best) {
                best = Some((index, rank));
            }
        }
        best.map(|(index, _)| idle.swap_remove(index))
    });
    let mut buffer: Box<Vec<T>> = idle.and_then(|buffer| buffer.downcast().ok()).unwrap_or_default();
    if buffer.len() >= length {
        return Some(buffer);
    }
    buffer.clear(); // so that the elements are not copied
    if buffer.try_reserve_exact(length).is_ok() {
        buffer.resize(length, T::default());
        return Some(buffer);
    }
    record(length.saturating_mul(size_of::<T>()));
    take_back(buffer);
    None
}

fn take_back(buffer: Box<dyn Any>) {
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
