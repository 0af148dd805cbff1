//! Checks the gradients of candle's operations, in f64 on the CPU, and writes FOUND.md.

mod framework;
mod ops;
mod verdicts;

use std::process::ExitCode;

use adapters::{Kind, sweep};

const ABOUT: &str = "candle-core and candle-nn 0.11.1 (crates.io), CPU, f64.\n\n```sh\ncd benches/checkers/candle && cargo run \
                     --release            # all operations; writes this file\ncd benches/checkers/candle && cargo run --release \
                     -- max_pool2d # those whose name contains this; writes nothing\n```";

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let result = sweep(&framework::Candle, &ops::rows(), verdicts::VERDICTS, &only);
    println!("{}", result.table());
    if only.is_empty() {
        let text = result.markdown("What the checker finds in candle", ABOUT, verdicts::NOT_TRIED);
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FOUND.md");
        if let Err(error) = std::fs::write(path, text) {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    }
    let judged = result.found.iter().all(|found| found.kind != Kind::Unjudged);
    if judged { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
