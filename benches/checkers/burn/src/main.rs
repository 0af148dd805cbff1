//! Checks the gradients of burn's operations, in f64 on its two pure CPU backends, and writes FOUND.md.

mod framework;
mod ops;
mod ranks;
mod verdicts;

use std::process::ExitCode;

use adapters::{Kind, sweep};

use crate::framework::Burn;

const ABOUT: &str = "burn-tensor and burn-autodiff 0.22.1 (crates.io), f64, on the backends `flex` (current) and `ndarray` \
                     (deprecated).\n\n```sh\ncd benches/checkers/burn && cargo run --release        # all operations; writes \
                     this file\ncd benches/checkers/burn && cargo run --release -- pool # those whose name contains this; \
                     writes nothing\n```";

fn main() -> ExitCode {
    let only = std::env::args().nth(1).unwrap_or_default();
    let backends = [("flex", Burn::flex()), ("ndarray", Burn::ndarray())];
    let (mut text, mut judged) = (String::new(), true);
    for (name, burn) in backends {
        let burn = match burn {
            Ok(burn) => burn,
            Err(error) => {
                eprintln!("{name}: {error}");
                return ExitCode::FAILURE;
            }
        };
        eprintln!("{name}");
        let result = sweep(&burn, &ops::rows(), verdicts::VERDICTS, &only);
        println!("{name}\n{}", result.table());
        let title = format!("What the checker finds in burn, on {name}");
        text += &match name {
            "flex" => result.markdown(&title, ABOUT, ""),
            _ => result.markdown(&title, "The same operations.", verdicts::NOT_TRIED),
        };
        text.push('\n');
        judged &= result.found.iter().all(|found| found.kind != Kind::Unjudged);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/FOUND.md");
    if only.is_empty()
        && let Err(error) = std::fs::write(path, text.trim_end().to_owned() + "\n")
    {
        eprintln!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    if judged { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
