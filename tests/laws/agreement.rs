//! Reverse mode agrees with two independent references: dual numbers, exactly, and finite differences.

use autodiff::{Dual, Tensor};

use crate::support::{Drawn, apply, apply_all, close, dot, scale, sweep};

fn dual_inputs(drawn: &Drawn) -> Vec<Tensor<Dual<f64>>> {
    let seeded =
        |(x, v): (&Tensor<f64>, &Tensor<f64>)| Tensor::from_fn(x.shape(), |k| Dual::new(x.data()[k], v.data()[k]));
    drawn.inputs.iter().zip(&drawn.directions).map(seeded).collect()
}

/// Σ over inputs of ⟨gradient, direction⟩, and the scale that it is measured against.
fn reverse(drawn: &Drawn) -> Result<(f64, f64), String> {
    let applied = apply_all(drawn).map_err(|e| e.to_string())?;
    let mut sums = (0.0, 0.0);
    for (gradient, direction) in applied.gradients.iter().zip(&drawn.directions) {
        if let Ok(gradient) = gradient {
            sums = (sums.0 + dot(gradient, direction), sums.1 + scale(gradient, direction));
        }
    }
    Ok(sums)
}

#[test]
fn reverse_mode_is_the_transpose_of_forward_mode() {
    sweep("⟨u, Jv⟩ = ⟨Jᵀu, v⟩", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let none = vec![false; drawn.inputs.len()];
        let forward = apply(drawn.case.op.dual(), &dual_inputs(drawn), &none, &drawn.cotangent.cast())
            .map_err(|e| e.to_string())?;
        let tangent = Tensor::from_fn(&drawn.output, |k| forward.output.data()[k].tangent);
        let (found, size) = reverse(drawn)?;
        let size = size.max(scale(&drawn.cotangent, &tangent));
        close("⟨Jᵀu, v⟩", found, dot(&drawn.cotangent, &tangent), 1e-10 * size)
    });
}

/// ⟨u, f(x + step·v)⟩.
fn weighted_value(drawn: &Drawn, step: f64) -> Result<f64, String> {
    let moved = |(x, v): (&Tensor<f64>, &Tensor<f64>)| Tensor::from_fn(x.shape(), |k| x.data()[k] + step * v.data()[k]);
    let inputs: Vec<_> = drawn.inputs.iter().zip(&drawn.directions).map(moved).collect();
    let none = vec![false; inputs.len()];
    let applied = apply(drawn.case.op.double(), &inputs, &none, &drawn.cotangent).map_err(|e| e.to_string())?;
    Ok(dot(&drawn.cotangent, &applied.output))
}

/// Ridders' method: central differences extrapolated to step 0, with an estimate of the error (Ridders 1982).
fn finite_difference(drawn: &Drawn) -> Result<(f64, f64), String> {
    const SHRINK: f64 = 1.6;
    let mut step = 0.02;
    let mut rows: Vec<Vec<f64>> = Vec::new();
    let mut best = (f64::NAN, f64::INFINITY);
    for _ in 0..9 {
        let central = (weighted_value(drawn, step)? - weighted_value(drawn, -step)?) / (2.0 * step);
        let mut row = vec![central];
        if let Some(previous) = rows.last() {
            let mut factor = SHRINK * SHRINK;
            for (j, &coarser) in previous.iter().enumerate() {
                let extrapolated = (row[j] * factor - coarser) / (factor - 1.0);
                let error = (extrapolated - row[j]).abs().max((extrapolated - coarser).abs());
                if error <= best.1 {
                    best = (extrapolated, error);
                }
                row.push(extrapolated);
                factor *= SHRINK * SHRINK;
            }
        }
        rows.push(row);
        step /= SHRINK;
    }
    Ok(best)
}

#[test]
fn reverse_mode_agrees_with_finite_differences() {
    sweep("reverse mode = finite differences", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let (found, size) = reverse(drawn)?;
        let (expected, error) = finite_difference(drawn)?;
        let rounding = 1e-9 * (1.0 + size);
        if error > 1e-5 * (1.0 + size) {
            return Err(format!("finite differences cannot decide: {expected:e} ± {error:e}"));
        }
        close("derivative along v", found, expected, 10.0 * error + rounding)
    });
}
