//! Gradient checkers compared, the Rust part: writes the cases that all checkers share (`cases FILE`), and what the crate
//! `gradcheck` and ours say of them (`run FILE`).

mod cases;
mod missed;
mod ours;
mod peer;
mod row;

#[path = "../../../tests/right.rs"]
mod right;
#[path = "../../../tests/mutants/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the tests of the mutants are not run here"
)]
mod mutants;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cases", file] => cases::write(file),
        ["run", file] => run(file),
        ["show", name] => show(name),
        _ => Err("usage: checkers cases FILE | run FILE | show NAME".into()),
    }
}

fn run(file: &str) -> Result<(), Box<dyn Error>> {
    peer::control();
    let mut table = csv::Writer::from_path(file)?;
    for case in cases::all() {
        table.serialize(peer::row(&case))?;
        table.serialize(ours::row(&case))?;
    }
    table.flush()?;
    Ok(())
}

/// Prints our report on one case.
fn show(name: &str) -> Result<(), Box<dyn Error>> {
    for case in cases::all().iter().filter(|case| case.name == name) {
        if let Some(report) = ours::report(case) {
            println!("{}", report?);
        }
    }
    Ok(())
}
