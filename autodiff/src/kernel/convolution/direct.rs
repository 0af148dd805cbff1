//! Direct convolution: the product of im2col without its columns. The left matrix has a row for each position and a column for
//! each tap, and its elements are read in place in the padded image, at the sum of two distances. With positions and taps
//! exchanged, it is that of the gradient with respect to the weight.
//!
//! Sums of up to 192 terms are made in one register by fused multiplication and addition, and added to the others. For
//! unit-normal data the largest error relative to the largest element is below 1e-6 in `f32` and 2e-15 in `f64`, up to 4608
//! terms (ResNet's largest), as with im2col; a test holds it.
//!
//! Weights must be finite where padding is zero: an infinite one makes elements NaN whose windows only pass the edge.

use super::super::parts::for_each_part;
use super::super::scratch::{with_scratch, with_unset_scratch};
use super::plan::Convolution;
use super::planes::{Planes, runs};
use super::tile::{ROWS, Tiles};
use crate::scalar::Real;

/// Positions computed at a time: their sums fit the L2 cache, with what they are made of.
pub(super) const BLOCK: usize = 512;

/// Positions of which smaller samples are grouped to have as many, so that a matrix is read for more than a few rows.
const GROUP: usize = 256;

/// Elements of the padded planes of a group of more than one sample, at most.
const PADDED: usize = 1 << 16;

/// Elements of a weight from which another thread packs a part of it.
const PACKED: usize = 1 << 16;

/// A convolution from `inner` to `outer` channels, in each group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Direct<T> {
    pub(super) plan: Convolution,
    pub(super) tiles: Tiles<T>,
    pub(super) planes: Planes,
    /// Elements of a padded plane.
    pub(super) padded: usize,
    pub(super) inner: usize,
    pub(super) outer: usize,
    /// Distances in the weight of neighboring inner and outer channels.
    strides: [usize; 2],
}

impl<T: Real> Direct<T> {
    /// The convolution of an image. `None` if there are no tiles, or if extents exceed `usize`.
    pub(super) fn forward(plan: &Convolution, tiles: Option<Tiles<T>>) -> Option<Direct<T>> {
        let (unfold, kernel) = (&plan.unfold, plan.unfold.kernel[0] * plan.unfold.kernel[1]);
        let (tiles, planes) = (tiles?, Planes::forward(unfold)?);
        let (padded, inner, outer) = (planes.padded_size()?, unfold.channels, plan.narrow);
        let strides = [kernel, unfold.channels * kernel];
        Some(Direct { plan: *plan, tiles, planes, padded, inner, outer, strides })
    }

    /// The adjoint of a convolution. `None` also unless its stride is 1.
    pub(super) fn adjoint(plan: &Convolution, tiles: Option<Tiles<T>>) -> Option<Direct<T>> {
        let (unfold, kernel) = (&plan.unfold, plan.unfold.kernel[0] * plan.unfold.kernel[1]);
        let (tiles, planes) = (tiles?, Planes::adjoint(unfold)?);
        let (padded, inner, outer) = (planes.padded_size()?, plan.narrow, unfold.channels);
        let strides = [unfold.channels * kernel, kernel];
        Some(Direct { plan: *plan, tiles, planes, padded, inner, outer, strides })
    }

    /// Whether it is faster than im2col: not for a 1×1 kernel, whose columns cost little or nothing.
    pub(super) fn pays(&self) -> bool {
        self.weight_pays() && self.plan.unfold.kernel != [1, 1]
    }

    /// Whether the gradient of the weight is faster than by im2col: not if planes are mostly zeros, or vectors mostly empty.
    pub(super) fn weight_pays(&self) -> bool {
        let unfold = &self.plan.unfold;
        let dense = self.padded / 4 <= unfold.image[0] * unfold.image[1] + unfold.columns();
        dense && self.inner > 0 && 2 * self.outer >= self.tiles.lanes()
    }

    fn kernel_size(&self) -> usize {
        self.plan.unfold.kernel[0] * self.plan.unfold.kernel[1]
    }

    /// Number of taps, those of all inner channels.
    pub(super) fn taps(&self) -> usize {
        self.inner * self.kernel_size()
    }

    /// Elements of a sample of the source, of its padded planes, and of the result.
    pub(super) fn sample_sizes(&self) -> [usize; 3] {
        let (inner, outer) = (self.plan.groups * self.inner, self.plan.groups * self.outer);
        [inner * self.planes.source_size(), inner.saturating_mul(self.padded), outer * self.planes.count()]
    }

    /// The number of samples that are computed together, if there are as many in a part.
    pub(super) fn group(&self, samples_per_part: usize) -> usize {
        let enough = GROUP.div_ceil(self.planes.count().max(1));
        enough.min(PADDED / self.sample_sizes()[1].max(1)).clamp(1, samples_per_part)
    }

    /// Elements of the buffer for padded planes of a group of samples.
    pub(super) fn buffer_size(&self, group: usize) -> usize {
        if self.planes.in_place() { 0 } else { group.saturating_mul(self.sample_sizes()[1]) }
    }

    /// The padded planes of a group of samples; the zeros of the buffer are there already.
    pub(super) fn pad<'a>(&self, source: &'a [T], buffer: &'a mut [T]) -> &'a [T] {
        if self.planes.in_place() {
            return source;
        }
        self.planes.pad(source, buffer);
        buffer
    }

