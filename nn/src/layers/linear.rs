//! The dense layer.

use autodiff::{ParamId, Real, Scope, Var};

use super::weight::Weight;
use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::module::Module;

/// A dense layer, `y = x Wᵀ + b`.
///
/// # Shapes
/// Input `[.., fan_in]`, output `[.., fan_out]`.
///
/// Parameters: `weight`, `[fan_out, fan_in]`, and `bias`, `[fan_out]`, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    weight: Weight,
    bias: ParamId,
}

impl Linear {
    /// A layer with [`Initial::XavierUniform`] weights (Glorot and Bengio 2010) and zero biases, which suit activations
    /// that are close to the identity at 0. For relu and its relatives use [`Initial::HeNormal`].
    pub fn new<T: Real>(scope: Scope<'_, T>, fan_in: usize, fan_out: usize) -> Self {
        Linear::with(scope, fan_in, fan_out, Initial::XavierUniform, Initial::Constant(0.0))
    }

    /// A layer with these initializers. A weight that does not fit into memory is an error of the
    /// [`Params`](autodiff::Params) and of every tape that uses them.
    pub fn with<T: Real>(
        mut scope: Scope<'_, T>,
        fan_in: usize,
        fan_out: usize,
        weight: Initial,
        bias: Initial,
    ) -> Self {
        let (matrix, vector) = ([fan_out, fan_in], [fan_out]);
        Linear {
            weight: Weight::new(&mut scope, &matrix, weight),
            // The bias has the fans of its layer: a variance that is scaled by fan_in means the same for both.
            bias: bias.register(&mut scope, "bias", &vector, &matrix),
        }
    }

    /// The same layer with weight normalization: see [`Weight::normalized`]. `scope` must be the layer's own.
    #[must_use]
    pub fn weight_norm<T: Real>(self, scope: Scope<'_, T>) -> Self {
        Linear { weight: self.weight.normalized(scope), ..self }
    }

    /// The same layer with DropConnect: see [`Weight::dropped`]. `rate` is at least 0 and below 1.
    #[must_use]
    pub fn drop_connect(self, rate: f64) -> Self {
        Linear { weight: self.weight.dropped(rate), ..self }
    }

    /// The weight, `[fan_out, fan_in]`.
    pub fn weight(&self) -> ParamId {
        self.weight.id()
    }

    /// The bias, `[fan_out]`.
    pub fn bias(&self) -> ParamId {
        self.bias
    }
}

impl<T: Real> Module<T> for Linear {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let recording = x.recording();
        linear(x, self.weight.record(recording), Some(recording.param(self.bias)))
    }
}

/// `x Wᵀ + b`: the function of a [`Linear`] layer.
///
/// # Shapes
/// `x` is `[.., fan_in]`, `weight` `[fan_out, fan_in]`, `bias` `[fan_out]`; the result is `[.., fan_out]`.
#[track_caller]
#[must_use]
pub fn linear<'t, T: Real>(x: Var<'t, T>, weight: Var<'t, T>, bias: Option<Var<'t, T>>) -> Var<'t, T> {
    let Some(bias) = bias else { return x.matmul(weight.t()) };
    if let (Ok(weights), Ok(found)) = (weight.shape(), bias.shape())
        && weights.rank() == 2
        && found[..] != weights[..1]
    {
        return invalid_input("linear", format!("the bias is {found}: must be [fan_out]"), weight);
    }
    x.matmul_add(weight.t(), bias)
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, Tensor};

    use super::*;

    #[test]
    fn a_layer_multiplies_by_its_weights_and_adds_its_biases() {
        let mut params = Params::<f64>::new(0);
        let layer = Linear::new(params.scope("fc"), 2, 3);
        params.set(layer.weight(), &[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].into()).unwrap();
        params.set(layer.bias(), &[0.5, 0.0, -0.5].into()).unwrap();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let y = layer.forward(t.input(&Tensor::from([[1.0, 1.0], [0.0, 2.0]])));
        assert_eq!(y.value().unwrap(), [[3.5, 7.0, 10.5], [4.5, 8.0, 11.5]].into());
    }

    #[test]
    fn an_initializer_out_of_its_range_is_named_with_its_parameter() {
        let mut params = Params::<f32>::new(0);
        let (weight, bias) = (Initial::Normal { variance: -1.0 }, Initial::Constant(0.0));
        Linear::with(params.scope("fc"), 2, 3, weight, bias);
        let message = Tape::new().start(&params, Mode::Train).check().unwrap_err().to_string();
        assert_eq!(message, "parameter fc.weight: its initializer's variance is -1: must be a number from 0 up");
    }
}
