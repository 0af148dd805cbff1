//! Backward is itself differentiable: run in dual numbers it gives a symmetric Hessian.

use autodiff::{Dual, Mode, Params, Tape, Tensor, Var};
use rand::RngExt;

use crate::support::{Drawn, close, dot, scale, sweep};

/// The Hessian of ⟨u, op(x)⟩ times `direction`, by reverse mode over dual numbers.
fn hessian_times(drawn: &Drawn, direction: &[Tensor<f64>]) -> Result<Vec<Tensor<f64>>, String> {
    let text = |e: autodiff::Error| e.to_string();
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaf = |((x, v), &variable): ((&Tensor<f64>, &Tensor<f64>), &bool)| {
        let x = Tensor::from_fn(x.shape(), |k| Dual::new(x.data()[k], v.data()[k]));
        if variable { t.variable(&x) } else { t.input(&x) }
    };
    let leaves: Vec<Var<'_, Dual<f64>>> =
        drawn.inputs.iter().zip(direction).zip(&drawn.differentiable).map(leaf).collect();
    let mut grads = params.gradients();
    let output = t.apply(drawn.case.op.dual(), &leaves);
    output.backward_with(&drawn.cotangent.cast(), &mut grads).map_err(text)?;
    let row = |(&leaf, &variable): (&Var<'_, Dual<f64>>, &bool)| {
        let gradient = match variable {
            true => grads.of(leaf).map_err(text)?,
            false => Tensor::full(leaf.shape().map_err(text)?, Dual::default()),
        };
        Ok(Tensor::from_fn(gradient.shape(), |k| gradient.data()[k].tangent))
    };
    leaves.iter().zip(&drawn.differentiable).map(row).collect()
}

#[test]
fn the_hessian_by_reverse_over_dual_is_symmetric() {
    sweep("⟨w, Hv⟩ = ⟨v, Hw⟩", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let mut random = drawn.random();
        let other: Vec<Tensor<f64>> = drawn
            .directions
            .iter()
            .zip(&drawn.differentiable)
            .map(|(v, &moves)| Tensor::from_fn(v.shape(), |_| if moves { random.random_range(-1.0..1.0) } else { 0.0 }))
            .collect();
        let (along, across) = (hessian_times(drawn, &drawn.directions)?, hessian_times(drawn, &other)?);
        let form = |w: &[Tensor<f64>], h: &[Tensor<f64>]| {
            let sum = |f: fn(&Tensor<f64>, &Tensor<f64>) -> f64| w.iter().zip(h).map(|(w, h)| f(w, h)).sum::<f64>();
            (sum(dot), sum(scale))
        };
        let ((left, size), (right, other_size)) = (form(&other, &along), form(&drawn.directions, &across));
        close("⟨w, Hv⟩", left, right, 1e-9 * (1.0 + size.max(other_size)))
    });
}
