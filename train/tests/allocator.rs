//! An allocator that counts what each thread holds.
#![allow(unsafe_code, reason = "a counting allocator can only be written with unsafe; it passes every call on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts the bytes that each thread holds, and the most that it has held.
struct Counting;

thread_local! {
    static HELD: Cell<[usize; 2]> = const { Cell::new([0; 2]) };
}

// SAFETY: every call goes to the system allocator unchanged; counting touches thread-local integers only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.with(|held| {
            let [now, most] = held.get();
            let now = now.saturating_add(layout.size());
            held.set([now, most.max(now)]);
        });
        // SAFETY: the caller's contract is that of `System`.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.with(|held| held.set([held.get()[0].saturating_sub(layout.size()), held.get()[1]]));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The result of `work`, and the most bytes that it held at once.
pub(super) fn held<R>(work: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.with(Cell::get)[0];
    HELD.with(|held| held.set([before; 2]));
    let result = work();
    (result, HELD.with(Cell::get)[1] - before)
}
