//! Threads that help the caller of a kernel, and stay awake from one piece of work to the next.
//!
//! A training step is hundreds of pieces of work of some microseconds each, and waking a thread takes longer than many of them.
//! So a thread of the caller's rayon pool that has helped looks out for more for [`PATIENCE`] before it returns to rayon. It is
//! awake during training steps and asleep otherwise.

use std::any::Any;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::yield_now;
use std::time::{Duration, Instant};

/// How long a thread looks out for work: longer than a step is without any, shorter than anybody notices.
const PATIENCE: Duration = Duration::from_micros(200);

/// Looks at the board, or whether a helper is done, after which a thread lets others run on its core.
const LOOKS: usize = 200;

/// Work that helpers may join.
static BOARD: Mutex<Vec<Notice>> = Mutex::new(Vec::new());

/// The number of places on the board, to look at without its lock.
static PLACES: AtomicUsize = AtomicUsize::new(0);

/// Threads that look out or are about to.
static LOOKOUTS: AtomicUsize = AtomicUsize::new(0);

/// A piece of work in which several threads call the same function.
struct Work<'w> {
    function: &'w (dyn Fn() + Sync),
    helpers: AtomicUsize,
    /// What a helper panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// A piece of work on the board.
struct Notice {
    work: *const Work<'static>,
    /// How many helpers may still join.
    places: usize,
}

// SAFETY: `Work` may be used by several threads, because its function is `Sync`; the pointer is followed only as `join` says.
unsafe impl Send for Notice {}

/// Calls `function` on this thread and, meanwhile, on as many as `others` that have nothing else to do. Returns when all calls have.
pub(super) fn together(others: usize, function: &(dyn Fn() + Sync)) {
    let work = Work { function, helpers: AtomicUsize::new(0), panic: Mutex::new(None) };
    let posted = Posted::new(&work, others);
    for _ in LOOKOUTS.load(Relaxed)..others {
        LOOKOUTS.fetch_add(1, Relaxed);
        rayon::spawn(look_out);
    }
    function();
    drop(posted);
    let panic = work.panic.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(panic) = panic {
        resume_unwind(panic);
    }
}

/// Work that is on the board. Before it goes out of scope, also in a panic, it takes the notice down and waits for the helpers.
struct Posted<'p, 'w> {
    work: &'p Work<'w>,
}

impl<'p, 'w> Posted<'p, 'w> {
    fn new(work: &'p Work<'w>, places: usize) -> Self {
        let notice = Notice { work: std::ptr::from_ref(work).cast(), places };
        board().push(notice);
        PLACES.fetch_add(places, Release);
        Posted { work }
    }
}

impl Drop for Posted<'_, '_> {
    fn drop(&mut self) {
        let own: *const Work<'static> = std::ptr::from_ref(self.work).cast();
        board().retain(|notice| {
            let other = !std::ptr::eq(notice.work, own);
            if !other {
                PLACES.fetch_sub(notice.places, Relaxed);
            }
            other
        });
        let mut looks = 0;
        while self.work.helpers.load(Acquire) > 0 {
            wait(&mut looks);
        }
    }
}

fn board() -> MutexGuard<'static, Vec<Notice>> {
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait(looks: &mut usize) {
    *looks += 1;
    if looks.is_multiple_of(LOOKS) {
        yield_now();
    } else {
        spin_loop();
    }
}

/// Helps with what is on the board until there has been nothing for a while.
fn look_out() {
    let (mut since, mut looks) = (Instant::now(), 0);
    loop {
        if PLACES.load(Acquire) > 0 && join() {
            (since, looks) = (Instant::now(), 0);
            continue;
        }
        wait(&mut looks);
        if looks.is_multiple_of(LOOKS) {
            // Whatever else the pool has to do comes first.
            if since.elapsed() > PATIENCE || rayon::yield_now() == Some(rayon::Yield::Executed) {
                break;
            }
        }
    }
    LOOKOUTS.fetch_sub(1, Relaxed);
}

/// Helps with a piece of work; false if there is none.
fn join() -> bool {
    let Some(work) = enter() else { return false };
    // SAFETY: `enter` counted this thread among the helpers while the notice was on the board, which holds the lock. Whoever put
    // it up takes it down under the lock, and then keeps the work alive until no helper is left.
    let work = unsafe { &*work };
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work.function)) {
        work.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(panic);
    }
    // From here on the work may be gone.
    work.helpers.fetch_sub(1, AcqRel);
    true
}

/// Takes a place on the board.
fn enter() -> Option<*const Work<'static>> {
    let mut board = board();
    let notice = board.iter_mut().find(|notice| notice.places > 0)?;
    notice.places -= 1;
    PLACES.fetch_sub(1, Relaxed);
    // SAFETY: the notice is on the board, and the lock is held.
    unsafe { &*notice.work }.helpers.fetch_add(1, Relaxed);
    Some(notice.work)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering::SeqCst;

    use super::*;

    /// Calls in which `others` may take part, until one of them has.
    fn until_helped(function: impl Fn(bool) + Sync) {
        let caller = std::thread::current().id();
        let helped = AtomicUsize::new(0);
        while helped.load(SeqCst) == 0 {
            together(2, &|| {
                let helps = std::thread::current().id() != caller;
                helped.fetch_add(usize::from(helps), SeqCst);
                function(helps);
                std::thread::sleep(Duration::from_millis(1));
            });
        }
    }

    #[test]
    fn others_help_and_are_done_when_the_call_returns() {
        let running = AtomicUsize::new(0);
        for _ in 0..20 {
            until_helped(|_| {
                running.fetch_add(1, SeqCst);
                std::thread::sleep(Duration::from_micros(300));
                running.fetch_sub(1, SeqCst);
            });
            assert_eq!(running.load(SeqCst), 0);
        }
    }

    #[test]
    fn a_panic_of_a_helper_is_the_callers_and_the_helper_goes_on() {
        let panicked = catch_unwind(|| until_helped(|helps| assert!(!helps, "a helper's")));
        let message = panicked.unwrap_err().downcast::<&str>().unwrap();
        assert_eq!(*message, "a helper's");
        until_helped(|_| ());
    }

    #[test]
    fn nobody_looks_out_for_long() {
        until_helped(|_| ());
        let start = Instant::now();
        while LOOKOUTS.load(SeqCst) > 0 && start.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}
