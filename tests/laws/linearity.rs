//! Backward adds and never overwrites, is linear in the cotangent, and does for a subset what it does for all.

use autodiff::{Mode, Params, Tape, Tensor, Var};
use rand::RngExt;

use crate::support::{Drawn, all_close, apply, apply_all, identical, sweep};

/// The gradients of ⟨u, op(x)⟩ + Σ ⟨w, x⟩, with the second term recorded before or after the first.
fn with_second_consumer(drawn: &Drawn, weights: &[Tensor<f64>], first: bool) -> Result<Vec<Tensor<f64>>, String> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaf = |(x, &variable)| if variable { t.variable(x) } else { t.input(x) };
    let leaves: Vec<Var<'_, f64>> = drawn.inputs.iter().zip(&drawn.differentiable).map(leaf).collect();
    let others = || {
        let terms = leaves.iter().zip(weights).map(|(&x, w)| (x * t.input(w)).sum(..));
        terms.reduce(|sum, term| sum + term).unwrap()
    };
    let own = || (t.apply(drawn.case.op.double(), &leaves) * t.input(&drawn.cotangent)).sum(..);
    let loss = if first { others() + own() } else { own() + others() };
    let mut grads = params.gradients();
    loss.backward(&mut grads).map_err(|e| e.to_string())?;
    let gradient = |(&x, &variable): (&Var<'_, f64>, &bool)| variable.then(|| grads.of(x).unwrap());
    Ok(leaves.iter().zip(&drawn.differentiable).filter_map(gradient).collect())
}

#[test]
fn backward_adds_to_what_other_consumers_added() {
    sweep("backward adds", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let mut random = drawn.random();
        let mut weight = |x: &Tensor<f64>| Tensor::from_fn(x.shape(), |_| random.random_range(-1.0..1.0));
        let weights: Vec<_> = drawn.inputs.iter().map(&mut weight).collect();
        let alone = apply_all(drawn).map_err(|e| e.to_string())?;
        let own = alone.gradients.iter().zip(&weights).zip(&drawn.differentiable).filter(|(_, variable)| **variable);
        let expected: Vec<_> = own
            .map(|((own, weight), _)| {
                let own = own.as_ref().unwrap();
                Tensor::from_fn(own.shape(), |k| own.data()[k] + weight.data()[k])
            })
            .collect();
        for first in [false, true] {
            for (found, expected) in with_second_consumer(drawn, &weights, first)?.iter().zip(&expected) {
                all_close("gradient with a second consumer", found, expected, 1e-12)?;
            }
        }
        Ok(())
    });
}

#[test]
fn backward_is_linear_in_the_cotangent() {
    sweep("backward is linear in the cotangent", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let of = |factor: f64| {
            let cotangent = Tensor::from_fn(&drawn.output, |k| factor * drawn.cotangent.data()[k]);
            apply(drawn.case.op.double(), &drawn.inputs, &drawn.differentiable, &cotangent).map_err(|e| e.to_string())
        };
        let (zero, one, minus_two) = (of(0.0)?, of(1.0)?, of(-2.0)?);
        for ((zero, one), minus_two) in zero.gradients.iter().zip(&one.gradients).zip(&minus_two.gradients) {
            let (Ok(zero), Ok(one), Ok(minus_two)) = (zero, one, minus_two) else { continue };
            if zero.data().iter().any(|&g| g != 0.0) {
                return Err(format!("a zero cotangent gives {zero}"));
            }
            all_close("-2 × gradient", minus_two, &Tensor::from_fn(one.shape(), |k| -2.0 * one.data()[k]), 1e-12)?;
        }
        Ok(())
    });
}

#[test]
fn every_subset_of_inputs_needing_gradients_gets_the_same_gradients() {
    sweep("subsets of inputs needing gradients", |drawn| {
        if !drawn.has_gradient() {
            return Ok(());
        }
        let all = apply_all(drawn).map_err(|e| e.to_string())?;
        for subset in 0..1_u32 << drawn.inputs.len().min(5) {
            let variable: Vec<bool> =
                drawn.differentiable.iter().enumerate().map(|(i, &d)| d && subset >> i & 1 == 1).collect();
            let some =
                apply(drawn.case.op.double(), &drawn.inputs, &variable, &drawn.cotangent).map_err(|e| e.to_string())?;
            identical("output", &some.output, &all.output)?;
            for (i, &variable) in variable.iter().enumerate() {
                match (&some.gradients[i], variable) {
                    (Ok(found), true) => identical("gradient", found, all.gradients[i].as_ref().unwrap())?,
                    (Err(_), false) => {}
                    (Ok(_), false) => return Err(format!("input {i} needs no gradient and has one")),
                    (Err(error), true) => return Err(error.to_string()),
                }
            }
        }
        Ok(())
    });
}

#[test]
fn an_input_used_twice_gets_the_sum_of_both_gradients() {
    sweep("the same input twice", |drawn| {
        let two_alike = drawn.inputs.len() == 2 && drawn.inputs[0].shape() == drawn.inputs[1].shape();
        if !two_alike || drawn.differentiable != [true, true] {
            return Ok(());
        }
        let alike = [drawn.inputs[0].clone(), drawn.inputs[0].clone()];
        let apart =
            apply(drawn.case.op.double(), &alike, &[true, true], &drawn.cotangent).map_err(|e| e.to_string())?;
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&drawn.inputs[0]);
        let mut grads = params.gradients();
        t.apply(drawn.case.op.double(), [x, x])
            .backward_with(&drawn.cotangent, &mut grads)
            .map_err(|e| e.to_string())?;
        let (a, b) = (apart.gradients[0].as_ref().unwrap(), apart.gradients[1].as_ref().unwrap());
        let expected = Tensor::from_fn(a.shape(), |k| a.data()[k] + b.data()[k]);
        all_close("gradient of x in op(x, x)", &grads.of(x).map_err(|e| e.to_string())?, &expected, 1e-12)
    });
}
