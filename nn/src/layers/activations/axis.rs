//! Activations along an axis.

use autodiff::{Real, Var};

use crate::invalid::invalid_input;
use crate::module::Module;

/// `e^(x_i) / Σ_j e^(x_j)` along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax {
    /// The axis that sums to 1.
    pub axis: usize,
}

impl<T: Real> Module<T> for Softmax {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        x.softmax(self.axis)
    }
}

/// The logarithm of [`Softmax`], accurate near 0 and 1. [`crate::loss::cross_entropy`] takes logits, without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSoftmax {
    /// The axis whose exponentials sum to 1.
    pub axis: usize,
}

impl<T: Real> Module<T> for LogSoftmax {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        x.log_softmax(self.axis)
    }
}

/// Gated linear unit, `a · sigmoid(b)`, where `a` and `b` are the halves of an axis (Dauphin 2017). The extent of the axis
/// must be even, and is halved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glu {
    /// The axis that is halved.
    pub axis: usize,
}

impl<T: Real> Module<T> for Glu {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let axis = self.axis;
        let Ok(shape) = x.shape() else { return x };
        let extent = shape.get(axis).copied().unwrap_or(0);
        if extent % 2 == 1 {
            return invalid_input("glu", format!("axis {axis} must have an even extent"), x);
        }
        let half = extent / 2;
        x.narrow(axis, 0..half) * x.narrow(axis, half..extent).sigmoid()
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, check};

    use super::*;

    #[test]
    fn a_gate_lets_through_the_first_half_by_the_second() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let x = t.input(&[[2.0, -4.0, 0.0, 1e4], [1.0, 1.0, -1e4, 0.0]].into());
        assert_eq!(Glu { axis: 1 }.forward(x).value().unwrap(), [[1.0, -4.0], [0.0, 0.5]].into());
        let gated = Glu { axis: 0 }.forward(x).value().unwrap();
        assert_eq!(gated.data()[3], 0.5e4);
    }

    #[test]
    fn an_axis_that_cannot_be_halved_is_rejected() {
        let message = |axis| {
            let params = Params::<f64>::default();
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Eval);
            Glu { axis }.forward(t.input(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into())).value().unwrap_err().to_string()
        };
        assert!(message(1).starts_with("glu: axis 1 must have an even extent: [2, 3] at nn"));
        assert!(message(2).contains("axis 2"), "{}", message(2));
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        let x = || [[[0.3, -4.0, 1.0, 0.2], [0.7, 2.0, -1.0, 0.4]].into()];
        check::function(|[x]| Softmax { axis: 1 }.forward(x), x()).unwrap().assert();
        check::function(|[x]| LogSoftmax { axis: 0 }.forward(x), x()).unwrap().assert();
        check::function(|[x]| Glu { axis: 1 }.forward(x), x()).unwrap().assert();
    }
}
