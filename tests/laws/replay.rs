//! A replayed program gives, on new inputs, the bits of a fresh recording.

use autodiff::{Mode, Params, Program, Tensor, Var};

use crate::support::{Drawn, apply, identical, sweep};

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

pub(crate) fn record(drawn: &Drawn, params: &Params<f64>) -> Result<Program<f64>, autodiff::Error> {
    Program::record(params, Mode::Train, |t| {
        let declare = |(i, x): (usize, &Tensor<f64>)| match drawn.differentiable[i] {
            true => t.declare_variable(NAMES[i], x.shape()),
            false => t.declare_input(NAMES[i], x.shape()),
        };
        let leaves: Vec<Var<'_, f64>> = drawn.inputs.iter().enumerate().map(declare).collect();
        [t.apply(drawn.case.op.double(), &leaves)]
    })
}

#[test]
fn a_replay_on_new_inputs_gives_the_bits_of_a_fresh_recording() {
    sweep("replay = fresh recording, bit for bit", |drawn| {
        let text = |e: autodiff::Error| e.to_string();
        let params = Params::default();
        let mut grads = params.gradients();
        let mut program = record(drawn, &params).map_err(text)?;
        for inputs in [drawn.inputs.clone(), drawn.other_inputs(), drawn.inputs.clone()] {
            let fresh =
                apply(drawn.case.op.double(), &inputs, &drawn.differentiable, &drawn.cotangent).map_err(text)?;
            program.forward(&params, &inputs.iter().collect::<Vec<_>>()).map_err(text)?;
            identical("output", &program.output(&params, 0).map_err(text)?, &fresh.output)?;
            if !drawn.has_gradient() {
                continue;
            }
            // Twice: the second pass must not see what the first left behind.
            for _ in 0..2 {
                program.backward_with(&params, &drawn.cotangent, &mut grads).map_err(text)?;
                for (i, gradient) in fresh.gradients.iter().enumerate() {
                    if let Ok(expected) = gradient {
                        identical("gradient", &program.gradient(NAMES[i], &grads).map_err(text)?, expected)?;
                    }
                }
            }
        }
        Ok(())
    });
}
