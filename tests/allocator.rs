//! The allocator of these tests: it counts the allocations of each thread, and refuses what passes a limit.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait; this one passes on what it does not refuse")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// Allocations of a thread.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Count {
    pub(crate) own: usize,
    /// The buffers into which matrixmultiply packs, known by their alignment: no allocation of ours has one as large.
    pub(crate) packed: usize,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { own: 0, packed: 0 }) };
    static LARGEST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// What this thread has allocated so far.
pub(crate) fn count() -> Count {
    COUNT.get()
}

/// Runs `work` where no single allocation of this thread may be larger than `bytes`.
pub(crate) fn within<R>(bytes: usize, work: impl FnOnce() -> R) -> R {
    LARGEST.set(bytes);
    let result = work();
    LARGEST.set(usize::MAX);
    result
}

/// What a process may have in use once [`limit_memory`] was called. Far above what any case needs, far below what a machine
/// has.
const BYTES: isize = 256 << 20;

static LIMITED: AtomicBool = AtomicBool::new(false);
static IN_USE: AtomicIsize = AtomicIsize::new(0);

/// From now on, all memory of this process.
pub(crate) fn limit_memory() {
    LIMITED.store(true, Relaxed);
}

/// Notes a change of the memory in use; not where it would pass the limit.
fn admits(more: isize) -> bool {
    if !LIMITED.load(Relaxed) {
        return true;
    }
    let admitted = IN_USE.fetch_add(more, Relaxed).saturating_add(more) <= BYTES || more <= 0;
    if !admitted {
        IN_USE.fetch_sub(more, Relaxed);
    }
    admitted
}

/// Counts an allocation; whether it may be made.
fn counted(layout: Layout) -> bool {
    let Count { own, packed } = COUNT.get();
    COUNT.set(match layout.align() {
        ..16 => Count { own: own + 1, packed },
        _ => Count { own, packed: packed + 1 },
    });
    layout.size() <= LARGEST.get() && admits(layout.size() as isize)
}

struct Counting;

// SAFETY: either the system's allocator serves a request, under its own contract, or none does; counting touches integers only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if counted(layout) { unsafe { System.alloc(layout) } } else { null_mut() }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if counted(layout) { unsafe { System.alloc_zeroed(layout) } } else { null_mut() }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        admits(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) };
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let more = (size as isize).saturating_sub(layout.size() as isize);
        let grows = Layout::from_size_align(size, layout.align()).is_ok_and(counted_again);
        let admitted = grows && admits(more);
        if admitted { unsafe { System.realloc(pointer, layout, size) } } else { null_mut() }
    }
}

/// Counts an allocation that grows in place; whether it may be that large. What it adds is for [`admits`].
fn counted_again(layout: Layout) -> bool {
    let Count { own, packed } = COUNT.get();
    COUNT.set(Count { own: own + 1, packed });
    layout.size() <= LARGEST.get()
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
