//! Long short-term memory.

use autodiff::{Real, Scope, Var};

use super::RecurrentSettings;
use super::stack::{Cell, Stack, block};
use crate::module::Module;

/// A network of long short-term memory (Hochreiter and Schmidhuber 1997; the forget gate is of Gers 2000), as PyTorch's `LSTM`:
///
/// ```text
/// i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)
/// f = sigmoid(W_if x + b_if + W_hf h + b_hf)
/// g = tanh(W_ig x + b_ig + W_hg h + b_hg)
/// o = sigmoid(W_io x + b_io + W_ho h + b_ho)
/// c' = f c + i g
/// h' = o tanh(c')
/// ```
///
/// # Shapes
/// Input `[samples, steps, features]`, output `[samples, steps, directions · hidden]`: h after each step, of the last layer.
///
/// Parameters, named as in PyTorch, for layer `k`: `weight_ih_lk`, `[4 · hidden, features]`, in layers after the first `[4 ·
/// hidden, directions · hidden]`, with the rows of i, f, g and o one after the other; `weight_hh_lk`, `[4 · hidden, hidden]`;
/// `bias_ih_lk` and `bias_hh_lk`, `[4 · hidden]`; those of the second direction end in `_reverse`. All start as
/// U(−1/√hidden, 1/√hidden).
///
/// # Errors
/// Recorded on the tape: values of other shapes; a dropout rate out of range; a length that is not one of `0..=steps`. A number
/// of layers out of range is an error of the [`Params`](autodiff::Params).
#[derive(Clone, Debug)]
pub struct Lstm {
    stack: Stack,
}

impl Lstm {
    /// A network of one layer.
    pub fn new<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize) -> Self {
        Lstm::with(scope, features, hidden, RecurrentSettings::default())
    }

    /// A network of these layers.
    pub fn with<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize, settings: RecurrentSettings) -> Self {
        Lstm { stack: Stack::new(scope, [features, hidden], Memory::GATES, settings) }
    }

    /// The outputs, and the states `[h, c]` after the last step, as [`Rnn::run`](crate::Rnn::run).
    ///
    /// # Shapes
    /// `x` is `[samples, steps, features]`; `lengths` `[samples]`, integers in `0..=steps`; initial and final states are
    /// `[layers · directions, samples, hidden]` each, ordered by layer. Without initial states they are 0.
    #[track_caller]
    pub fn run<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        lengths: Option<Var<'t, T>>,
        initial: Option<[Var<'t, T>; 2]>,
    ) -> (Var<'t, T>, [Var<'t, T>; 2]) {
        self.stack.run(Memory, x, lengths, initial)
    }
}

impl<T: Real> Module<T> for Lstm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.run(x, None, None).0
    }
}

#[derive(Clone, Copy, Debug)]
struct Memory;

impl Cell<2> for Memory {
    const NAME: &'static str = "lstm";
    const GATES: usize = 4;

    fn step<'b, T: Real>(self, x: Var<'b, T>, carried: Var<'b, T>, [h, c]: [Var<'b, T>; 2]) -> [Var<'b, T>; 2] {
        let sum = x + carried;
        let [input, forget, output] = [0, 1, 3].map(|k| block(sum, k, h).sigmoid());
        let c = forget * c + input * block(sum, 2, h).tanh();
        [output * c.tanh(), c]
    }
}
