//! The plain recurrent network.

use autodiff::{Real, Scope, Var};

use super::RecurrentSettings;
use super::stack::{Cell, Stack};
use crate::module::Module;

/// A recurrent network (Elman 1990), as PyTorch's `RNN`: `h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`, or relu in place of tanh.
///
/// # Shapes
/// Input `[samples, steps, features]`, output `[samples, steps, directions · hidden]`: the states after each step, of the last
/// layer.
///
/// Parameters, named as in PyTorch, for layer `k`: `weight_ih_lk`, `[hidden, features]`, in layers after the first `[hidden,
/// directions · hidden]`; `weight_hh_lk`, `[hidden, hidden]`; `bias_ih_lk` and `bias_hh_lk`, `[hidden]`; those of the second
/// direction end in `_reverse`. All start as U(−1/√hidden, 1/√hidden).
///
/// # Errors
/// Recorded on the tape: values of other shapes; a dropout rate out of range; a length that is not one of `0..=steps`. A number
/// of layers out of range is an error of the [`Params`](autodiff::Params).
#[derive(Clone, Debug)]
pub struct Rnn {
    stack: Stack,
    relu: bool,
}

impl Rnn {
    /// A network of one layer with tanh.
    pub fn new<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize) -> Self {
        Rnn::with(scope, features, hidden, RecurrentSettings::default())
    }

    /// A network of these layers with tanh.
    pub fn with<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize, settings: RecurrentSettings) -> Self {
        Rnn { stack: Stack::new(scope, [features, hidden], Elman::GATES, settings), relu: false }
    }

    /// The same network with relu in place of tanh.
    #[must_use]
    pub fn relu(self) -> Self {
        Rnn { relu: true, ..self }
    }

    /// The outputs, and the states after the last step. With `lengths`, the states of a sample stay as they are from its length
    /// on, its outputs there are 0, and the second direction starts at its own last step: as with PyTorch's
    /// `pack_padded_sequence`. What the input holds after the length, any finite numbers, is of no effect.
    ///
    /// # Shapes
    /// `x` is `[samples, steps, features]`; `lengths` `[samples]`, integers in `0..=steps`; initial and final states are
    /// `[layers · directions, samples, hidden]`, ordered by layer. Without initial states they are 0.
    #[track_caller]
    pub fn run<'t, T: Real>(
        &self,
        x: Var<'t, T>,
        lengths: Option<Var<'t, T>>,
        initial: Option<Var<'t, T>>,
    ) -> (Var<'t, T>, Var<'t, T>) {
        let (outputs, [last]) = self.stack.run(Elman { relu: self.relu }, x, lengths, initial.map(|state| [state]));
        (outputs, last)
    }
}

impl<T: Real> Module<T> for Rnn {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.run(x, None, None).0
    }
}

#[derive(Clone, Copy, Debug)]
struct Elman {
    relu: bool,
}

impl Cell<1> for Elman {
    const NAME: &'static str = "rnn";
    const GATES: usize = 1;

    fn step<'b, T: Real>(self, x: Var<'b, T>, carried: Var<'b, T>, _: [Var<'b, T>; 1]) -> [Var<'b, T>; 1] {
        let sum = x + carried;
        [if self.relu { sum.relu() } else { sum.tanh() }]
    }
}
