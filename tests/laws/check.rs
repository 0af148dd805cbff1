//! The gradient checker, with everything it does by default, accuses no operation of the catalogue.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use autodiff::check::{Check, Probe};

use crate::laws::support::sweep;

/// Operations that refuse where a probe moves their inputs: a matrix that is singular or not positive definite.
const REFUSE: [&str; 3] = ["cholesky", "inverse", "solve"];

#[test]
fn no_correct_operation_is_accused() {
    let compared = AtomicUsize::new(0);
    let refused = Mutex::new(BTreeSet::new());
    // Fewer entries one by one than by default: what is checked along directions must not be accused either.
    // Enlarged inputs take as long as a hundred small ones, and have a law of their own.
    let check = Check::new().one_by_one(24).directions(2).repeats(2).skip(Probe::Enlarged, "tests/laws/blocks.rs");
    sweep("the gradient checker accuses nothing", 750, |drawn| {
        let report = check.clone().seed(drawn.seed).op(&*drawn.case.op, vec![drawn.inputs.clone()]);
        let report = report.map_err(|error| error.to_string())?;
        compared.fetch_add(report.comparisons, Ordering::Relaxed);
        if !report.refused.is_empty() {
            refused.lock().unwrap().insert(drawn.case.op.double().name());
        }
        if report.passed() { Ok(()) } else { Err(report.to_string()) }
    });
    let _ = writeln!(std::io::stderr(), "check: {} numbers compared", compared.into_inner());
    // What others refused would be left out in silence.
    assert_eq!(refused.into_inner().unwrap(), BTreeSet::from(REFUSE));
}
