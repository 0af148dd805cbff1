//! What several processes have of a batch becomes that of the whole, the same bits for any number of processes.

use smallvec::SmallVec;

use super::Shards;
use super::exchange::Buffers;
use super::group::{Division, Lengths, ProcessGroup};
use crate::error::Error;
use crate::scalar::Real;
use crate::tape::Gradients;
use crate::tape::sums::sum;

impl<T: Real> Shards<T> {
    /// The mean loss over the batch, of the losses of all shards in their order.
    pub(super) fn loss(&mut self, group: &impl ProcessGroup<T>) -> Result<f64, Error> {
        self.buffers.own.clear();
        self.buffers.own.extend(self.parts.iter().map(|part| part.loss));
        self.buffers.gather(group, self.division, 1)?;
        let losses = self.buffers.all.iter().enumerate();
        Ok(losses.map(|(shard, &loss)| self.weight(shard) * loss.to_f64()).sum())
    }

    /// Writes the gradients of the batch: the sums of those of all shards, in their order, and the state updates of the last.
    pub(super) fn gather(&mut self, group: &impl ProcessGroup<T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        if group.count() == 1 {
            grads.sum_of(self.parts.iter().map(|part| &part.grads));
            return Ok(());
        }
        grads.take_notes(self.parts.iter().map(|part| &part.grads));
        self.gather_notes(group, grads)?;
        self.sum_among(group, grads.flat_mut())
    }

    /// Takes over the notes of the process with the last shard.
    fn gather_notes(&mut self, group: &impl ProcessGroup<T>, grads: &mut Gradients<T>) -> Result<(), Error> {
        let Buffers { own, all } = &mut self.buffers;
        let (last, count) = (self.division.last(), grads.write_notes(own));
        if group.rank() != last {
            own.clear();
        }
        let lengths: Lengths = (0..group.count()).map(|rank| if rank == last { count } else { 0 }).collect();
        all.clear();
        all.resize(count, T::ZERO);
        group.all_gather(own, &lengths, all)?;
        grads.read_notes(all);
        Ok(())
    }

    /// Each process sums a slice of the gradients over all shards, and gives it to the others.
    fn sum_among(&mut self, group: &impl ProcessGroup<T>, sums: &mut [T]) -> Result<(), Error> {
        let Shards { parts, division, buffers: Buffers { own, all }, .. } = self;
        let slices = Division::new(sums.len(), group);
        own.clear();
        for slice in slices.all() {
            parts.iter().for_each(|part| own.extend_from_slice(&part.grads.flat()[slice.clone()]));
        }
        let slice = slices.of(group.rank()).len();
        all.clear();
        all.resize(division.items() * slice, T::ZERO);
        group.all_to_all(own, &slices.lengths(parts.len()), &division.lengths(slice), all)?;
        own.clear();
        own.resize(slice, T::ZERO);
        sum(&all.chunks(slice.max(1)).collect::<SmallVec<[&[T]; 8]>>(), own);
        group.all_gather(own, &slices.lengths(1), sums)
    }
}
