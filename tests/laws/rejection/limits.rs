//! An allocator that refuses what would bring the memory in use past a limit, once a process has asked for it.
#![allow(unsafe_code, reason = "an allocator is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

/// What a case may have in use at a time. Far above what any needs, far below what a machine has.
const BYTES: isize = 256 << 20;

static LIMITED: AtomicBool = AtomicBool::new(false);
static IN_USE: AtomicIsize = AtomicIsize::new(0);

/// From now on, in this process.
pub(super) fn limit_memory() {
    LIMITED.store(true, Relaxed);
}

struct Limited;

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

// SAFETY: either the system's allocator serves a request, under its own contract, or none does.
unsafe impl GlobalAlloc for Limited {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if admits(layout.size() as isize) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if admits(layout.size() as isize) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        admits(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) };
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let admitted = admits((size as isize).saturating_sub(layout.size() as isize));
        if admitted { unsafe { System.realloc(pointer, layout, size) } } else { std::ptr::null_mut() }
    }
}

#[global_allocator]
static ALLOCATOR: Limited = Limited;
