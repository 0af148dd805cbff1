//! The gain that compensates an activation's change of variance.

use std::f64::consts::SQRT_2;

use super::{Activation, LeakyRelu};

impl Activation {
    /// The gain compensating an activation's change of variance: the `gain` of
    /// [`Initial::Orthogonal`](crate::Initial::Orthogonal); squared, the `scale` of
    /// [`Initial::VarianceScaling`](crate::Initial::VarianceScaling).
    ///
    /// The values are those of PyTorch's `calculate_gain`: 1 for the identity and the sigmoid, 5/3 for tanh, √2 for relu,
    /// `√(2/(1 + slope²))` for leaky relu at its default slope, ¾ for selu. The last is empirical: it keeps gradients steady
    /// in shallow networks, but the fixed point that selu is made for needs 1, as in
    /// [`Initial::LecunNormal`](crate::Initial::LecunNormal). For the other activations PyTorch defines no gain: those
    /// that behave like relu far from 0 (relu6, elu, celu, gelu, silu, hard swish, mish) get √2 here, the rest 1.
    pub fn gain(self) -> f64 {
        use Activation::*;
        match self {
            Tanh => 5.0 / 3.0,
            Relu | Relu6 | Elu | Celu | Gelu | GeluTanh | Silu | HardSwish | Mish => SQRT_2,
            LeakyRelu => SQRT_2 / 1.0_f64.hypot(self::LeakyRelu::default().slope),
            Selu => 0.75,
            _ => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gains_are_those_of_pytorch() {
        // torch.nn.init.calculate_gain of 2.15.0.
        let expected = [
            (Activation::Identity, 1.0),
            (Activation::Sigmoid, 1.0),
            (Activation::Tanh, 5.0 / 3.0),
            (Activation::Relu, SQRT_2),
            (Activation::LeakyRelu, 1.4141428569978354),
            (Activation::Selu, 0.75),
        ];
        for (activation, expected) in expected {
            assert!((activation.gain() - expected).abs() < 1e-15, "{activation}");
        }
    }
}
