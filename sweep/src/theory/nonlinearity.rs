//! An activation function as theory sees it: values and slopes at many points.

use std::fmt;
use std::sync::Arc;

use autodiff::{Error, Mode, Params, Tape, Tensor};
use nn::Module;

/// An elementwise activation φ: its values and slopes, and where either may jump or bend.
#[derive(Clone)]
pub struct Nonlinearity {
    module: Arc<dyn Module<f64> + Send + Sync>,
}

/// φ and φ' at the same points.
pub(super) struct Values {
    pub(super) value: Vec<f64>,
    pub(super) slope: Vec<f64>,
}

/// Points between which φ and φ' are smooth, in ascending order: where activations of `nn` jump or bend with their default
/// constants. The larger ones only bound panels on which an activation is close to a polynomial.
#[rustfmt::skip]
pub(super) const BREAKS: [f64; 23] = [
    -1e4, -3000.0, -1000.0, -300.0, -100.0, -30.0, -12.0, -6.0, -3.0, -1.0, -0.5,
    0.0, 0.5, 1.0, 3.0, 6.0, 12.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 1e4,
];

impl Nonlinearity {
    /// The activation that `module` applies. It has no parameters, draws nothing at random, and jumps or bends only at 0,
    /// ±½, ±1, ±3 and ±6, as every [`Activation`](nn::Activation) does; integrals over another one are less accurate.
    ///
    /// # Errors
    /// If the module fails, or is not elementwise.
    pub fn new(module: impl Module<f64> + Send + Sync + 'static) -> Result<Self, Error> {
        let nonlinearity = Nonlinearity { module: Arc::new(module) };
        let points = [-1.7, -0.2, 0.4, 2.3];
        let together = nonlinearity.values(&points)?;
        for (&point, &value) in points.iter().zip(&together.value) {
            let alone = nonlinearity.values(&[point])?.value;
            if !alone.iter().all(|alone| (alone - value).abs() <= 1e-9 * (1.0 + value.abs())) {
                return Err(not_elementwise());
            }
        }
        Ok(nonlinearity)
    }

    /// φ and φ' at `points`.
    pub(super) fn values(&self, points: &[f64]) -> Result<Values, Error> {
        let params = Params::default();
        let mut tape = Tape::new();
        let recording = tape.start(&params, Mode::Eval);
        let x = recording.variable(&points.into());
        let y = self.module.forward(x);
        let value = y.value()?;
        if value.shape()[..] != [points.len()] {
            return Err(not_elementwise());
        }
        let mut grads = params.gradients();
        y.backward_with(&Tensor::full([points.len()], 1.0), &mut grads)?;
        Ok(Values { value: value.into_vec(), slope: grads.of(x)?.into_vec() })
    }

    /// Whether φ is the identity times a constant.
    pub(super) fn is_linear(&self) -> Result<bool, Error> {
        let points = [-50.0, -4.0, -2.0, -0.7, -0.3, 0.3, 0.7, 2.0, 4.0, 50.0];
        let Values { value, slope } = self.values(&points)?;
        Ok(points.iter().zip(value).zip(&slope).all(|((x, value), &other)| value == slope[0] * x && other == slope[0]))
    }
}

fn not_elementwise() -> Error {
    Error::InvalidInput { what: "theory", reason: "the activation is not elementwise".into() }
}

impl fmt::Debug for Nonlinearity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = [-2.0, -1.0, 0.0, 1.0, 2.0];
        let values = self.values(&at).map(|values| values.value);
        f.debug_struct("Nonlinearity").field("at", &at).field("values", &values).finish()
    }
}

#[cfg(test)]
mod tests {
    use nn::{Activation, Softmax, Tanh};

    use super::*;

    #[test]
    fn slopes_are_those_of_the_module() {
        let tanh = Nonlinearity::new(Tanh).unwrap().values(&[0.3, -1.0]).unwrap();
        assert_eq!(tanh.value, [0.3_f64.tanh(), (-1.0_f64).tanh()]);
        assert!((tanh.slope[0] - (1.0 - 0.3_f64.tanh().powi(2))).abs() < 1e-15);
    }

    #[test]
    fn a_module_that_mixes_its_inputs_is_rejected() {
        let message = Nonlinearity::new(Softmax { axis: 0 }).unwrap_err().to_string();
        assert_eq!(message, "theory: the activation is not elementwise");
    }

    #[test]
    fn only_the_identity_is_linear() {
        for &activation in Activation::ALL {
            let linear = Nonlinearity::new(activation).unwrap().is_linear().unwrap();
            assert_eq!(linear, activation == Activation::Identity, "{activation}");
        }
    }
}
