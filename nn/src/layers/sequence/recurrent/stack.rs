//! The layers and directions of a recurrent network, whatever its cell.

use autodiff::{ParamId, Real, Recording, Scope, Var};

use super::RecurrentSettings;
use crate::caller;
use crate::initializers::Initial;
use crate::layers::Dropout;
use crate::layers::functional::{length_mask, linear};
use crate::layers::sequence::MOST_LAYERS;
use crate::module::Module;
use crate::settings::{Check, require, share_below_one};

/// What a network computes in a step, of `S` states of which the first is its output.
pub(super) trait Cell<const S: usize>: Copy {
    /// The name in errors.
    const NAME: &'static str;
    /// The number of blocks of `hidden` rows in the weights.
    const GATES: usize;

    /// The states after a step. `x` and `carried` are the products of the input and of the first state with their weights, with
    /// biases, `[samples, GATES · hidden]`; states are `[samples, hidden]`.
    fn step<'b, T: Real>(self, x: Var<'b, T>, carried: Var<'b, T>, states: [Var<'b, T>; S]) -> [Var<'b, T>; S];
}

/// Block `k` of the columns of a value, each as wide as `like`.
pub(super) fn block<'b, T: Real>(x: Var<'b, T>, k: usize, like: Var<'b, T>) -> Var<'b, T> {
    let width = like.shape().map_or(0, |shape| shape[1]);
    x.narrow(1, k * width..(k + 1) * width)
}

/// One direction of a layer.
#[derive(Clone, Copy, Debug)]
struct Direction {
    weight_ih: ParamId,
    weight_hh: ParamId,
    bias_ih: ParamId,
    bias_hh: ParamId,
    reverse: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Stack {
    layers: Vec<Vec<Direction>>,
    features: usize,
    hidden: usize,
    settings: RecurrentSettings,
}

impl Stack {
    pub(super) fn new<T: Real>(
        mut scope: Scope<'_, T>,
        [features, hidden]: [usize; 2],
        gates: usize,
        settings: RecurrentSettings,
    ) -> Self {
        let valid = (1..=MOST_LAYERS).contains(&settings.layers);
        if let Err(reason) = require("layers", settings.layers, valid, format_args!("from 1 to {MOST_LAYERS}")) {
            scope.fail("layers", reason);
        }
        let suffixes: &[&str] = if settings.bidirectional { &["", "_reverse"] } else { &[""] };
        let high = 1.0 / (hidden.max(1) as f64).sqrt();
        let (initial, rows) = (Initial::Uniform { low: -high, high }, hidden.saturating_mul(gates));
        let mut inputs = features;
        let mut layers = Vec::new();
        for layer in (0..settings.layers).take_while(|_| valid) {
            let mut directions = Vec::new();
            for (k, suffix) in suffixes.iter().enumerate() {
                let mut register = |name: &str, shape: &[usize]| {
                    initial.register(&mut scope, &format!("{name}_l{layer}{suffix}"), shape, shape)
                };
                directions.push(Direction {
                    weight_ih: register("weight_ih", &[rows, inputs]),
                    weight_hh: register("weight_hh", &[rows, hidden]),
                    bias_ih: register("bias_ih", &[rows]),
                    bias_hh: register("bias_hh", &[rows]),
                    reverse: k == 1,
                });
            }
            layers.push(directions);
            inputs = hidden.saturating_mul(suffixes.len());
        }
        Stack { layers, features, hidden, settings }
    }

    /// The outputs, `[samples, steps, directions · hidden]`, and the states after the last step, `[layers · directions, samples,
    /// hidden]` each, as are the initial ones.
    #[track_caller]
    pub(super) fn run<'t, T: Real, C: Cell<S>, const S: usize>(
        &self,
        cell: C,
        x: Var<'t, T>,
        lengths: Option<Var<'t, T>>,
        initial: Option<[Var<'t, T>; S]>,
    ) -> (Var<'t, T>, [Var<'t, T>; S]) {
        let given: Vec<Var<'t, T>> = [x].into_iter().chain(lengths).chain(initial.into_iter().flatten()).collect();
        if let Err(reason) = self.check(x, lengths, initial.as_ref().map_or(&[], |initial| &initial[..])) {
            let refused = x.recording().reject(C::NAME, reason, given);
            return (refused, [refused; S]);
        }
        caller::note(x, || self.layers(cell, x, lengths, initial))
    }

