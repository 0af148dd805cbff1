//! The forward pass: nodes computed from those below them, in any memory.

use super::chain::Chain;
use super::operations::Operations;
use super::plan::Turn;
use crate::error::Mismatch;
use crate::kernel::shortage;
use crate::op::{Inputs, Lent, Setting, refused};
use crate::scalar::Real;
use crate::tape::{Nodes, Place, Step};

/// What is computed: the nodes of a recording, apart from their memory.
pub(super) struct Forward<'a, T: Real> {
    pub(super) nodes: &'a Nodes,
    pub(super) ops: &'a Operations<T>,
    pub(super) chains: &'a [Chain],
    pub(super) setting: Setting<'a, T>,
    /// Whether fresh buffers are filled with NaN.
    pub(super) poison: bool,
}

impl<T: Real> Forward<'_, T> {
    /// Computes turns up to node `end`, which it leaves out, or to the last; returns how many. The pair are the arenas of values and
    /// of what is saved. An error names the node that is refused.
    pub(super) fn run_turns(
        &self,
        turns: &[Turn],
        end: Option<usize>,
        (values, saves): (&mut [T], &mut [T]),
    ) -> Result<usize, (usize, Mismatch)> {
        for (at, &turn) in turns.iter().enumerate() {
            match turn {
                Turn::Node(k) if Some(k) == end => return Ok(at + 1),
                Turn::Node(k) => self.run(k, (values, saves)).map_err(|mismatch| (k, mismatch))?,
                Turn::Chain(position) => self.run_chain(&self.chains[position], values)?,
            }
        }
        Ok(turns.len())
    }

    /// Computes node `k`.
    #[inline]
    pub(super) fn run(&self, k: usize, (values, saves): (&mut [T], &mut [T])) -> Result<(), Mismatch> {
        let node = &self.nodes[k];
        // References, so that no field is copied as a whole just after its parts were written.
        let (&Step::Op(index), &Place::Arena(start)) = (&node.step, &node.value) else { return Ok(()) };
        let op = self.ops.get(index);
        let (output, others) = Lent::around(values, start..start + node.extent);
        let saved = &mut saves[node.saved.0..][..node.saved.1];
        let inputs = Inputs::new(node, self.nodes, others, &self.setting);
        op.check(inputs)?;
        if self.poison {
            output.fill(T::from_f64(f64::NAN));
            saved.fill(T::from_f64(f64::NAN));
        }
        op.forward(inputs, output, saved);
        check_outcome()
    }
}

/// An error if the operation that just ran could not get a scratch buffer, or ran another that refuses a value.
#[inline]
pub(super) fn check_outcome() -> Result<(), Mismatch> {
    match (shortage(), refused()) {
        (None, None) => Ok(()),
        (short, refused) => Err(outcome(short, refused)),
    }
}

#[cold]
fn outcome(short: Option<usize>, refused: Option<Mismatch>) -> Mismatch {
    let short = short.map(|bytes| Mismatch::new(format!("out of memory ({bytes} bytes to work on asked for)")));
    short.or(refused).unwrap_or_else(|| Mismatch::new("refused"))
}
