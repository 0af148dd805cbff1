//! Arrays of one size, worked on a block of elements at a time while they are in the cache.

use std::ops::Range;

use smallvec::SmallVec;

use super::parts::{for_each_part, part_size};
use super::scratch::with_unset_scratch;
use crate::scalar::Real;

/// The fewest elements, times the operations on each, of a part that is worth another thread.
const ELEMENTS: usize = 1 << 14;

/// The most arrays.
pub(crate) const LANES: usize = 24;

/// Something for each array.
pub(crate) type PerLane<E> = SmallVec<[E; LANES]>;

/// Arrays of one size. `None` stands for an array of which nobody needs more than the current block.
pub(crate) type Lanes<'a, T> = PerLane<Option<&'a mut [T]>>;

/// How arrays of one size are divided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocks {
    /// The number of elements of each array.
    pub(crate) size: usize,
    /// Those of a block, at least 1: few enough that a block of each array fits into the cache.
    pub(crate) block: usize,
    /// How many operations are done for each element.
    pub(crate) operations: usize,
}

/// Calls `work` with the index of the first element of each block, and this block of every array; where there is no array, with
/// memory that holds anything. Blocks are divided among threads.
pub(crate) fn for_each_lane_block<T: Real>(
    mut lanes: Lanes<'_, T>,
    Blocks { size, block, operations }: Blocks,
    work: impl Fn(usize, &mut [&mut [T]]) + Sync,
) {
    let part = part_size(size, (ELEMENTS / operations.max(1)).max(1).next_multiple_of(block));
    let mut parts: SmallVec<[Lanes<'_, T>; 8]> = SmallVec::new();
    for first in (0..size).step_by(part.max(1)) {
        let length = part.min(size - first);
        parts.push(lanes.iter_mut().map(|lane| split_off(lane, length)).collect());
    }
    for_each_part(&mut parts, 1, |index, parts| {
        let first = index * part;
        parts.iter_mut().for_each(|lanes| in_blocks(lanes, (first..size.min(first + part), block), &work));
    });
}

/// The first elements of an array, which loses them.
fn split_off<'a, T>(lane: &mut Option<&'a mut [T]>, length: usize) -> Option<&'a mut [T]> {
    let (own, left) = lane.take()?.split_at_mut(length);
    *lane = Some(left);
    Some(own)
}

fn in_blocks<T: Real>(
    lanes: &mut Lanes<'_, T>,
    (elements, size): (Range<usize>, usize),
    work: &impl Fn(usize, &mut [&mut [T]]),
) {
    let missing = lanes.iter().filter(|lane| lane.is_none()).count();
    with_unset_scratch(missing * size, |scratch| {
        for first in elements.clone().step_by(size) {
            let length = size.min(elements.end - first);
            let start = first - elements.start;
            let mut spare = scratch.chunks_exact_mut(size);
            let mut block: PerLane<&mut [T]> = lanes
                .iter_mut()
                .map(|lane| match lane {
                    Some(array) => &mut array[start..start + length],
                    None => spare.next().map_or(&mut [][..], |spare| &mut spare[..length]),
                })
                .collect();
            work(first, &mut block);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_is_in_one_block_of_every_array() {
        for (size, block) in [(0, 8), (1, 8), (2048, 2048), (2049, 2048), (22_535, 2048), (100_000, 2048), (100, 3)] {
            for operations in [0, 1, 5, 100] {
                let (mut indices, mut doubled) = (vec![0.0; size], vec![0.0; size]);
                let lanes = [Some(&mut indices[..]), None, Some(&mut doubled[..])].into_iter().collect();
                for_each_lane_block(lanes, Blocks { size, block, operations }, |first, lanes| {
                    let [indices, spare, doubled] = lanes else { unreachable!() };
                    assert!(indices.len() == spare.len() && spare.len() == doubled.len() && spare.len() <= block);
                    for k in 0..spare.len() {
                        indices[k] += (first + k) as f64;
                        spare[k] = 2.0 * indices[k];
                        doubled[k] += spare[k];
                    }
                });
                assert!((0..size).all(|k| indices[k] == k as f64 && doubled[k] == 2.0 * k as f64));
            }
        }
    }
}