    fn layers<'t, T: Real, C: Cell<S>, const S: usize>(
        &self,
        cell: C,
        x: Var<'t, T>,
        lengths: Option<Var<'t, T>>,
        initial: Option<[Var<'t, T>; S]>,
    ) -> (Var<'t, T>, [Var<'t, T>; S]) {
        let Ok([samples, steps, _]) = x.dims() else { return (x, [x; S]) };
        let t = x.recording();
        let zero = || t.constant(&T::ZERO.into());
        // Inside, the first axis is that of the steps.
        let mask = lengths.map(|lengths| length_mask(lengths, steps).t().unsqueeze(2));
        let (mut value, mut finals) = (x, Vec::new());
        for (layer, directions) in self.layers.iter().enumerate() {
            if layer > 0 {
                value = Dropout::new(self.settings.dropout).forward(value);
            }
            let mut outputs = Vec::new();
            for direction in directions {
                let start = match initial {
                    Some(states) => states.map(|state| state.index(0, finals.len())),
                    None => [(); S].map(|()| zero().broadcast_to([samples, self.hidden])),
                };
                let [weight, bias] = [direction.weight_ih, direction.bias_ih].map(|id| t.param(id));
                let rows = linear(value, weight, Some(bias));
                let rows = if layer == 0 { rows.transpose(0, 1) } else { rows };
                let sequences: Vec<Var<'t, T>> = [rows].into_iter().chain(mask).collect();
                let (last, output) = direction.scan(cell, start, sequences, self.settings);
                finals.push(last);
                outputs.push(output);
            }
            value = match outputs[..] {
                [output] => output,
                _ => t.concatenate(outputs, 2),
            };
        }
        if let Some(mask) = mask {
            value = mask.select(value, zero());
        }
        let finals = std::array::from_fn(|k| t.stack(finals.iter().map(|states| states[k]).collect::<Vec<_>>(), 0));
        (value.transpose(0, 1), finals)
    }

    /// An error unless the values and the dropout rate fit. A value without a shape carries its own error.
    fn check<T: Real>(&self, x: Var<'_, T>, lengths: Option<Var<'_, T>>, initial: &[Var<'_, T>]) -> Check {
        share_below_one("dropout", self.settings.dropout)?;
        let Ok(shape) = x.shape() else { return Ok(()) };
        if shape.rank() != 3 || shape[2] != self.features {
            return Err(format!("the input must be [samples, steps, {}]", self.features));
        }
        if let Some(Ok(found)) = lengths.map(|lengths| lengths.shape()) {
            require("the shape of the lengths", &found, found[..] == shape[..1], format_args!("[{}]", shape[0]))?;
        }
        let states = self.layers.iter().map(Vec::len).sum::<usize>();
        let due = [states, shape[0], self.hidden];
        for found in initial.iter().filter_map(|state| state.shape().ok()) {
            require("the shape of an initial state", &found, found[..] == due, format_args!("{due:?}"))?;
        }
        Ok(())
    }
}

impl Direction {
    /// The states after the last step, and the outputs, `[steps, samples, hidden]`, of rows that are products with the weight of
    /// the input; after them perhaps a mask of the steps at which states change.
    fn scan<'t, T: Real, C: Cell<S>, const S: usize>(
        self,
        cell: C,
        start: [Var<'t, T>; S],
        sequences: Vec<Var<'t, T>>,
        settings: RecurrentSettings,
    ) -> ([Var<'t, T>; S], Var<'t, T>) {
        // Backwards, a sample that ends early keeps its initial state until its own last step.
        let turned = |value: Var<'t, T>| if self.reverse { value.flip(0) } else { value };
        let sequences: Vec<Var<'t, T>> = sequences.into_iter().map(turned).collect();
        let t: &'t Recording<'t, T> = start[0].recording();
        let (last, outputs) = t.scan_slice(&start, &sequences, settings.keep, |t, states, rows| {
            let states: [Var<'_, T>; S] = std::array::from_fn(|k| states[k]);
            let carried = linear(states[0], t.param(self.weight_hh), Some(t.param(self.bias_hh)));
            let mut next = cell.step(rows[0], carried, states);
            if let Some(&mask) = rows.get(1) {
                next = std::array::from_fn(|k| mask.select(next[k], states[k]));
            }
            (next.to_vec(), next[0])
        });
        (std::array::from_fn(|k| last[k]), turned(outputs))
    }
}
