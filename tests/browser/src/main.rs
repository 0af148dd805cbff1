//! Opens a report in a headless Chromium and checks what a reader does with it.
//!
//! `cargo run -- REPORT.html [FOLDER]`: FOLDER is where screenshots and the printed page are written to.

mod checks;
mod page;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use page::Page;

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let report = arguments.next().context("which report is to be opened?")?;
    let folder = arguments.next().unwrap_or_else(|| report.with_extension("shots"));
    std::fs::create_dir_all(&folder)?;
    let page = Page::open(&report.canonicalize().with_context(|| report.display().to_string())?)?;
    let (mut passed, mut failed) = (0, 0);
    for (name, check) in checks::ALL {
        match check(&page, &folder) {
            Ok(()) => {
                passed += 1;
                println!("{name} ... ok");
            }
            Err(error) => {
                failed += 1;
                println!("{name} ... FAILED: {error:#}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
