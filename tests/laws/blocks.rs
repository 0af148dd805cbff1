//! No operation goes wrong where its loops cross their blocks.

use std::collections::BTreeMap;
use std::sync::Mutex;

use autodiff::check::{Check, Probe};

use crate::laws::support::sweep;

/// Of 108 operations, those with a case that can be enlarged; the others have shapes that fix each other.
const MOST: usize = 83;

#[test]
fn enlarged_beyond_every_block_operations_are_right() {
    let compared = Mutex::new(BTreeMap::<&str, usize>::new());
    let others = Probe::ALL.into_iter().filter(|&probe| probe != Probe::Enlarged);
    let check = others.fold(Check::new(), |check, probe| check.skip(probe, "enlarged inputs alone"));
    sweep("beyond the blocks of a loop", 20, |drawn| {
        let report = check.clone().seed(drawn.seed).op(&*drawn.case.op, vec![drawn.inputs.clone()]);
        let report = report.map_err(|error| error.to_string())?;
        *compared.lock().unwrap().entry(drawn.case.op.double().name()).or_default() += report.comparisons;
        if report.passed() { Ok(()) } else { Err(report.to_string()) }
    });
    let crossed = compared.into_inner().unwrap().into_values().filter(|&numbers| numbers > 0).count();
    assert!(crossed >= MOST, "only {crossed} operations were enlarged");
}
