//! The values of a chain.

use smallvec::SmallVec;

use super::{Chain, Member, Source};
use crate::array::Layout;
use crate::error::Mismatch;
use crate::kernel::for_each_lane_block;
use crate::op::{FirstRefusal, Inputs, LentSeveral, Place};
use crate::scalar::Real;
use crate::tape::Step;
use crate::tape::forward::{Forward, check_outcome};

/// The position of the member that refuses, and the first element of the block.
type Key = (usize, usize);

impl<T: Real> Forward<'_, T> {
    /// Computes the operations of a chain from the nodes below it. An error names the node that is refused.
    pub(in crate::tape) fn run_chain(&self, chain: &Chain, values: &mut [T]) -> Result<(), (usize, Mismatch)> {
        let refused = self.compute_chain(chain, values);
        match (refused, check_outcome()) {
            (Some(((member, _), mismatch)), _) => Err((chain.members[member].node, mismatch)),
            (None, Err(mismatch)) => Err((chain.first(), mismatch)),
            (None, Ok(())) => Ok(()),
        }
    }

    fn compute_chain(&self, chain: &Chain, values: &mut [T]) -> Option<(Key, Mismatch)> {
        let Forward { nodes, ops, setting, .. } = self;
        let Chain { members, blocks, values: places, .. } = chain;
        let size = blocks.size;
        let (lanes, others) = LentSeveral::around(values, &places.offsets, &places.sorted, size);
        let refused = FirstRefusal::new();
        let of_node = |k: usize| match nodes[k].value {
            Place::Arena(start) => others.get(start, size),
            Place::Parameter(start) => &setting.params.flat()[start..start + size],
            Place::State(start) => &setting.params.flat_state()[start..start + size],
        };
        for_each_lane_block(lanes, *blocks, |first, block| {
            let layout = Layout::dense([block.first().map_or(0, |lane| lane.len())].into());
            for (position, Member { node, inputs, .. }) in members.iter().enumerate() {
                let (before, own) = block.split_at_mut(position);
                let (Step::Op(index), [output, ..]) = (nodes[*node].step, own) else { return };
                let slice = |input: &Source| match *input {
                    Source::Member { position, .. } => &*before[position],
                    Source::Node(k) => &of_node(k)[first..][..output.len()],
                };
                let slices: SmallVec<[&[T]; 4]> = inputs.iter().map(slice).collect();
                let inputs = Inputs::of_block(&slices, &layout, setting);
                let op = ops.get(index);
                if let Err(mismatch) = op.check(inputs) {
                    return refused.note((position, first), mismatch);
                }
                if self.poison {
                    output.fill(T::from_f64(f64::NAN));
                }
                op.forward(inputs, output, &mut []);
            }
        });
        refused.into_inner()
    }
}
