//! The trait of modules, and sequences of modules.

use std::rc::Rc;
use std::sync::Arc;

use autodiff::{Real, Var};

use crate::caller;

/// A function of one value, with parameters: a layer, an activation, a whole model.
///
/// A module records operations. It holds ids of parameters but no numbers, so the same model runs in every scalar. It cannot
/// fail: an error is kept on the tape (see [`Var`]).
///
/// ```
/// use autodiff::{Real, Scope, Var};
/// use nn::{Linear, Module, Relu};
///
/// struct Mlp {
///     hidden: Linear,
///     output: Linear,
/// }
///
/// impl Mlp {
///     fn new<T: Real>(mut scope: Scope<'_, T>) -> Self {
///         Mlp { hidden: Linear::new(scope.child("hidden"), 64, 32), output: Linear::new(scope.child("output"), 32, 10) }
///     }
/// }
///
/// impl<T: Real> Module<T> for Mlp {
///     #[track_caller]
///     fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
///         self.output.forward(Relu.forward(self.hidden.forward(x)))
///     }
/// }
/// ```
///
/// # The line in an error
///
/// An error names the nearest line outside this crate: the one that calls the layer. With `#[track_caller]` on a `forward` of
/// your own, it names the line of its caller; without, the line within `forward`. `#[track_caller]` does not work through
/// trait objects, so `Box`, `Rc`, `Arc`, references to those, and vectors of them record their caller themselves. Only
/// `forward` of a bare `&dyn Module` cannot: its errors name a line of this crate, and the layer by its parameters, as
/// `[10, 64] (fc1.weight)`. Write `(&model).forward(x)` instead.
pub trait Module<T: Real> {
    /// Records the operations of the module on `x`, and returns the output.
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T>;
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<T: Real, M: Module<T> + ?Sized> Module<T> for $pointer {
            #[track_caller]
            fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
                caller::note(x, || (**self).forward(x))
            }
        }
    )*};
}

pointer!(&M, Box<M>, Rc<M>, Arc<M>);

/// The modules in order, each on the output of the one before.
impl<T: Real, M: Module<T>> Module<T> for Vec<M> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let mut value = x;
        for module in self {
            value = module.forward(value);
        }
        value
    }
}

/// `None` is the identity.
impl<T: Real, M: Module<T>> Module<T> for Option<M> {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        match self {
            Some(module) => module.forward(x),
            None => x,
        }
    }
}

macro_rules! sequence {
    ($($name:ident)*) => {
        /// The modules in order, each on the output of the one before.
        impl<T: Real, $($name: Module<T>),*> Module<T> for ($($name,)*) {
            #[track_caller]
            #[allow(non_snake_case, reason = "the type parameters name the fields as well")]
            fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
                let ($($name,)*) = self;
                $(let x = $name.forward(x);)*
                x
            }
        }
    };
}

sequence!();
sequence!(A);
sequence!(A B);
sequence!(A B C);
sequence!(A B C D);
sequence!(A B C D E);
sequence!(A B C D E F);
sequence!(A B C D E F G);
sequence!(A B C D E F G H);
sequence!(A B C D E F G H I);
sequence!(A B C D E F G H I J);
sequence!(A B C D E F G H I J K);
sequence!(A B C D E F G H I J K L);

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, Tensor};

    use crate::{Activation, Module, Relu, Tanh};

    #[test]
    fn sequences_run_one_after_the_other() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let x = t.input(&Tensor::from([-1.0, 2.0]));
        let once = [0.0, 2.0_f64.tanh()];
        assert_eq!((Relu, Tanh).forward(x).value().unwrap().data(), &once);
        let activations: Vec<Activation> = vec!["relu".parse().unwrap(), "tanh".parse().unwrap()];
        assert_eq!(activations.forward(x).value().unwrap().data(), &once);
        assert_eq!(().forward(x).value().unwrap().data(), &[-1.0, 2.0]);
        let boxed: Vec<Box<dyn Module<f64>>> = vec![Box::new(Relu), Box::new(Tanh)];
        assert_eq!(boxed.forward(x).value().unwrap().data(), &once);
    }
}
