//! Places in an arena for what is alive at different times.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The first and the last step at which memory is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) first: usize,
    pub(super) last: usize,
}

/// Places begin at multiples of this, a cache line in `f32`.
const ALIGNED: usize = 16;

/// Assigns an offset to each block of memory, so that no two share an element while both are alive. Returns the offsets and
/// the length of the arena.
///
/// Blocks are placed in the order in which they begin to live, each in the smallest hole that is large enough.
pub(super) fn pack(blocks: &[(Life, usize)]) -> (Vec<usize>, usize) {
    let mut order: Vec<usize> = (0..blocks.len()).filter(|&block| blocks[block].1 > 0).collect();
    order.sort_by_key(|&block| blocks[block].0.first);
    let mut offsets = vec![0; blocks.len()];
    let mut holes = Holes::default();
    let mut alive = BinaryHeap::new();
    for block in order {
        let (life, size) = blocks[block];
        while let Some(&Reverse((last, offset, size))) = alive.peek()
            && last < life.first
        {
            alive.pop();
            holes.give_back(offset, size);
        }
        let size = size.next_multiple_of(ALIGNED);
        offsets[block] = holes.take(size);
        alive.push(Reverse((life.last, offsets[block], size)));
    }
    (offsets, holes.end)
}

/// What is free below the end of an arena: offsets and lengths, no two of them adjacent.
#[derive(Default)]
struct Holes {
    free: BTreeMap<usize, usize>,
    end: usize,
}

impl Holes {
    fn take(&mut self, size: usize) -> usize {
        let fitting = self.free.iter().filter(|&(_, &length)| length >= size).min_by_key(|&(_, &length)| length);
        if let Some((&offset, &length)) = fitting {
            self.free.remove(&offset);
            if length > size {
                self.free.insert(offset + size, length - size);
            }
            return offset;
        }
        // A hole at the end grows.
        let offset = match self.free.last_key_value() {
            Some((&offset, &length)) if offset + length == self.end => offset,
            _ => self.end,
        };
        self.free.remove(&offset);
        self.end = offset + size;
        offset
    }

    fn give_back(&mut self, mut offset: usize, mut size: usize) {
        if let Some(above) = self.free.remove(&(offset + size)) {
            size += above;
        }
        if let Some((&below, &length)) = self.free.range(..offset).next_back()
            && below + length == offset
        {
            (offset, size) = (below, length + size);
        }
        self.free.insert(offset, size);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn blocks() -> impl Strategy<Value = Vec<(Life, usize)>> {
        let block = (0..40_usize, 0..12_usize, 0..90_usize);
        let block = block.prop_map(|(first, more, size)| (Life { first, last: first + more }, size));
        proptest::collection::vec(block, 0..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

        #[test]
        fn what_lives_together_lies_apart(blocks in blocks()) {
            let (offsets, length) = pack(&blocks);
            for (i, &(life, size)) in blocks.iter().enumerate() {
                prop_assert!(offsets[i] + size <= length);
                for (j, &(other, other_size)) in blocks.iter().enumerate().skip(i + 1) {
                    let together = life.first <= other.last && other.first <= life.last;
                    let apart = offsets[i] + size <= offsets[j] || offsets[j] + other_size <= offsets[i];
                    prop_assert!(!together || apart || size == 0 || other_size == 0);
                }
            }
        }
    }

    #[test]
    fn a_chain_takes_two_places() {
        let blocks: Vec<_> = (0..100).map(|k| (Life { first: k, last: k + 1 }, 32)).collect();
        assert_eq!(pack(&blocks).1, 64);
    }
}
