//! Work divided among threads, into parts that do not depend on how many threads there are.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use super::refusal::{FirstRefusal, apart, refuse, refused};
use super::scratch;
use super::team::together;

/// Multiplications and additions from which a part is worth another thread: about 5 µs of one core.
const WORK: usize = 1 << 19;

/// What reading an element costs, in multiplications and additions of a product.
const ELEMENT: usize = 16;

/// The number of parts, at most.
pub(super) const MOST: usize = 8;

/// The number of items per part, for `items` that take `work` multiplications and additions together.
pub(super) fn items_per_part(items: usize, work: usize) -> usize {
    let parts = (work / WORK).clamp(1, MOST);
    items.div_ceil(parts).max(1)
}

/// The number of lines per part, for `lines` that have this many elements together.
pub(crate) fn lines_per_part(lines: usize, elements: usize) -> usize {
    items_per_part(lines, elements.saturating_mul(ELEMENT))
}

/// The size of parts of an array: a multiple of `unit`.
pub(crate) fn part_size(length: usize, unit: usize) -> usize {
    length.div_ceil(MOST).next_multiple_of(unit)
}

/// The result of `work` for each part of `values`, the sizes of which are multiples of `unit`; `unused` for the other entries.
pub(super) fn of_each_part<T: Sync, R: Copy + Send>(
    values: &[T],
    unit: usize,
    unused: R,
    work: impl Fn(&[T]) -> R + Sync,
) -> [R; MOST] {
    let (size, mut results) = (part_size(values.len(), unit), [unused; MOST]);
    for_each_part(&mut results[..values.len().div_ceil(size.max(1))], 1, |part, result| {
        let rest = &values[part * size..];
        result.fill(work(&rest[..size.min(rest.len())]));
    });
    results
}

/// Calls `work` with the index of each part of `result` and its `size` elements; the last part may have fewer.
///
/// The caller takes parts itself, and other threads of its rayon pool take what is left. Divide by the size of a problem, not by
/// the number of threads, so that results do not depend on it. A part is worth another thread from some microseconds on.
///
/// ```
/// use autodiff::op::for_each_part;
///
/// let mut squares = [0; 1000];
/// for_each_part(&mut squares, 300, |part, squares| {
///     squares.iter_mut().zip(300 * part..).for_each(|(square, k)| *square = k * k);
/// });
/// assert_eq!(squares[999], 998_001);
/// ```
pub fn for_each_part<T: Send>(result: &mut [T], size: usize, work: impl Fn(usize, &mut [T]) + Sync) {
    let size = size.max(1);
    if result.len() <= size {
        if !result.is_empty() {
            work(0, result);
        }
        return;
    }
    let others = result.len().div_ceil(size).min(rayon::current_num_threads()).saturating_sub(1);
    let parts = Mutex::new(result.chunks_mut(size).enumerate());
    // A function of its own, so that the lock is not held while a part is computed.
    let next = || parts.lock().unwrap_or_else(PoisonError::into_inner).next();
    // What is refused in a part, and a shortage of scratch memory there, are the caller's.
    let (refusal, short) = (FirstRefusal::new(), AtomicUsize::new(0));
    let run = || {
        while let Some((part, result)) = next() {
            work(part, result);
            if let Some(mismatch) = refused() {
                refusal.note(part, mismatch);
            }
        }
    };
    if others == 0 {
        apart(run);
    } else {
        together(others, &|| {
            short.fetch_max(scratch::shortage_of(|| apart(run)).unwrap_or(0), Relaxed);
        });
    }
    let short = short.into_inner();
    if short > 0 {
        scratch::record(short);
    }
    if let Some((_, mismatch)) = refusal.into_inner() {
        refuse(mismatch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Mismatch;
    use crate::kernel::{shortage, with_scratch};

    #[test]
    fn a_shortage_in_a_part_is_the_callers_and_nobody_elses() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let (mut result, mut ran) = ([0; 64], 0);
        pool.install(|| {
            for _ in 0..20 {
                for_each_part(&mut result, 8, |part, result| {
                    result.fill(part);
                    if part % 3 == 1 {
                        with_scratch(1 << 50, |_: &mut [f64]| unreachable!());
                    }
                });
                assert_eq!(shortage(), Some(1 << 53));
                ran += 1;
            }
        });
        assert_eq!((ran, result[0], result[63]), (20, 0, 7));
        assert!(pool.broadcast(|_| shortage()).iter().all(Option::is_none));
    }

    #[test]
    fn the_refusal_of_the_first_part_is_the_callers_and_an_earlier_one_stays() {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (of_parts, earlier) = pool.install(|| {
                let refuse_parts = || {
                    for_each_part(&mut [0; 64], 8, |part, _| {
                        if part > 2 {
                            refuse(Mismatch::new(format!("part {part}")));
                        }
                    });
                    refused().unwrap().to_string()
                };
                let of_parts = refuse_parts();
                refuse(Mismatch::new("earlier"));
                (of_parts, refuse_parts())
            });
            assert_eq!((&*of_parts, &*earlier), ("part 3", "earlier"));
            assert!(pool.broadcast(|_| refused()).iter().all(Option::is_none));
        }
    }

    #[test]
    fn an_earlier_shortage_of_a_thread_that_helps_stays_its_own() {
        scratch::record(5);
        assert_eq!(scratch::shortage_of(|| scratch::record(7)), Some(7));
        assert_eq!(shortage(), Some(5));
    }

    #[test]
    fn small_work_is_one_part() {
        assert_eq!([items_per_part(32, WORK), items_per_part(32, 64 * WORK), items_per_part(0, 0)], [32, 4, 1]);
    }
}
