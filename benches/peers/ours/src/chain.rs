//! W7: a chain of 1,000 operations on one element. The result is its derivative.

use anyhow::{Result, bail};
use autodiff::{Mode, Params, Program, Tape, Var, variable};
use protocol::{Data, Step, Unsupported};

use crate::model::tensor;

pub(crate) fn prepare(variant: &str, data: &Data) -> Result<Step> {
    let params = Params::<f32>::default();
    let mut grads = params.gradients();
    let start = tensor(data, "x")?;
    match variant {
        "eager" => {
            let mut tape = Tape::new();
            Ok(Box::new(move || {
                let t = tape.start(&params, Mode::Train);
                let x = t.variable(&start);
                chain(x).backward(&mut grads)?;
                Ok(grads.of(x)?.data()[0].into())
            }))
        }
        "program" => {
            let inputs = [variable("x", [1])];
            let mut program = Program::record(&params, Mode::Train, inputs, |_, [x]| [chain(x)])?;
            Ok(Box::new(move || {
                let run = program.forward(&params, [&start])?;
                run.backward(&mut grads)?;
                Ok(run.gradient("x", &grads)?.data()[0].into())
            }))
        }
        "sharded" => Err(Unsupported("one element is not sharded").into()),
        _ => bail!("unknown variant {variant}"),
    }
}

fn chain(x: Var<'_, f32>) -> Var<'_, f32> {
    (0..500).fold(x, |y, _| y * x + x)
}
