//! Sums of the gradients of several passes.

use std::ops::Range;

use smallvec::SmallVec;

use super::gradients::Gradients;
use crate::error::Error;
use crate::kernel::{add_each, for_each_part};
use crate::scalar::Real;

impl<T: Real> Gradients<T> {
    /// Adds the parameters' gradients of another pass, to accumulate over several tapes. State updates of the other pass
    /// replace those noted here: of several passes in one step, the last counts.
    ///
    /// # Errors
    /// If the two belong to different [`Params`](crate::Params).
    pub fn add(&mut self, other: &Gradients<T>) -> Result<(), Error> {
        self.parameters.check_layout(&other.parameters, "gradients")?;
        for range in other.touched() {
            add_each(&other.flat()[range.clone()], &mut self.parameters.flat_mut()[range]);
        }
        self.touched.iter_mut().zip(&other.touched).for_each(|(own, other)| own.join(other));
        self.filled |= other.filled;
        self.updates.add(&other.updates);
        Ok(())
    }

    /// Replaces the contents by the sum of others, in their order. As in [`Gradients::add`], the last state update counts.
    pub(super) fn sum_of<'g>(&mut self, parts: impl Iterator<Item = &'g Gradients<T>> + Clone)
    where
        T: 'g,
    {
        self.take_notes(parts.clone());
        for index in 0..self.touched.len() {
            let everywhere = parts.clone().any(|part| part.touched[index].everywhere);
            if !everywhere {
                self.zero_parameter(index);
                parts.clone().for_each(|part| self.touched[index].join(&part.touched[index]));
            }
            self.touched[index].everywhere = everywhere;
        }
        let flats: SmallVec<[&[T]; 8]> = parts.map(Gradients::flat).collect();
        for range in self.touched().collect::<SmallVec<[Range<usize>; 4]>>() {
            let terms: SmallVec<[&[T]; 8]> = flats.iter().map(|flat| &flat[range.clone()]).collect();
            sum(&terms, &mut self.parameters.flat_mut()[range]);
        }
    }
}

/// # What a pass notes beside the gradients
impl<T: Real> Gradients<T> {
    /// Replaces the notes by those of others: which parameters they reached, and the last state updates.
    pub(super) fn take_notes<'g>(&mut self, parts: impl Iterator<Item = &'g Gradients<T>>)
    where
        T: 'g,
    {
        self.adjoints.forget();
        self.updates.clear();
        self.filled = true;
        self.received.fill(false);
        for part in parts {
            self.updates.add(&part.updates);
            self.received.iter_mut().zip(&part.received).for_each(|(received, &part)| *received |= part);
        }
    }

    /// Writes the notes as numbers, and returns how many they are, the same for all gradients of the same parameters.
    pub(super) fn write_notes(&self, to: &mut Vec<T>) -> usize {
        to.clear();
        to.extend(self.received.iter().map(|&received| if received { T::ONE } else { T::ZERO }));
        self.updates.write(to);
        to.len()
    }

    /// Reads what [`Gradients::write_notes`] wrote.
    pub(super) fn read_notes(&mut self, from: &[T]) {
        let (received, updates) = from.split_at(self.received.len().min(from.len()));
        self.received.iter_mut().zip(received).for_each(|(to, from)| *to = !from.is_zero());
        self.updates.read(updates);
    }
}

/// Entries that are summed at a time.
const BLOCK: usize = 1 << 14;

/// The sum of vectors, in their order.
pub(super) fn sum<T: Real>(terms: &[&[T]], sums: &mut [T]) {
    let [first, others @ ..] = terms else { return sums.fill(T::ZERO) };
    for_each_part(sums, BLOCK, |block, sums| {
        let entries = block * BLOCK..block * BLOCK + sums.len();
        sums.copy_from_slice(&first[entries.clone()]);
        for terms in others {
            add_each(&terms[entries.clone()], sums);
        }
    });
}
