//! Modules whose intermediate values are not kept for backward.

use autodiff::{Real, Var};

use crate::Module;
use crate::caller;

/// Modules in order, as [`Vec`], in about √n segments of √n modules, each a checkpoint (Chen et al. 2016): of a network of n
/// equal modules, √n values are kept, and during backward those of one segment. Backward computes every segment once more.
///
/// Value, gradients, random draws and running statistics are those of the `Vec`, bit for bit.
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use nn::{Checkpointed, Linear, Module, Tanh};
///
/// let mut params = Params::<f32>::new(0);
/// let layer = |k: usize| (Linear::new(params.scope(&format!("fc{k}")), 8, 8), Tanh);
/// let layers = Checkpointed((0..100).map(layer).collect::<Vec<_>>());
/// let mut tape = Tape::new();
/// let t = tape.start(&params, Mode::Train);
/// let y = layers.forward(t.input(&[[0.5; 8]].into()));
/// assert_eq!(y.shape()?[..], [1, 8]);
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// Recorded on the tape: as those of the modules; a batch normalization with the statistics of several
/// [`Shards`](autodiff::Shards), which cannot meet inside of a checkpoint.
#[derive(Clone, Debug)]
pub struct Checkpointed<M>(pub Vec<M>);

impl<T: Real, M: Module<T>> Module<T> for Checkpointed<M> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        caller::note(x, || {
            let length = self.0.len().isqrt().max(1);
            self.0.chunks(length).fold(x, |x, segment| {
                x.recording().checkpoint([x], |_, [x]| segment.iter().fold(x, |x, module| module.forward(x)))
            })
        })
    }
}
