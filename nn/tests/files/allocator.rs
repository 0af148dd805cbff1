//! An allocator that counts the memory of each thread, and gives it no more than it may have.
#![allow(
    unsafe_code,
    reason = "an allocator can only be written with unsafe; this one passes on what it does not reject"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(isize::MAX) };
}

/// Counts `size` bytes more; whether the limit allows them.
fn count(size: isize) -> bool {
    let held = HELD.get() + size;
    if held > MOST.get() {
        return false;
    }
    HELD.set(held);
    PEAK.set(PEAK.get().max(held));
    true
}

// SAFETY: every call that is not rejected goes to the system allocator unchanged; a rejection is a null pointer, as the trait
// asks for; counting touches thread-local integers only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !count(layout.size() as isize) {
            return null_mut();
        }
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if !count(layout.size() as isize) {
            return null_mut();
        }
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }
    // `realloc` is the trait's own: it allocates, copies and frees, so that old and new count together.
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` gives, and the bytes that it held at most, beside those that there were. An allocation that brings it
/// above `most` fails, and if nobody is prepared for that, the process ends.
pub(crate) fn peak<R>(most: usize, work: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.get();
    PEAK.set(before);
    MOST.set(before.saturating_add(most as isize));
    let result = work();
    MOST.set(isize::MAX);
    (result, (PEAK.get() - before) as usize)
}
