//! The gradient checker, with everything it does by default, accuses no operation of the catalogue.

use std::io::Write;

use autodiff::catalogue::{self, Entry};
use autodiff::check::Check;
use rayon::prelude::*;

use crate::support::numbers;

/// Random cases an operation.
const CASES: u64 = 100;

fn accusations(entry: &Entry) -> (usize, Vec<String>) {
    let check = Check::new().one_by_one(24).directions(2);
    let mut comparisons = 0;
    let mut accused = Vec::new();
    for seed in 0..CASES {
        let (case, inputs) = numbers(entry, seed);
        let report = check.clone().seed(seed).op(&*case.op, vec![inputs]).unwrap();
        comparisons += report.comparisons;
        if !report.passed() {
            accused.push(format!("{}, seed {seed}: {report}", entry.name));
        }
    }
    (comparisons, accused)
}

#[test]
fn no_correct_operation_is_accused() {
    let entries: Vec<&Entry> = catalogue::entries().collect();
    let results: Vec<_> = entries.par_iter().map(|entry| accusations(entry)).collect();
    let accused: Vec<&String> = results.iter().flat_map(|(_, accused)| accused.iter().take(2)).collect();
    let count: usize = results.iter().map(|(_, accused)| accused.len()).sum();
    let cases = entries.len() as u64 * CASES;
    let comparisons: usize = results.iter().map(|(comparisons, _)| comparisons).sum();
    let _ = writeln!(
        std::io::stderr(),
        "check: {} operations, {cases} cases, {comparisons} numbers compared, {count} false accusations",
        entries.len(),
    );
    let shown = accused.iter().map(|a| a.as_str()).collect::<Vec<_>>().join("\n\n");
    assert!(accused.is_empty(), "{count} false accusations\n{shown}");
}
