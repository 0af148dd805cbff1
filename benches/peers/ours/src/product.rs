//! W8: one product of two matrices, forward only. The result is its first element.

use anyhow::{Result, bail};
use autodiff::{Mode, ParamId, Params, Program, Tape};
use protocol::{Data, Step, Unsupported};

use crate::model::tensor;

pub(crate) fn prepare(variant: &str, data: &Data) -> Result<Step> {
    // As parameters the factors are read where they are. An input is copied to the tape in each step.
    let mut params = Params::<f32>::default();
    let mut register = |name: &str| -> Result<ParamId> {
        let factor = tensor(data, name)?;
        let id = params.scope(name).parameter("value", factor.shape().clone(), |_, _| {});
        params.set(id, &factor)?;
        Ok(id)
    };
    let (a, b) = (register("a")?, register("b")?);
    match variant {
        "eager" => {
            let mut tape = Tape::new();
            Ok(Box::new(move || {
                let t = tape.start(&params, Mode::Eval);
                Ok(t.param(a).matmul(t.param(b)).index(0, 0).index(0, 0).item()?.into())
            }))
        }
        "program" => {
            let mut program = Program::record(&params, Mode::Eval, [], |t, []| {
                [t.param(a).matmul(t.param(b)).index(0, 0).index(0, 0)]
            })?;
            Ok(Box::new(move || Ok(program.forward(&params, [])?.output(0)?.data()[0].into())))
        }
        "sharded" => Err(Unsupported("the product is on all threads already").into()),
        _ => bail!("unknown variant {variant}"),
    }
}
