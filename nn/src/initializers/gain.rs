//! What an activation takes off the scale of its inputs, as the factor that makes up for it.

use std::f64::consts::SQRT_2;

use crate::Activation;

/// The factor on weights' deviation that makes up for an activation: for [`Initial::Orthogonal`](super::Initial), and
/// squared as the scale of [`Initial::VarianceScaling`](super::Initial).
///
/// These are the numbers of PyTorch's `calculate_gain`: 1 for the identity and the sigmoid, 5/3 for tanh, √2 for relu,
/// `√(2/(1 + slope²))` for leaky relu at its default slope, ¾ for selu. The last keeps gradients steady in shallow
/// networks, by experience; the fixed point that selu was made for needs 1, as in [`Initial::LecunNormal`](super::Initial).
/// PyTorch has none for others: those with relu's shape far from 0 (relu6, elu, celu, gelu, silu, hard swish, mish) get its
/// √2 here, the rest 1.
pub fn gain(activation: Activation) -> f64 {
    use Activation::*;
    match activation {
        Tanh => 5.0 / 3.0,
        Relu | Relu6 | Elu | Celu | Gelu | GeluTanh | Silu | HardSwish | Mish => SQRT_2,
        LeakyRelu => SQRT_2 / 1.0_f64.hypot(crate::LeakyRelu::default().slope),
        Selu => 0.75,
        _ => 1.0,
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
            assert!((gain(activation) - expected).abs() < 1e-15, "{activation}");
        }
    }
}
