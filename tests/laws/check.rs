//! The gradient checker, with everything it does by default, accuses no operation of the catalogue.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use autodiff::check::{Check, Probe};

use crate::laws::support::sweep;

#[test]
fn no_correct_operation_is_accused() {
    let compared = AtomicUsize::new(0);
    // Fewer entries one by one than by default: what is checked along directions must not be accused either.
    let check = Check::new().one_by_one(24).directions(2).repeats(2);
    sweep("the gradient checker accuses nothing", 2000, |drawn| {
        // Enlarged inputs take as long as a hundred small ones.
        let few = Check::skip(check.clone(), Probe::Enlarged, "in one case of a hundred");
        let check = if drawn.seed.is_multiple_of(100) { check.clone() } else { few };
        let report = check.seed(drawn.seed).op(&*drawn.case.op, vec![drawn.inputs.clone()]);
        let report = report.map_err(|error| error.to_string())?;
        compared.fetch_add(report.comparisons, Ordering::Relaxed);
        if report.passed() { Ok(()) } else { Err(report.to_string()) }
    });
    let _ = writeln!(std::io::stderr(), "check: {} numbers compared", compared.into_inner());
}
