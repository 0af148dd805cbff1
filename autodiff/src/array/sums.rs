//! Sums terms that fall on the same element of a layout.
//!
//! If a layout repeats elements (broadcast axes, overlapping windows), many terms are added to one element. They are summed
//! in the scalar's [`Accumulator`](Real::Accumulator), so that a sum over millions of rows in `f32` is accurate to the last
//! bits. The order of the terms depends only on the layout.

use std::ops::Range;

use smallvec::SmallVec;

use crate::array::{Cursor, CursorAxis, Layout};
use crate::kernel::{add_each, dispatch, with_scratch};
use crate::scalar::Real;

/// Up to this many terms per element are added in the scalar itself: fifteen roundings are less than 1e-6 in `f32`.
pub(crate) const FEW: usize = 16;

/// Block length for elements that are not contiguous.
pub(crate) const BLOCK: usize = 256;

/// How terms of repeated elements are summed in separate totals.
struct Totals {
    length: usize,
    /// Traverses the layout over the totals.
    terms: Cursor,
    /// Traverses the elements that the totals belong to.
    elements: Cursor,
}

impl Totals {
    /// `None` if at most [`FEW`] terms are added to an element.
    fn new(cursor: &Cursor) -> Option<Totals> {
        let repeats: usize = cursor.axes.iter().filter(|axis| axis.1 == 0).map(|axis| axis.0).product();
        let elements: SmallVec<[CursorAxis; 4]> = cursor.axes.iter().copied().filter(|axis| axis.1 > 0).collect();
        let size: usize = elements.iter().map(|axis| axis.0).product();
        if size == 0 || repeats == 0 {
            return None;
        }
        let span = 1 + elements.iter().map(|(extent, stride, _)| (extent - 1) * stride).sum::<usize>();
        if repeats.saturating_mul(size.div_ceil(span)) <= FEW {
            return None;
        }
        let mut terms = cursor.axes.clone();
        if size > span {
            // Overlapping windows: a total for each element that they cover.
            let elements = SmallVec::from_slice(&[(span, 1, 0)]);
            return Some(Totals {
                length: span,
                terms: Cursor::over(terms, 0),
                elements: Cursor::over(elements, cursor.offset),
            });
        }
        let mut stride = 1;
        for axis in terms.iter_mut().rev().filter(|axis| axis.1 > 0) {
            axis.1 = stride;
            stride *= axis.0;
        }
        Some(Totals { length: size, terms: Cursor::over(terms, 0), elements: Cursor::over(elements, cursor.offset) })
    }
}

/// The elements of a layout, added to in row-major order.
pub(crate) struct Sums<'a, T: Real> {
    cursor: Cursor,
    target: Target<'a, T>,
}

