//! The gated recurrent unit.

use autodiff::{Real, Scope, Var};

use super::RecurrentSettings;
use super::stack::{Cell, Stack, block};
use crate::module::Module;

/// A network of gated recurrent units (Cho 2014), as PyTorch's `GRU`:
///
/// ```text
/// r = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
/// z = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
/// n = tanh(W_in x + b_in + r (W_hn h + b_hn))
/// h' = (1 − z) n + z h
/// ```
///
/// # Shapes
/// Input `[samples, steps, features]`, output `[samples, steps, directions · hidden]`: the states after each step, of the last
/// layer.
///
/// Parameters, named as in PyTorch, for layer `k`: `weight_ih_lk`, `[3 · hidden, features]`, in layers after the first `[3 ·
/// hidden, directions · hidden]`, with the rows of r, z and n one after the other; `weight_hh_lk`, `[3 · hidden, hidden]`;
/// `bias_ih_lk` and `bias_hh_lk`, `[3 · hidden]`; those of the second direction end in `_reverse`. All start as
/// U(−1/√hidden, 1/√hidden).
///
/// ```
/// use autodiff::{Mode, Params, Tape, Tensor};
/// use nn::Gru;
///
/// let mut params = Params::<f32>::new(0);
/// let gru = Gru::new(params.scope("gru"), 3, 4);
/// let mut tape = Tape::new();
/// let t = tape.start(&params, Mode::Train);
/// let x = t.input(&Tensor::full([2, 5, 3], 0.5));
/// let (outputs, last) = gru.run(x, Some(t.input(&[5.0, 2.0].into())), None);
/// assert_eq!((&outputs.shape()?[..], &last.shape()?[..]), (&[2, 5, 4][..], &[1, 2, 4][..]));
/// assert_eq!(outputs.index(0, 1).index(0, 1).value()?, last.index(0, 0).index(0, 1).value()?);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// Recorded on the tape: values of other shapes; a dropout rate out of range; a length that is not one of `0..=steps`. A number
/// of layers out of range is an error of the [`Params`](autodiff::Params).
#[derive(Clone, Debug)]
pub struct Gru {
    stack: Stack,
}

impl Gru {
    /// A network of one layer.
    pub fn new<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize) -> Self {
        Gru::with(scope, features, hidden, RecurrentSettings::default())
    }

    /// A network of these layers.
    pub fn with<T: Real>(scope: Scope<'_, T>, features: usize, hidden: usize, settings: RecurrentSettings) -> Self {
        Gru { stack: Stack::new(scope, [features, hidden], Unit::GATES, settings) }
    }

    /// The outputs, and the states after the last step, as [`Rnn::run`](crate::Rnn::run).
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
        let (outputs, [last]) = self.stack.run(Unit, x, lengths, initial.map(|state| [state]));
        (outputs, last)
    }
}

impl<T: Real> Module<T> for Gru {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        self.run(x, None, None).0
    }
}

#[derive(Clone, Copy, Debug)]
struct Unit;

impl Cell<1> for Unit {
    const NAME: &'static str = "gru";
    const GATES: usize = 3;

    fn step<'b, T: Real>(self, x: Var<'b, T>, carried: Var<'b, T>, [h]: [Var<'b, T>; 1]) -> [Var<'b, T>; 1] {
        let part = |k: usize| (block(x, k, h), block(carried, k, h));
        let [reset, update] = [part(0), part(1)].map(|(x, carried)| (x + carried).sigmoid());
        let (x, carried) = part(2);
        let new = (x + reset * carried).tanh();
        [new + update * (h - new)]
    }
}
