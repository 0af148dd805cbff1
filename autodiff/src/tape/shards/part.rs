//! One shard of a batch.

use std::ops::Range;
use std::panic::Location;

use crate::array::Tensor;
use crate::error::Error;
use crate::kernel::for_each_part;
use crate::params::Params;
use crate::scalar::Real;
use crate::tape::{Gradients, Place, Program};

/// One shard: its program, which of the samples it has, and its gradients.
#[derive(Debug)]
pub(super) struct Part<T: Real> {
    pub(super) program: Program<T>,
    /// Its number among those of the batch.
    pub(super) shard: usize,
    pub(super) rows: Range<usize>,
    pub(super) grads: Gradients<T>,
    pub(super) loss: T,
    /// Its share of the samples, the cotangent of its loss.
    weight: f64,
    /// How far forward has come in the program's steps, and how much of the nodes backward has not pulled.
    done: usize,
    left: usize,
    /// The outcome of its last piece of work.
    outcome: Result<(), Error>,
}

/// Does a piece of work for every shard, on several threads. Of several errors, returns that of the first shard.
pub(super) fn for_each<T: Real>(
    parts: &mut [Part<T>],
    work: impl Fn(&mut Part<T>) -> Result<(), Error> + Sync,
) -> Result<(), Error> {
    for_each_part(parts, 1, |_, parts| parts.iter_mut().for_each(|part| part.outcome = work(part)));
    parts.iter_mut().try_for_each(|part| std::mem::replace(&mut part.outcome, Ok(())))
}

impl<T: Real> Part<T> {
    pub(super) fn new(
        mut program: Program<T>,
        shard: usize,
        (rows, weight): (Range<usize>, f64),
        params: &Params<T>,
    ) -> Result<Self, Error> {
        program.set_pass(shard as u64);
        let grads = params.try_gradients()?;
        Ok(Part { program, shard, rows, grads, loss: T::ZERO, weight, done: 0, left: 0, outcome: Ok(()) })
    }

    pub(super) fn set_inputs(&mut self, params: &Params<T>, inputs: &[&Tensor<T>]) -> Result<(), Error> {
        self.done = 0;
        self.program.set_input_rows(params, inputs, self.rows.start)
    }

    /// Computes the values up to an exchange, which it leaves out, or to the end.
    pub(super) fn forward(&mut self, exchange: Option<usize>, params: &Params<T>) -> Result<(), Error> {
        self.done = self.program.run_steps(self.done, exchange, params)?;
        Ok(())
    }

    pub(super) fn begin_backward(
        &mut self,
        params: &Params<T>,
        location: &'static Location<'static>,
    ) -> Result<(), Error> {
        let Part { program, grads, weight, .. } = self;
        let root = program.outputs[0];
        let loss = program.graph.read(root as usize, params);
        self.loss = loss.iter().next().unwrap_or(T::from_f64(f64::NAN));
        self.left = root as usize + 1;
        let seed = [T::from_f64(*weight)];
        // With one sample, a loss of several elements is refused as everywhere.
        let cotangent = (loss.shape().size() == 1).then_some((loss.shape(), &seed[..]));
        program.graph.begin_backward(root, cotangent, params, grads, location)
    }

    /// Pulls the nodes that are left, down to and with `first`.
    pub(super) fn backward(&mut self, first: usize, params: &Params<T>) -> Result<(), Error> {
        if first < self.left {
            self.program.graph.pull_range(first..self.left, params, &mut self.grads)?;
            self.left = first;
        }
        Ok(())
    }

    pub(super) fn finish_backward(&mut self, params: &Params<T>) -> Result<(), Error> {
        self.backward(0, params)?;
        self.program.graph.finish_backward(params, &mut self.grads);
        Ok(())
    }

    /// The node of its own value at an exchange, whose only input that is.
    fn own(&self, exchange: usize) -> usize {
        let nodes = &self.program.graph.nodes;
        nodes.operands_of(&nodes[exchange])[0].id() as usize
    }

    /// Appends its own value at an exchange.
    pub(super) fn read_own(&self, exchange: usize, params: &Params<T>, stacked: &mut Vec<T>) {
        let graph = &self.program.graph;
        stacked.extend(graph.read(self.own(exchange), params).iter());
    }

    pub(super) fn write_stack(&mut self, exchange: usize, stacked: &[T]) {
        self.program.graph.value_mut(exchange as u32).copy_from_slice(stacked);
    }

    /// What its pullbacks have added at an exchange; nothing if they have not reached it.
    pub(super) fn cotangent(&self, exchange: usize) -> &[T] {
        let node = &self.program.graph.nodes[exchange];
        match node.gradient {
            Some(Place::Arena(start))
                if self.grads.adjoints.has_reached(exchange) && !self.grads.adjoints.fresh[exchange] =>
            {
                &self.grads.adjoints.arena[start..start + node.extent]
            }
            _ => &[],
        }
    }

    /// Adds to the gradient of its own value at an exchange, and counts the exchange as pulled.
    pub(super) fn add_to_own(&mut self, exchange: usize, amounts: &[T]) {
        let own = self.own(exchange);
        let (graph, left) = (&self.program.graph, &mut self.left);
        *left = (*left).min(exchange);
        if self.grads.adjoints.has_reached(exchange) {
            self.grads.adjoints.fresh[exchange] = false;
            self.grads.add_to(&graph.nodes, own, amounts);
        }
    }

    pub(super) fn check_finite(&self, params: &Params<T>) -> Result<(), Error> {
        let replay = self.program.last_replay(params);
        replay.check_finite()?;
        replay.check_finite_gradients(&self.grads)
    }
}
