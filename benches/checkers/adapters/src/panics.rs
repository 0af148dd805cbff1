//! Panics of a framework, caught without noise.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

static QUIET: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Runs without messages of panics.
pub fn quietly<R>(run: impl FnOnce() -> R) -> R {
    HOOK.call_once(|| {
        let own = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.load(Ordering::Relaxed) {
                own(info);
            }
        }));
    });
    let before = QUIET.swap(true, Ordering::Relaxed);
    let result = run();
    QUIET.store(before, Ordering::Relaxed);
    result
}

/// Runs; a panic is its message.
pub fn caught<R>(run: impl FnOnce() -> R) -> Result<R, String> {
    quietly(|| catch_unwind(AssertUnwindSafe(run)).map_err(|payload| message(&*payload)))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}
