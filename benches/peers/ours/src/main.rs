//! The workloads in this project: eagerly on a tape, as a recorded program, and as shards of the batch.

mod chain;
mod eager;
mod libor;
mod model;
mod product;
mod program;
mod sharded;

use std::process::ExitCode;

use anyhow::{Result, bail};
use protocol::{Request, Step, Workload, serve};

use crate::model::Training;

fn main() -> ExitCode {
    serve(prepare)
}

fn prepare(request: &Request) -> Result<Step> {
    let Request { variant, workload, data } = request;
    let variant = variant.as_str();
    match workload {
        Workload::Chain => chain::prepare(variant, data),
        Workload::Product => product::prepare(variant, data),
        Workload::Libor(form) => libor::prepare(variant, *form, data),
        _ => {
            let training = Training::new(*workload, data)?;
            match variant {
                "eager" => Ok(eager::step(training)),
                "program" => program::step(training),
                "sharded" => sharded::step(training),
                _ => bail!("unknown variant {variant}"),
            }
        }
    }
}
