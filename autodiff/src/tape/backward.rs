//! The backward pass: the nodes in reverse, each adding to the gradients of its inputs.

use std::ops::Range;
use std::panic::Location;

use super::adjoints::Adjoints;
use super::forward::check_outcome;
use super::touched::Tables;
use crate::array::Shape;
use crate::error::{Error, Mismatch};
use crate::op::{Frame, InputGrads, Inputs, Lent, LentMut, OfNodes, Setting};
use crate::params::Params;
use crate::scalar::{Dual, Real};
use crate::tape::{Gradients, Graph, Place, Step};

/// What pullbacks read, and the gradients that they add to.
pub(super) struct Pulling<'a, T: Real> {
    pub(super) values: &'a [T],
    pub(super) saves: &'a [T],
    pub(super) setting: Setting<'a, T>,
    /// For each node, whether the root depends on it.
    pub(super) reached: &'a [bool],
    pub(super) arena: &'a mut [T],
    pub(super) parameters: &'a mut [T],
    /// As [`Adjoints::fresh`].
    pub(super) fresh: &'a mut [bool],
}

impl<T: Real> Graph<T> {
    /// Fills `grads` with the vector-Jacobian product of `root` and `cotangent`, which defaults to 1 for a scalar.
    pub(crate) fn backward(
        &self,
        root: u32,
        cotangent: Option<(&Shape, &[T])>,
        params: &Params<T>,
        grads: &mut Gradients<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        self.begin_backward(root, cotangent, params, grads, location)?;
        self.pull_range(0..root as usize + 1, params, grads)?;
        self.finish_backward(params, grads);
        Ok(())
    }

    /// Prepares `grads` for the pullbacks: nothing in it but the cotangent of the root.
    pub(super) fn begin_backward(
        &self,
        root: u32,
        cotangent: Option<(&Shape, &[T])>,
        params: &Params<T>,
        grads: &mut Gradients<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        let shape = self.nodes.shape(root as usize);
        let refuse = |reason: String| Error::Operation {
            op: "backward",
            reason,
            inputs: self.describe(&[root], params),
            location: self.attribute(location),
        };
        let one = [T::ONE];
        let seed = match cotangent {
            Some((given, values)) if given == shape => values,
            Some((given, _)) => return Err(refuse(format!("the cotangent has shape {given}, unlike the value"))),
            None if shape.size() == 1 => &one,
            None => return Err(refuse("a gradient starts from a scalar; reduce it, or use backward_with".into())),
        };
        if self.nodes[root as usize].gradient.is_none() {
            return Err(refuse("nothing it depends on needs a gradient".into()));
        }
        grads.check_layout(params)?;
        self.reach(root, &mut grads.adjoints.reached)?;
        grads.mark_received(self);
        let tables = self.tables(root, &grads.adjoints.reached);
        grads.clear(self, &tables, params)?;
        grads.add_to(&self.nodes, root as usize, seed);
        Ok(())
    }

    /// Runs the pullbacks of these nodes, from the last to the first.
    pub(super) fn pull_range(
        &self,
        range: Range<usize>,
        params: &Params<T>,
        grads: &mut Gradients<T>,
    ) -> Result<(), Error> {
        let Err((k, mismatch)) = self.pull_all(range, &mut self.pulling(params, grads)) else { return Ok(()) };
        grads.settle(self);
        grads.forget();
        Err(self.refusal(k, mismatch, params))
    }

    /// As [`Graph::pull_range`], in any memory. An error names the node that is refused.
    pub(super) fn pull_all(&self, range: Range<usize>, memory: &mut Pulling<'_, T>) -> Result<(), (usize, Mismatch)> {
        let Range { start, end } = range;
        let mut chains = self.chains.iter().rev().skip_while(|chain| chain.last() >= end).peekable();
        let mut left = start..end;
        while let Some(k) = left.next_back() {
            let pulled = match chains.next_if(|chain| chain.last() == k) {
                Some(chain) => {
                    left.end = chain.first();
                    self.pull_chain(chain, memory)
                }
                None => self.pull_in(k, memory),
            };
            pulled.map_err(|mismatch| (k, mismatch))?;
        }
        Ok(())
    }

