//! Every example runs, and is shown in `examples/README.md`.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

const README: &str = include_str!("../examples/README.md");
/// Take long without optimization.
const LONG: [&str; 5] = ["char_gru", "char_transformer", "digits_resnet", "dropout_vs_overfitting", "flat_memory"];

fn names() -> Vec<String> {
    let files = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).expect("a folder");
    let paths = files.map(|file| file.expect("a file").path());
    let sources = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    sources.map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned()).collect()
}

/// `cargo test` builds the examples beside the folder of this test.
fn program(name: &str) -> PathBuf {
    let tests = env::current_exe().expect("this test");
    tests.ancestors().nth(2).expect("the build folder").join("examples").join(name)
}

#[test]
fn every_example_is_shown() {
    for name in names() {
        assert!(README.contains(&format!("## `{name}`\n")), "{name}");
    }
}

#[test]
fn examples_run() {
    for name in names().iter().filter(|name| !LONG.contains(&name.as_str())) {
        let folder = tempfile::tempdir().expect("a folder");
        let output = Command::new(program(name)).current_dir(folder.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{name}: {error}; `cargo test --workspace` builds it"));
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
