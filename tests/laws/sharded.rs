//! A batch in shards: every operation, recorded once and replayed in two arenas by several threads, has the gradient that a tape
//! gives for the whole batch.

use autodiff::{Gradients, Mode, ParamId, Params, Recording, Shards, Tape, Tensor, Var, input};

use crate::laws::support::{Drawn, sweep};

/// Samples of the batch; their shards are of different sizes.
const SAMPLES: usize = 5;

fn output<'t>(t: &'t Recording<'t, f64>, drawn: &Drawn, ids: &[ParamId]) -> Var<'t, f64> {
    let inputs: Vec<_> = ids.iter().map(|&id| t.param(id)).collect();
    t.apply(drawn.case.op.double(), &inputs)
}

/// The mean over samples of Σ w·y, where y is the operation's output, and each sample has weights w.
fn loss<'t>(t: &'t Recording<'t, f64>, drawn: &Drawn, ids: &[ParamId], weights: Var<'t, f64>) -> Var<'t, f64> {
    (output(t, drawn, ids).reshape([-1]) * weights).sum(1).mean(..)
}

/// The inputs as parameters.
fn parameters(inputs: &[Tensor<f64>]) -> (Params<f64>, Vec<ParamId>) {
    let mut params = Params::new(7);
    let register = |(k, x): (usize, &Tensor<f64>)| {
        params.scope("input").parameter(&k.to_string(), x.shape(), |values, _| values.copy_from_slice(x.data()))
    };
    let ids = inputs.iter().enumerate().map(register).collect();
    (params, ids)
}

fn close(found: &Gradients<f64>, expected: &Gradients<f64>) -> Result<(), String> {
    let largest = expected.flat().iter().filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()));
    let agree = |(found, expected): (&f64, &f64)| {
        (found - expected).abs() <= 1e-11 * (largest + 0.01) || found == expected || found.is_nan() && expected.is_nan()
    };
    match found.flat().iter().zip(expected.flat()).all(agree) {
        true => Ok(()),
        false => Err(format!("in shards {:?}, on a tape {:?}", found.flat(), expected.flat())),
    }
}

#[test]
fn shards_give_the_gradient_of_a_tape() {
    sweep("in shards as on a tape", 60, |drawn| {
        let (params, ids) = parameters(&drawn.inputs);
        let mut tape = Tape::new();
        if drawn.inputs.is_empty() {
            return Ok(()); // A random draw, which is another in each shard.
        }
        let shape = output(&tape.start(&params, Mode::Train), drawn, &ids).shape();
        let size = shape.map_err(|error| error.to_string())?.size();
        // Weights of one sign, which do not cancel.
        let batch = |seed: usize| Tensor::from_fn([SAMPLES, size], |k| 1.0 + ((k * 37 + seed) % 101) as f64 / 100.0);
        let recorded = Shards::record(&params, Mode::Train, 2, [input("w", [SAMPLES, size])], |t, [weights]| {
            loss(t, drawn, &ids, weights)
        });
        let (mut found, mut expected) = (params.gradients(), params.gradients());
        let mut shards = recorded.map_err(|error| error.to_string())?;
        // The second batch meets whatever the first has left.
        for weights in [batch(3), batch(50)] {
            let t = tape.start(&params, Mode::Train);
            let whole = loss(&t, drawn, &ids, t.input(&weights)).backward(&mut expected);
            let parts = shards.backward(&params, [&weights], &mut found);
            match (whole, parts) {
                (Ok(()), Ok(_)) => close(&found, &expected)?,
                // An operation without a gradient, or one that refuses these values.
                (Err(_), Err(_)) => {}
                (whole, parts) => return Err(format!("on a tape {whole:?}, in shards {parts:?}")),
            }
        }
        Ok(())
    });
}
