//! The gradient of a direct convolution with respect to the weight: sums over the positions of all samples, one for each tap and
//! channel.

use super::super::add_each;
use super::super::parts::for_each_part;
use super::super::scratch::{with_scratch, with_unset_scratch};
use super::direct::{BLOCK, Direct, Distances};
use super::planes::runs;
use super::tile::ROWS;
use crate::scalar::Real;

/// Elements of the sums of all parts, at most, if there are more than two parts.
const SUMS: usize = 1 << 22;

impl<T: Real> Direct<T> {
    /// `weight += cotangent · sourceᵀ`, summed over samples. Each part sums its samples, and the sums of parts are added in order.
    pub(super) fn backward_weight(&self, source: &[T], cotangent: &[T], weight: &mut [T]) {
        let ([source_size, _, result_size], all) = (self.sample_sizes(), self.plan.samples);
        let rows = self.taps().next_multiple_of(ROWS);
        let size = self.plan.groups * rows * self.outer.next_multiple_of(self.tiles.lanes());
        let samples = self.plan.samples_per_part().max(all.div_ceil((SUMS / size.max(1)).max(2)));
        self.with_distances(self.group(samples), |distances| {
            with_unset_scratch(all.div_ceil(samples) * size, |sums: &mut [T]| {
                for_each_part(sums, size, |part, sums| {
                    let (first, count) = (part * samples, samples.min(all - part * samples));
                    let source = &source[first * source_size..][..count * source_size];
                    let cotangent = &cotangent[first * result_size..][..count * result_size];
                    sums.fill(T::ZERO);
                    self.weight_part(distances, (source, cotangent), sums);
                });
                self.add_sums(sums.split_at_mut(size), rows, weight);
            });
        });
    }

    fn weight_part(&self, distances: Distances<'_>, (source, cotangent): (&[T], &[T]), sums: &mut [T]) {
        let [source_size, _, result_size] = self.sample_sizes();
        let group = distances.positions.len() / self.planes.count();
        with_scratch(self.buffer_size(group), |buffer| {
            with_unset_scratch(BLOCK * self.tiles.widest(), |right: &mut [T]| {
                let sources = source.chunks(group * source_size);
                for (source, cotangent) in sources.zip(cotangent.chunks(group * result_size)) {
                    let padded = self.pad(source, buffer);
                    for (channels, sums) in sums.chunks_mut(sums.len() / self.plan.groups).enumerate() {
                        self.weight_channels((padded, distances, channels), cotangent, right, sums);
                    }
                }
            });
        });
    }

    /// One group of channels of a group of samples.
    fn weight_channels(
        &self,
        (padded, distances, channels): (&[T], Distances<'_>, usize),
        cotangent: &[T],
        right: &mut [T],
        sums: &mut [T],
    ) {
        let count = self.planes.count();
        let positions = &distances.positions[..cotangent.len() / self.sample_sizes()[2] * count];
        let padded = &padded[channels * self.inner * self.padded..];
        let rows = distances.taps.len().next_multiple_of(ROWS);
        for (block, terms) in positions.chunks(BLOCK).enumerate() {
            for panel in self.tiles.panels(self.outer) {
                let (width, present) = (panel.len(), panel.len().min(self.outer - panel.start));
                for run in runs(block * BLOCK, terms.len(), count) {
                    let plane = (run.of * self.plan.groups + channels) * self.outer + panel.start;
                    let planes = (&cotangent[plane * count + run.from..], count);
                    let right = (&mut right[run.at * width..], width);
                    self.tiles.transpose([present, run.length], planes, right, false);
                }
                let sums = &mut sums[panel.start * rows..][..width * rows];
                self.tiles.product((padded, distances.taps, terms), (right, width), (sums, true));
            }
        }
    }

    /// Adds the sums of all parts to the weight.
    fn add_sums(&self, (total, others): (&mut [T], &mut [T]), rows: usize, weight: &mut [T]) {
        let (size, taps) = (total.len(), self.taps());
        others.chunks_exact(size).for_each(|other| add_each(other, total));
        let totals = total.chunks_exact(size / self.plan.groups);
        for (total, weight) in totals.zip(weight.chunks_exact_mut(self.outer * taps)) {
            for panel in self.tiles.panels(self.outer) {
                let (width, present) = (panel.len(), panel.len().min(self.outer - panel.start));
                let (sums, weight) = (&total[panel.start * rows..], &mut weight[panel.start * taps..]);
                self.tiles.transpose([taps, present], (sums, width), (weight, taps), true);
            }
        }
    }
}
