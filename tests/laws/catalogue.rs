//! The catalogue is complete: an operation without cases fails here.

use std::collections::BTreeSet;
use std::path::Path;

use autodiff::catalogue::{self, Choices};

/// The structs under autodiff/src/ops that implement `Op`, found in the sources; rows of the macros count as well.
fn implemented() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("autodiff/src/ops");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in source.lines() {
            if let Some((_, name)) = line.split_once("Op<T> for ") {
                names.insert(name.trim_end_matches([' ', '{']).to_owned());
            }
        }
    }
    names.remove("$op");
    names
}

#[test]
fn every_operation_has_cases() {
    let drawn: BTreeSet<String> = catalogue::entries()
        .map(|entry| {
            let debug = format!("{:?}", (entry.draw)(&mut Choices::new(&[])).op);
            debug.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
        })
        .collect();
    let missing: Vec<_> = implemented().difference(&drawn).cloned().collect();
    assert!(missing.is_empty(), "operations without a catalogue entry: {missing:?}");
}

#[test]
fn names_are_unique_and_those_of_the_operations() {
    let mut seen = BTreeSet::new();
    for entry in catalogue::entries() {
        let case = (entry.draw)(&mut Choices::new(&[]));
        assert_eq!(case.op.double().name(), entry.name);
        assert!(seen.insert(entry.name), "{} is in the catalogue twice", entry.name);
    }
}
