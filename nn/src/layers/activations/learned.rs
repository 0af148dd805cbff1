//! Activations with parameters.

use autodiff::{ParamId, Real, Scope, Shape, Var};

use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::layers::Linear;
use crate::module::Module;
use crate::settings::require;

/// Parametric relu: `x` where positive, else `slope · x`, with a learned slope (He 2015).
///
/// # Shapes
/// Input and output have any one shape; with a slope for each channel, `[samples, channels, ..]`.
///
/// Parameter: `slope`, `[1]` or `[channels]`, ¼ at first, as in PyTorch.
#[derive(Clone, Copy, Debug)]
pub struct PRelu {
    slope: ParamId,
}

impl PRelu {
    /// A layer with one slope.
    pub fn new<T: Real>(scope: Scope<'_, T>) -> Self {
        PRelu { slope: PRelu::slopes(scope, 1) }
    }

    /// A layer with a slope for each channel.
    pub fn per_channel<T: Real>(scope: Scope<'_, T>, channels: usize) -> Self {
        PRelu { slope: PRelu::slopes(scope, channels) }
    }

    fn slopes<T: Real>(mut scope: Scope<'_, T>, count: usize) -> ParamId {
        Initial::Constant(0.25).register(&mut scope, "slope", &[count], &[count])
    }

    /// The slopes, `[1]` or `[channels]`.
    pub fn slope(&self) -> ParamId {
        self.slope
    }
}

impl<T: Real> Module<T> for PRelu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        prelu(x, x.recording().param(self.slope))
    }
}

/// `x` where positive, else `slope · x`: the function of a [`PRelu`] layer.
///
/// # Shapes
/// `x` and the result have any one shape if `slope` is `[1]`, else `[samples, channels, ..]` with `slope` `[channels]`.
#[track_caller]
#[must_use]
pub fn prelu<'t, T: Real>(x: Var<'t, T>, slope: Var<'t, T>) -> Var<'t, T> {
    let (Ok(shape), Ok(slopes)) = (x.shape(), slope.shape()) else { return x * slope };
    let along: Shape = match slopes[..] {
        [1] => Shape::scalar(),
        [channels] if shape.get(1) == Some(&channels) => {
            (1..shape.rank()).map(|axis| if axis == 1 { channels } else { 1 }).collect()
        }
        _ => {
            let reason = format!("the slopes are {slopes}: must be [1], or [channels] with the channels of axis 1");
            return invalid_input("prelu", reason, x);
        }
    };
    // relu(x) is nonzero exactly where x is positive.
    x.detach().relu().select(x, x * slope.reshape(along))
}

/// Maxout (Goodfellow 2013): each output is the maximum of several linear functions of the input, its pieces. Equal maxima
/// share the gradient evenly.
///
/// # Shapes
/// Input `[.., fan_in]`, output `[.., fan_out]`.
///
/// Parameters: those of a [`Linear`] layer to `fan_out · pieces`; the pieces of an output are adjacent.
#[derive(Clone, Copy, Debug)]
pub struct Maxout {
    linear: Linear,
    pieces: usize,
}

impl Maxout {
    /// A layer with [`Initial::LecunNormal`] weights and zero biases. The larger of two normal numbers has the mean square of
    /// either, so two pieces preserve the scale; more increase it.
    pub fn new<T: Real>(scope: Scope<'_, T>, fan_in: usize, fan_out: usize, pieces: usize) -> Self {
        Maxout::with(scope, fan_in, fan_out, pieces, Initial::LecunNormal, Initial::Constant(0.0))
    }

    /// A layer with these initializers, for which `fan_out` counts all pieces.
    pub fn with<T: Real>(
        scope: Scope<'_, T>,
        fan_in: usize,
        fan_out: usize,
        pieces: usize,
        weight: Initial,
        bias: Initial,
    ) -> Self {
        // Where this saturates, there is no memory for the weight, which the parameters report.
        Maxout { linear: Linear::with(scope, fan_in, fan_out.saturating_mul(pieces), weight, bias), pieces }
    }

