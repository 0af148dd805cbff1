//! Every setting of every module, loss and initializer at its extremes: a number in its range works, any other is an error that
//! names the setting, its value and what would have been right.

mod data;
mod extents;
mod numbers;

use autodiff::{Mode, Params, Scope, Tape, Tensor};
use nn::Module;

type Built = Box<dyn Module<f32>>;

/// What is said of a module in its constructor, or in a mode, when it runs on `shape`; nothing where all is well.
fn said(build: impl FnOnce(Scope<'_, f32>) -> Built, shape: &[usize], mode: Mode) -> String {
    let mut params = Params::<f32>::new(7);
    let module = build(params.scope("m"));
    let x = Tensor::from_fn(shape, |k| ((k * k) as f32 * 0.37).sin());
    let mut tape = Tape::new();
    let t = tape.start(&params, mode);
    module.forward(t.input(&x));
    t.check().err().map_or_else(String::new, |error| error.to_string())
}
