//! The pullbacks of a chain.

use smallvec::SmallVec;

use super::{Chain, Member, Source};
use crate::array::Layout;
use crate::error::Mismatch;
use crate::kernel::{LANES, PerLane, for_each_lane_block};
use crate::op::{Frame, InputGrads, Inputs, Lent, LentSeveral, OfBlock, Setting};
use crate::scalar::Real;
use crate::tape::backward::Pulling;
use crate::tape::forward::check_outcome;
use crate::tape::{Graph, Step};

/// What the pullbacks read.
#[derive(Clone, Copy)]
struct Read<'a, T: Real> {
    values: &'a [T],
    setting: Setting<'a, T>,
}

impl<T: Real> Graph<T> {
    /// Runs the pullbacks of a chain, which add to the gradients of its inputs.
    ///
    /// # Errors
    /// If there is no memory for the blocks.
    pub(in crate::tape) fn pull_chain(&self, chain: &Chain, memory: &mut Pulling<'_, T>) -> Result<(), Mismatch> {
        let Chain { members, blocks, gradients: places, owners, .. } = chain;
        let Pulling { values, setting, arena, fresh: all_fresh, .. } = memory;
        let read = Read { values, setting: *setting };
        let blank: PerLane<bool> =
            places.offsets.iter().zip(owners).map(|(offset, &owner)| offset.is_none() || all_fresh[owner]).collect();
        let (mut lanes, _) = LentSeveral::around(arena, &places.offsets, &places.sorted, blocks.size);
        lanes.push(None); // for what a pullback does not read
        for_each_lane_block(lanes, *blocks, |first, block| {
            let Some((unread, gradients)) = block.split_last_mut() else { return };
            unread.fill(T::from_f64(f64::NAN));
            let layout = Layout::dense([unread.len()].into());
            let mut fresh = blank.clone();
            for member in members.iter().rev() {
                self.pull_member(member, read, (first, unread, &layout), gradients, &mut fresh);
            }
            for (gradient, &fresh) in gradients.iter_mut().zip(&fresh) {
                if fresh {
                    gradient.fill(T::ZERO);
                }
            }
        });
        owners.iter().for_each(|&owner| all_fresh[owner] = false);
        check_outcome()
    }

    /// Pulls a block, which begins with element `first`, through a member.
    fn pull_member(
        &self,
        member: &Member,
        Read { values, setting }: Read<'_, T>,
        (first, unread, layout): (usize, &[T], &Layout),
        gradients: &mut [&mut [T]],
        fresh: &mut [bool],
    ) {
        let (Some(own), Step::Op(index)) = (member.cotangent, self.nodes[member.node].step) else { return };
        let cotangent = std::mem::take(&mut gradients[own]);
        if std::mem::take(&mut fresh[own]) {
            cotangent.fill(T::ZERO);
        }
        let op = self.ops.get(index);
        let reads = member.reads;
        // What exists for a block at a time has no memory, and is not read.
        let value = |read: bool, k: usize| match read {
            true => &self.nodes[k].data(Lent::whole(values), setting.params)[first..][..unread.len()],
            false => unread,
        };
        let input = |(input, source): (usize, &Source)| match *source {
            Source::Member { node, .. } | Source::Node(node) => value(reads.has_input(input), node),
        };
        let slices: SmallVec<[&[T]; 4]> = member.inputs.iter().enumerate().map(input).collect();
        let inputs = Inputs::of_block(&slices, layout, &setting);
        let frame = Frame { inputs, output: value(reads.has_output(), member.node), saved: &[] };
        let mut lent: [&mut [T]; LANES] = std::array::from_fn(|_| &mut [][..]);
        lent.iter_mut().zip(&mut *gradients).for_each(|(lent, gradient)| *lent = gradient);
        let mut grads =
            InputGrads::of_block(OfBlock { inputs: &member.gradients, gradients: &mut lent, fresh, layout });
        op.backward(frame, cotangent, &mut grads);
        gradients[own] = cotangent;
    }
}
