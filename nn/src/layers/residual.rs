//! Residual connections.

use autodiff::{Real, Var};

use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::finite;

/// `activation(shortcut(x) + scale · branch(x))` (He 2015).
///
/// [`Residual::new`] has the identity as shortcut and no activation after the sum, as in the pre-activation form (He 2016),
/// where the branch starts with its normalization. [`Residual::projected`] adds a module on the shortcut, which a change
/// of shape requires; [`Residual::then`] adds one after the sum, as in the post-activation form.
///
/// # Shapes
/// The branch and the shortcut map the input to values that broadcast to one shape.
#[derive(Clone, Copy, Debug)]
pub struct Residual<F, S = (), A = ()> {
    branch: F,
    shortcut: S,
    activation: A,
    scale: f64,
    connected: bool,
}

impl<F> Residual<F> {
    /// `x + branch(x)`.
    pub fn new(branch: F) -> Self {
        Residual { branch, shortcut: (), activation: (), scale: 1.0, connected: true }
    }
}

impl<F, S, A> Residual<F, S, A> {
    /// With a module on the shortcut, for example a convolution of kernel 1.
    #[must_use]
    pub fn projected<P>(self, shortcut: P) -> Residual<F, P, A> {
        let Residual { branch, activation, scale, connected, .. } = self;
        Residual { branch, shortcut, activation, scale, connected }
    }

    /// With a module after the sum, for example a relu.
    #[must_use]
    pub fn then<B>(self, activation: B) -> Residual<F, S, B> {
        let Residual { branch, shortcut, scale, connected, .. } = self;
        Residual { branch, shortcut, activation, scale, connected }
    }

    /// With the branch multiplied by a finite number: `1/√depth` bounds the sum over any number of blocks.
    #[must_use]
    pub fn scaled(self, scale: f64) -> Self {
        Residual { scale, ..self }
    }

    /// The same layers without the shortcut, for comparison: `activation(scale · branch(x))`.
    #[must_use]
    pub fn plain(self) -> Self {
        Residual { connected: false, ..self }
    }
}

impl<T: Real, F: Module<T>, S: Module<T>, A: Module<T>> Module<T> for Residual<F, S, A> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = finite::<T>("scale", self.scale) {
            return invalid_input("residual", reason, x);
        }
        let branch = self.branch.forward(x);
        let scaled = if self.scale == 1.0 { branch } else { branch * self.scale };
        let sum = if self.connected { self.shortcut.forward(x) + scaled } else { scaled };
        self.activation.forward(sum)
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Dual, Mode, Params, Tape, Tensor, check};

    use super::*;
    use crate::{Linear, Relu, Tanh};

    #[test]
    fn shortcut_scale_and_activation_stand_where_they_belong() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.input(&[1.0, -3.0].into());
        let forward = |module: &dyn Module<f64>| module.forward(x).value().unwrap();
        assert_eq!(forward(&Residual::new(Relu)), [2.0, -3.0].into());
        assert_eq!(forward(&Residual::new(Relu).scaled(0.5)), [1.5, -3.0].into());
        assert_eq!(forward(&Residual::new(Relu).then(Relu)), [2.0, 0.0].into());
        assert_eq!(forward(&Residual::new(Tanh).projected(Relu).plain()), [1.0_f64.tanh(), (-3.0_f64).tanh()].into());
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        let mut params = Params::<f64>::new(1);
        let branch = (Linear::new(params.scope("a"), 3, 4), Tanh, Linear::new(params.scope("b"), 4, 2));
        let block = Residual::new(branch).projected(Linear::new(params.scope("c"), 3, 2)).scaled(0.3).then(Tanh);
        let x: Tensor<Dual<f64>> = Tensor::from_fn([4, 3], |k| (k as f64).sin()).cast();
        check::model(&params, |t| block.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
    }
}
