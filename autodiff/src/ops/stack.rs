//! Where the shards of a batch meet.

use super::prelude::*;

/// The values that all shards have, stacked along a new first axis. [`Shards`](crate::Shards) exchanges them; alone, a
/// recording stacks its own value.
#[derive(Clone, Copy, Debug)]
pub struct StackShards {
    /// The number of shards.
    shards: usize,
}

impl<T: Real> Op<T> for StackShards {
    fn name(&self) -> &'static str {
        "stack_shards"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        let [x] = expect_inputs(inputs)?;
        Ok(x.insert(0, self.shards))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let x = inputs.view(0);
        let size = x.shape().size();
        if size > 0 {
            output.chunks_exact_mut(size).for_each(|own| x.copy_to(own));
        }
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let size = at.inputs.view(0).shape().size();
        for own in cotangent.chunks_exact(size.max(1)) {
            if let Some(grad) = grads.view(0) {
                grad.add(own);
            }
        }
    }
}

/// # Shards
impl<'t, T: Real> Var<'t, T> {
    /// The values that all [`Shards`](crate::Shards) of a batch have here, stacked along a new first axis in the order of the
    /// shards. A gradient flows back to every shard. On a tape, and in a program that is no shard, that axis has extent 1.
    #[track_caller]
    #[must_use]
    pub fn stack_shards(self) -> Var<'t, T> {
        match self.recording().shards() {
            1 => self.unsqueeze(0),
            shards => {
                let stacked = self.apply(StackShards { shards });
                self.recording().note_exchange(stacked);
                stacked
            }
        }
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "stack_shards",
    draw: |choices| {
        let shape = choices.shape(0, 3);
        Case::new(StackShards { shards: 1 + choices.below(3) }, [Domain::REAL.sample(shape)])
    },
}];