enum Target<'a, T: Real> {
    /// Few terms fall on an element: they are added directly.
    Elements(&'a mut [T]),
    Totals(&'a mut [T::Accumulator]),
    /// Long rows that fall on the same elements: several are summed before they are added to the totals.
    Rows {
        recent: &'a mut [T],
        count: usize,
        totals: &'a mut [T::Accumulator],
    },
}

impl<'a, T: Real> Sums<'a, T> {
    /// Calls `fill` with the elements of `data` in this layout.
    pub(crate) fn with(data: &mut [T], layout: &Layout, fill: impl FnOnce(&mut Sums<'_, T>)) {
        let cursor = Cursor::new(layout);
        let Some(Totals { length, terms, elements }) = Totals::new(&cursor) else {
            return fill(&mut Sums { cursor, target: Target::Elements(data) });
        };
        let rows = terms.has_rows() && matches!(terms.axes[..], [(_, 0, _), _]);
        with_scratch(length, |totals| {
            if rows {
                with_scratch(length, |recent| {
                    let mut sums = Sums { cursor: terms, target: Target::Rows { recent, count: 0, totals } };
                    fill(&mut sums);
                    sums.finish();
                });
            } else {
                fill(&mut Sums { cursor: terms, target: Target::Totals(totals) });
            }
            add_totals(totals, elements, data);
        });
    }

    /// Adds `amounts` to the next elements.
    pub(crate) fn add(&mut self, amounts: &[T]) {
        let Sums { cursor, target } = self;
        match target {
            Target::Elements(data) => cursor.scatter_add(amounts, data, |sum, amount| *sum += T::narrow(amount)),
            Target::Totals(totals) => cursor.scatter_add(amounts, totals, |sum, amount| *sum += amount),
            Target::Rows { .. } => self.visit(amounts.len(), &mut |which, sums| {
                add_each(&amounts[which], sums);
            }),
        }
    }

    /// Calls `visit(range, sums)` for the next `length` elements, at most [`BLOCK`]; it adds to `sums`.
    pub(crate) fn visit(&mut self, length: usize, visit: &mut dyn FnMut(Range<usize>, &mut [T])) {
        let Sums { cursor, target } = self;
        match target {
            Target::Elements(data) if cursor.has_rows() => {
                cursor
                    .for_each_run(length, |which, offset, _| visit(which.clone(), &mut data[offset..][..which.len()]));
            }
            Target::Rows { recent, count, totals } => cursor.for_each_run(length, |which, offset, _| {
                visit(which.clone(), &mut recent[offset..][..which.len()]);
                if offset + which.len() == recent.len() {
                    *count += 1;
                    if *count == FEW / 2 {
                        add_recent(recent, totals);
                        *count = 0;
                    }
                }
            }),
            Target::Elements(_) | Target::Totals(_) => {
                let mut buffer = [T::ZERO; BLOCK];
                visit(0..length, &mut buffer[..length]);
                self.add(&buffer[..length]);
            }
        }
    }

    fn finish(self) {
        if let Target::Rows { recent, totals, .. } = self.target {
            add_recent(recent, totals);
        }
    }
}

fn add_recent<T: Real>(recent: &mut [T], totals: &mut [T::Accumulator]) {
    dispatch(|| totals.iter_mut().zip(&*recent).for_each(|(total, recent)| *total += recent.widen()));
    recent.fill(T::ZERO);
}

fn add_totals<T: Real>(totals: &[T::Accumulator], mut elements: Cursor, data: &mut [T]) {
    elements.for_each_run(totals.len(), |which, offset, stride| {
        let elements = data[offset..].iter_mut().step_by(stride.max(1));
        elements.zip(&totals[which]).for_each(|(element, &total)| *element += T::narrow(total));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::Shape;

    /// What falls on each of `extent` elements, term by term and through [`Sums`].
    fn check(layout: &Layout, extent: usize) {
        let size = layout.shape().size();
        let amounts: Vec<f32> = (0..size).map(|k| (k % 5) as f32 - 1.0).collect();
        let mut expected = vec![0.5; extent];
        layout.offsets().zip(&amounts).for_each(|(offset, &amount)| expected[offset] += amount);
        let (mut whole, mut blocks) = (vec![0.5; extent], vec![0.5; extent]);
        Sums::with(&mut whole, layout, |sums| sums.add(&amounts));
        Sums::with(&mut blocks, layout, |sums| {
            for amounts in amounts.chunks(BLOCK) {
                sums.visit(amounts.len(), &mut |which, sums| {
                    sums.iter_mut().zip(&amounts[which]).for_each(|(sum, &amount)| *sum += amount);
                });
            }
        });
        assert_eq!((&whole, &blocks), (&expected, &expected), "{layout:?}");
    }

    #[test]
    fn every_layout_sums_what_falls_on_one_element() {
        let dense = |extents: &[usize]| Layout::dense(Shape::new(extents));
        let stretched = |from: &[usize], to: &[usize]| dense(from).broadcast_to(&Shape::new(to)).unwrap();
        for rows in [2, 16, 17, 40] {
            check(&stretched(&[1], &[rows]), 1);
            check(&stretched(&[3], &[rows, 3]), 3);
            check(&stretched(&[70], &[rows, 70]), 70);
            check(&stretched(&[300], &[rows, 300]), 300);
            check(&stretched(&[4, 1], &[4, rows]), 4);
            check(&stretched(&[2, 1, 40], &[2, rows, 40]), 80);
            check(&stretched(&[1, 3, 1], &[rows, 3, rows]), 3);
            check(&stretched(&[rows, 2], &[3, rows, 2]), 2 * rows);
        }
        check(&dense(&[5, 40]).transpose(0, 1).unwrap(), 200);
        check(&dense(&[100]).unfold(0, 30, 1, 1).unwrap(), 100);
        check(&dense(&[200]).unfold(0, 60, 2, 2).unwrap(), 200);
        check(&dense(&[3, 50]).narrow(1, 5, 45, 2).unwrap().broadcast_to(&Shape::new(&[30, 3, 20])).unwrap(), 150);
        check(&stretched(&[0, 1], &[0, 7]), 0);
    }
}