    /// The linear functions.
    pub fn linear(&self) -> Linear {
        self.linear
    }
}

impl<T: Real> Module<T> for Maxout {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        if let Err(reason) = require("pieces", self.pieces, self.pieces > 0, "at least 1") {
            return invalid_input("maxout", reason, x);
        }
        let pieces = self.linear.forward(x);
        let Ok(shape) = pieces.shape() else { return pieces };
        let Some(last) = shape.rank().checked_sub(1) else { return pieces };
        let outputs = shape[last] / self.pieces;
        pieces.reshape(shape.with(last, outputs).insert(last + 1, self.pieces)).max(last + 1)
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Dual, Mode, Params, Tape, Tensor, check};

    use super::*;

    #[test]
    fn a_slope_is_learned_for_all_values_or_for_each_channel() {
        let mut params = Params::<f64>::new(0);
        let (one, each) = (PRelu::new(params.scope("one")), PRelu::per_channel(params.scope("each"), 2));
        params.set(each.slope(), &[0.5, 2.0].into()).unwrap();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&[[[-1.0, 2.0, 0.0], [-4.0, -1e4, 1e4]]].into());
        assert_eq!(one.forward(x).value().unwrap(), [[[-0.25, 2.0, 0.0], [-1.0, -2500.0, 1e4]]].into());
        assert_eq!(one.forward(x.sum(..)).item(), Ok(-0.75));
        let y = each.forward(x);
        assert_eq!(y.value().unwrap(), [[[-0.5, 2.0, 0.0], [-8.0, -2e4, 1e4]]].into());
        let mut grads = params.gradients();
        y.sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(x).unwrap(), [[[0.5, 1.0, 0.5], [2.0, 2.0, 1.0]]].into());
        assert_eq!(grads.flat(), [0.0, -1.0, -10004.0]);
    }

    #[test]
    fn slopes_for_another_number_of_channels_are_rejected() {
        let mut params = Params::<f64>::new(0);
        let prelu = PRelu::per_channel(params.scope("prelu"), 3);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        // Broadcast, the one channel would come out as three.
        let message = prelu.forward(t.input(&[[1.0], [2.0]].into())).value().unwrap_err().to_string();
        assert!(
            message.starts_with(
                "prelu: the slopes are [3]: must be [1], or [channels] with the channels of axis 1: [2, 1] at nn"
            ),
            "{message}"
        );
    }

    #[test]
    fn maxout_is_the_maximum_of_its_pieces() {
        let mut params = Params::<f64>::new(0);
        let maxout = Maxout::new(params.scope("maxout"), 1, 2, 3);
        params.set(maxout.linear().weight(), &[[1.0], [-1.0], [0.0], [2.0], [3.0], [0.0]].into()).unwrap();
        params.set(maxout.linear().bias(), &[0.0, 0.0, 0.5, 0.0, 0.0, 0.0].into()).unwrap();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.input(&[[0.25], [-2.0], [1.0]].into());
        assert_eq!(maxout.forward(x).value().unwrap(), [[0.5, 0.75], [2.0, 0.0], [1.0, 3.0]].into());
        let nothing = Maxout::new(params.scope("nothing"), 1, 2, 0);
        let t = tape.start(&params, Mode::Train);
        let message = nothing.forward(t.input(&[[0.25]].into())).value().unwrap_err().to_string();
        assert!(message.contains("maxout: pieces is 0: must be at least 1"), "{message}");
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        let mut params = Params::<f64>::new(0);
        let model = (Maxout::new(params.scope("maxout"), 3, 4, 2), PRelu::per_channel(params.scope("prelu"), 4));
        let x: Tensor<Dual<f64>> = Tensor::from_fn([5, 3], |k| ((k * 7) % 11) as f64 / 5.0 - 1.0).cast();
        check::model(&params, |t| model.forward(t.constant(&x)).square().mean(..)).unwrap().assert();
    }
}
