//! Batches computed ahead on a background thread.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, JoinHandle};

use autodiff::Error;

/// An iterator over the items of `source`, in order, computed ahead on a background thread.
///
/// Items that are errors keep their position, and a panic of `source` is resumed on the thread that calls `next`. Dropping
/// the iterator early stops the thread after its current item.
#[derive(Debug)]
pub struct Prefetch<B> {
    /// `None` only while this is dropped.
    items: Option<Receiver<Box<B>>>,
    thread: Option<JoinHandle<()>>,
}

/// The most items that may wait.
const MOST_AHEAD: usize = 1 << 16;

impl<B: Send + 'static> Prefetch<B> {
    /// Computes ahead such that at most `ahead` items wait, and one more is being computed.
    ///
    /// # Errors
    /// More than 65,536 items ahead; a thread that cannot be started.
    pub fn new(source: impl Iterator<Item = B> + Send + 'static, ahead: usize) -> Result<Self, Error> {
        if ahead > MOST_AHEAD {
            let requirement = "at most 65536: memory for that many items is reserved";
            return Err(Error::Setting { name: "ahead", value: ahead.to_string(), requirement });
        }
        let (sender, items) = sync_channel(ahead);
        let run = move || {
            for item in source {
                // Boxed, so that the reserved memory does not depend on the size of the items.
                if sender.send(Box::new(item)).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("prefetch".into()).spawn(run);
        let thread = thread.map_err(|e| Error::Thread { what: "prefetch", reason: e.to_string() })?;
        Ok(Prefetch { items: Some(items), thread: Some(thread) })
    }
}

impl<B> Iterator for Prefetch<B> {
    type Item = B;

    fn next(&mut self) -> Option<B> {
        let item = self.items.as_ref().and_then(|items| items.recv().ok());
        if item.is_none()
            && let Some(Err(panic)) = self.thread.take().map(JoinHandle::join)
        {
            resume_unwind(panic);
        }
        item.map(|item| *item)
    }
}

impl<B> Drop for Prefetch<B> {
    fn drop(&mut self) {
        // First the receiver: its end stops a thread that waits to send.
        self.items = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the source is dropped with the iterator.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::data::{Batches, Digits};

    #[test]
    fn prefetched_batches_are_the_same() {
        let digits = Digits::load::<f32>().unwrap();
        let batches = Batches::new(100).shuffled(3);
        for ahead in [0, 1, 100] {
            let epoch = || batches.epoch(&digits, 1).unwrap();
            assert!(Prefetch::new(epoch(), ahead).unwrap().eq(epoch()));
        }
    }

    #[test]
    fn dropping_early_ends_the_thread_and_the_queue_is_bounded() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let source = std::iter::repeat_with(move || count.fetch_add(1, Ordering::SeqCst));
        let mut endless = Prefetch::new(source, 2).unwrap();
        assert_eq!(endless.next(), Some(0));
        drop(endless);
        // The thread, which owned the other reference, has ended. One item was taken, two waited, one was computed.
        assert_eq!(Arc::strong_count(&made), 1);
        assert!(made.load(Ordering::SeqCst) <= 4);
    }

    #[test]
    fn an_error_of_the_source_keeps_its_position() {
        let error = || Error::InvalidInput { what: "data set", reason: "damaged".into() };
        let source = move || vec![Ok(1), Err(error()), Ok(2)].into_iter();
        assert!(Prefetch::new(source(), 1).unwrap().eq(source()));
    }

    #[test]
    fn a_panic_of_the_source_reaches_the_caller() {
        let mut items = Prefetch::new((0..3).map(|k| 6 / (2 - k)), 1).unwrap();
        assert_eq!((items.next(), items.next()), (Some(3), Some(6)));
        assert!(catch_unwind(AssertUnwindSafe(|| items.next())).is_err());
        assert_eq!(items.next(), None);
    }

    #[test]
    fn more_items_than_memory_can_hold_are_an_error() {
        assert!(Prefetch::new(0..3, 65_536).unwrap().eq(0..3));
        // Large items too: none of their memory is reserved.
        assert_eq!(Prefetch::new(vec![[0_u8; 1 << 16]; 2].into_iter(), 65_536).unwrap().count(), 2);
        for ahead in [65_537, 1 << 45, usize::MAX] {
            let error = Prefetch::new(0..3, ahead).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("ahead is {ahead}: must be at most 65536: memory for that many items is reserved")
            );
        }
    }
}