    /// The memory of a tape or program, and of its gradients.
    fn pulling<'a>(&'a self, params: &'a Params<T>, grads: &'a mut Gradients<T>) -> Pulling<'a, T> {
        let Adjoints { arena, reached, fresh, .. } = &mut grads.adjoints;
        let (parameters, setting) = (grads.parameters.flat_mut(), self.draws.setting(params));
        Pulling { values: &self.values, saves: &self.saves, setting, reached, arena, parameters, fresh }
    }

    /// Ends the backward pass.
    pub(super) fn finish_backward(&self, params: &Params<T>, grads: &mut Gradients<T>) {
        grads.settle(self);
        for &(index, id) in &self.updates {
            grads.note_update(index, self.read(id as usize, params));
        }
    }

    /// Marks the nodes that `root` depends on.
    pub(super) fn reach(&self, root: u32, reached: &mut Vec<bool>) -> Result<(), Error> {
        reached.clear();
        reached.resize(self.nodes.len(), false);
        reached[self.nodes[root as usize].base as usize] = true;
        for k in (0..=root as usize).rev() {
            if !reached[k] {
                continue;
            }
            if self.nodes.is_blocked(k) {
                let (of, reason) = (self.title(k), "it has none; use detach() to treat its result as a constant");
                return Err(Error::NoGradient { of, reason: reason.into() });
            }
            for input in self.nodes.wanted(k) {
                reached[self.nodes[input as usize].base as usize] = true;
            }
        }
        Ok(())
    }

    /// Runs the pullback of node `k`, which adds to the gradients of its inputs.
    ///
    /// # Errors
    /// If there is no memory for the operation's scratch buffers.
    pub(crate) fn pull(&self, k: usize, params: &Params<T>, grads: &mut Gradients<T>) -> Result<(), Mismatch> {
        self.pull_in(k, &mut self.pulling(params, grads))
    }

    /// As [`Graph::pull`], in any memory.
    fn pull_in(&self, k: usize, memory: &mut Pulling<'_, T>) -> Result<(), Mismatch> {
        let node = &self.nodes[k];
        let (Step::Op(index), Place::Arena(start), Some(Place::Arena(gradient)), true) =
            (node.step, node.value, node.gradient, memory.reached[k])
        else {
            return Ok(());
        };
        let poisoned = self.poison_buffers.then(|| self.without_unread(k, memory.values));
        let values = poisoned.as_deref().unwrap_or(memory.values);
        let output = &values[start..start + node.extent];
        let saved = &memory.saves[node.saved.0..][..node.saved.1];
        let inputs = Inputs::new(node, &self.nodes, Lent::whole(values), &memory.setting);
        let (cotangent, arena) = LentMut::around(memory.arena, gradient..gradient + node.extent);
        if std::mem::take(&mut memory.fresh[k]) {
            cotangent.fill(T::ZERO);
        }
        let mut input_grads = InputGrads::of_nodes(OfNodes {
            nodes: &self.nodes,
            operands: self.nodes.operands_of(node),
            arena,
            parameters: memory.parameters,
            fresh: memory.fresh,
        });
        let frame = Frame { inputs, output, saved };
        self.ops.get(index).backward(frame, cotangent, &mut input_grads);
        check_outcome()
    }
}

impl<T: Real> Graph<T> {
    /// The values with NaN in what the pullback of operation `k` declares not to read: for the gradient checker.
    fn without_unread(&self, k: usize, values: &[T]) -> Vec<T> {
        let (mut values, node) = (values.to_vec(), &self.nodes[k]);
        let Step::Op(index) = node.step else { return values };
        let reads = self.ops.get(index).reads();
        let bases: Vec<usize> = self.nodes.inputs(k).map(|input| self.nodes[input as usize].base as usize).collect();
        let read = |of: usize| bases.iter().enumerate().any(|(i, &base)| reads.has_input(i) && base == of);
        let unread = bases.iter().copied().filter(|&of| !read(of));
        let own = (!reads.has_output()).then_some(k);
        for owner in unread.chain(own).map(|of| &self.nodes[of]) {
            if let Place::Arena(start) = owner.value {
                values[start..start + owner.extent].fill(T::from_f64(f64::NAN));
            }
        }
        values
    }
}

impl Graph<Dual<f64>> {
    /// For a single operation with Jacobian J, input tangents v and output tangents Jv: ⟨Jᵀ1, v⟩ and ⟨1, Jv⟩, each with
    /// the sum of its absolute terms. The two agree if the pullback is right. `None` if the node has no gradient.
    pub(crate) fn pull_alone(&self, k: usize, params: &Params<Dual<f64>>) -> Option<[(f64, f64); 2]> {
        let node = &self.nodes[k];
        let (Step::Op(_), Some(Place::Arena(start)), false) = (node.step, node.gradient, self.nodes.is_blocked(k))
        else {
            return None;
        };
        let mut grads = params.gradients();
        grads.clear(self, &Tables::new(), params).ok()?;
        grads.adjoints.reached.resize(self.nodes.len(), true);
        grads.add_to(&self.nodes, k, &vec![Dual::ONE; node.extent]);
        self.pull(k, params, &mut grads).ok()?;
        grads.settle(self);
        grads.adjoints.arena[start..start + node.extent].fill(Dual::ZERO);
        let mut contributed = (0.0, 0.0);
        let mut add = |gradient: Dual<f64>, value: Dual<f64>| {
            let term = gradient.value * value.tangent;
            contributed = (contributed.0 + term, contributed.1 + term.abs());
        };
        for owned in self.nodes[..k].iter().filter(|owned| owned.step != Step::View) {
            if let (Some(Place::Arena(gradient)), Place::Arena(value)) = (owned.gradient, owned.value) {
                (0..owned.extent).for_each(|i| add(grads.adjoints.arena[gradient + i], self.values[value + i]));
            }
        }
        grads.flat().iter().zip(params.flat()).for_each(|(&gradient, &value)| add(gradient, value));
        let tangents = || self.read(k, params).iter().map(|y| y.tangent).collect::<Vec<_>>();
        let output = (tangents().iter().sum(), tangents().iter().map(|t| t.abs()).sum());
        Some([contributed, output])
    }
}
