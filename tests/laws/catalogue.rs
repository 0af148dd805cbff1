//! The catalogue is complete: an operation without cases fails here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use autodiff::catalogue::Choices;
use autodiff::ops;

/// The operations that the sources under autodiff/src/ops define: `impl Op<T> for Name`, and the rows `method: Name…` of
/// the macros.
fn defined() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("autodiff/src/ops");
    let mut names = BTreeSet::new();
    for file in files(&folder) {
        let source = std::fs::read_to_string(file).unwrap();
        for line in source.lines() {
            let by_hand = line.strip_prefix("impl<T: Real> Op<T> for ");
            let row = line.strip_prefix("    ").and_then(|line| line.split_once(": ")).filter(|(method, row)| {
                let is_name = method.chars().all(|c| c.is_alphanumeric() || "_\"".contains(c));
                is_name && (row.ends_with(';') || [" on ", " by "].iter().any(|word| row.contains(word)))
            });
            let row = row.map(|(_, row)| row);
            let name = by_hand.or(row).and_then(|text| text.split(|c: char| !c.is_alphanumeric()).next());
            names.extend(name.filter(|name| name.starts_with(char::is_uppercase)).map(str::to_owned));
        }
    }
    names
}

/// The files of a folder and of those in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_operation_has_cases_and_every_case_an_operation() {
    let drawn: BTreeSet<String> = ops::entries()
        .map(|entry| {
            let debug = format!("{:?}", (entry.draw)(&mut Choices::new(&[])).op);
            debug.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(defined(), drawn, "operations in the sources, left, and in the catalogue, right");
}

#[test]
fn names_are_unique_and_those_of_the_operations() {
    let mut seen = BTreeSet::new();
    for entry in ops::entries() {
        let case = (entry.draw)(&mut Choices::new(&[]));
        assert_eq!(case.op.double().name(), entry.name);
        assert!(seen.insert(entry.name), "{} is in the catalogue twice", entry.name);
    }
}
