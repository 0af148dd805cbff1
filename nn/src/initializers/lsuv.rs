//! Initialization from data.

use autodiff::{Error, Mode, ParamId, Params, Real, Tape, Tensor, Var};

/// The deviation from variance 1 that is accepted, and the number of attempts, as in the paper.
const TOLERANCE: f64 = 0.01;
const ATTEMPTS: usize = 10;

/// Layer-sequential unit variance (Mishkin and Matas 2016): layer by layer, the weight is divided by the standard deviation of
/// the layer's output on a batch, until the variance is 1 within 0.01. Weights should start orthogonal
/// ([`Initial::Orthogonal`](crate::Initial::Orthogonal)).
///
/// `outputs` runs the model and returns the output of the layer of each weight, before its activation, in the order of
/// `weights`.
///
/// ```
/// use autodiff::{Params, Tensor};
/// use nn::{Linear, Module, lsuv};
///
/// let mut params = Params::<f64>::new(0);
/// let (first, second) = (Linear::new(params.scope("first"), 8, 16), Linear::new(params.scope("second"), 16, 4));
/// let batch = Tensor::from_fn([64, 8], |k| (k as f64).sin());
/// lsuv(&mut params, &[first.weight(), second.weight()], &batch, |x| {
///     let h = first.forward(x);
///     vec![h, second.forward(h.relu())]
/// })?;
/// # Ok::<(), autodiff::Error>(())
/// ```
///
/// # Errors
/// An error on the tape; fewer outputs than weights; an output whose variance is 0, infinite or NaN, or does not converge to
/// 1.
#[track_caller]
pub fn lsuv<T: Real>(
    params: &mut Params<T>,
    weights: &[ParamId],
    batch: &Tensor<T>,
    outputs: impl for<'t> Fn(Var<'t, T>) -> Vec<Var<'t, T>>,
) -> Result<(), Error> {
    let mut tape = Tape::new();
    for (layer, &weight) in weights.iter().enumerate() {
        let mut variance = f64::NAN;
        for _ in 0..ATTEMPTS {
            let t = tape.start(params, Mode::Train);
            let output = outputs(t.input(batch)).get(layer).copied();
            t.check()?;
            variance =
                output.ok_or_else(|| invalid(layer, "there is no output of it"))?.variance(.., 0).item()?.to_f64();
            if (variance - 1.0).abs() <= TOLERANCE {
                break;
            }
            if !(variance > 0.0 && variance.is_finite()) {
                return Err(invalid(layer, &format!("its output has variance {variance}")));
            }
            let value = params.value(weight)?;
            let scale = T::from_f64(1.0 / variance.sqrt());
            params.set(weight, &Tensor::try_from_fn(value.shape(), |k| scale * value.data()[k])?)?;
        }
        if (variance - 1.0).abs() > 10.0 * TOLERANCE {
            return Err(invalid(layer, &format!("its output has variance {variance}")));
        }
    }
    Ok(())
}

fn invalid(layer: usize, reason: &str) -> Error {
    Error::InvalidInput { what: "lsuv", reason: format!("layer {layer}: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Initial, Linear, Module};

    fn run<'t>(layers: &[Linear], x: Var<'t, f64>) -> Vec<Var<'t, f64>> {
        let mut outputs: Vec<Var<'t, f64>> = Vec::new();
        for layer in layers {
            outputs.push(layer.forward(outputs.last().map_or(x, |last| last.relu())));
        }
        outputs
    }

    #[test]
    fn every_layer_ends_with_variance_one() {
        let mut params = Params::<f64>::new(3);
        let (weight, bias) = (Initial::Orthogonal { gain: 1.0 }, Initial::Constant(0.0));
        let layers: Vec<Linear> =
            (0..6).map(|k| Linear::with(params.scope(&k.to_string()), 20, 20, weight, bias)).collect();
        let batch = Tensor::from_fn([100, 20], |k| 3.0 * (k as f64 * 0.77).sin());
        let weights: Vec<ParamId> = layers.iter().map(Linear::weight).collect();
        lsuv(&mut params, &weights, &batch, |x| run(&layers, x)).unwrap();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        for output in run(&layers, t.input(&batch)) {
            assert!((output.variance(.., 0).item().unwrap() - 1.0).abs() <= TOLERANCE);
        }
        let zeros = Tensor::full([4, 20], 0.0);
        let zero = lsuv(&mut params, &weights, &zeros, |x| run(&layers, x)).unwrap_err().to_string();
        assert!(zero.starts_with("lsuv: layer 0: its output has variance 0"), "{zero}");
        let none = lsuv(&mut params, &weights, &batch, |_| Vec::new()).unwrap_err().to_string();
        assert!(none.contains("layer 0: there is no output of it"), "{none}");
    }
}