    /// Calls `work` with the distances of taps, for each channel those of the kernel, and those of positions, for each sample of a
    /// group all.
    pub(super) fn with_distances(&self, group: usize, work: impl FnOnce(Distances<'_>)) {
        let (taps, count) = (self.kernel_size(), self.planes.count());
        with_unset_scratch(self.taps() + group * count, |distances: &mut [usize]| {
            let (by_channel, by_sample) = distances.split_at_mut(self.taps());
            for (channel, distances) in by_channel.chunks_mut(taps.max(1)).enumerate() {
                let taps = self.planes.taps().map(|tap| channel * self.padded + tap);
                distances.iter_mut().zip(taps).for_each(|(distance, tap)| *distance = tap);
            }
            for (sample, distances) in by_sample.chunks_mut(count.max(1)).enumerate() {
                let positions = self.planes.positions().map(|position| sample * self.sample_sizes()[1] + position);
                distances.iter_mut().zip(positions).for_each(|(distance, position)| *distance = position);
            }
            work(Distances { taps: by_channel, positions: by_sample });
        });
    }

    /// Writes the weight of one group of channels as panels `[taps, width]`. Columns beyond the channels become anything.
    fn pack(&self, weight: &[T], packed: &mut [T]) {
        let ([inner, outer], kernel) = (self.strides, self.kernel_size());
        // In forward, the taps of all channels are neighbors, as if they were of one.
        let each = if inner == kernel { self.inner * kernel } else { kernel };
        let size = self.taps() * self.tiles.widest();
        let panels = (PACKED / size).max(1);
        for_each_part(packed, panels * size, |part, packed| {
            let panels = self.tiles.panels(self.outer).skip(part * panels);
            for (panel, packed) in panels.zip(packed.chunks_mut(size)) {
                let (width, present) = (panel.len(), panel.len().min(self.outer - panel.start));
                for (channel, packed) in packed.chunks_exact_mut(each * width).enumerate() {
                    let weight = &weight[channel * inner + panel.start * outer..];
                    self.tiles.transpose([present, each], (weight, outer), (packed, width), false);
                }
            }
        });
    }

    /// `result = weight · source`, or `+=` if `accumulate`.
    pub(super) fn run(&self, source: &[T], weight: &[T], (result, accumulate): (&mut [T], bool)) {
        let (taps, samples) = (self.taps(), self.plan.samples_per_part());
        let [source_size, _, result_size] = self.sample_sizes();
        let packed = taps * self.outer.next_multiple_of(self.tiles.lanes());
        self.with_distances(self.group(samples), |distances| {
            with_unset_scratch(self.plan.groups * packed, |weights: &mut [T]| {
                for (packed, weight) in weights.chunks_exact_mut(packed).zip(weight.chunks_exact(self.outer * taps)) {
                    self.pack(weight, packed);
                }
                let weights = &*weights;
                for_each_part(result, samples * result_size, |part, result| {
                    let source = &source[part * samples * source_size..];
                    self.run_part(distances, source, weights, (result, accumulate));
                });
            });
        });
    }

    fn run_part(&self, distances: Distances<'_>, source: &[T], weights: &[T], (result, accumulate): (&mut [T], bool)) {
        let [source_size, _, result_size] = self.sample_sizes();
        let group = distances.positions.len() / self.planes.count();
        with_scratch(self.buffer_size(group), |buffer| {
            with_unset_scratch(BLOCK * self.tiles.widest(), |sums: &mut [T]| {
                for (k, result) in result.chunks_mut(group * result_size).enumerate() {
                    let size = result.len() / result_size * source_size;
                    let padded = self.pad(&source[k * group * source_size..][..size], buffer);
                    for channels in 0..self.plan.groups {
                        let left = (padded, distances, channels);
                        self.run_channels(left, weights, sums, (&mut *result, accumulate));
                    }
                }
            });
        });
    }

    /// One group of channels of a group of samples.
    fn run_channels(
        &self,
        (padded, distances, channels): (&[T], Distances<'_>, usize),
        weights: &[T],
        sums: &mut [T],
        (result, accumulate): (&mut [T], bool),
    ) {
        let count = self.planes.count();
        let positions = &distances.positions[..result.len() / self.sample_sizes()[2] * count];
        let padded = &padded[channels * self.inner * self.padded..];
        let weights = &weights[channels * (weights.len() / self.plan.groups)..];
        for (block, rows) in positions.chunks(BLOCK).enumerate() {
            for panel in self.tiles.panels(self.outer) {
                let (width, present) = (panel.len(), panel.len().min(self.outer - panel.start));
                let right = &weights[panel.start * distances.taps.len()..];
                let sums = &mut sums[..rows.len().next_multiple_of(ROWS) * width];
                self.tiles.product((padded, rows, distances.taps), (right, width), (sums, false));
                for run in runs(block * BLOCK, rows.len(), count) {
                    let plane = (run.of * self.plan.groups + channels) * self.outer + panel.start;
                    let to = (&mut result[plane * count + run.from..], count);
                    let sums = (&sums[run.at * width..], width);
                    self.tiles.transpose([run.length, present], sums, to, accumulate);
                }
            }
        }
    }
}

/// Distances of the elements of a matrix that is read in place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Distances<'a> {
    pub(super) taps: &'a [usize],
    pub(super) positions: &'a [usize],
}
