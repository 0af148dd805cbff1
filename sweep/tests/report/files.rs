//! Writes reports to look at, also for the test in a browser.

use std::path::Path;

use crate::synthetic::{cures, depths, rates, thousand, variances};
use sweep::report;

#[test]
fn a_report_is_written_for_the_browser() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let all = [depths(), variances(), rates(), cures()];
    std::fs::write(folder.join("report.html"), report::html(&all.each_ref())?)?;
    std::fs::write(folder.join("thousand.html"), report::html(&[&thousand()])?)?;
    let svg = report::gradients_svg(&all[0])?;
    std::fs::write(folder.join("gradients.svg"), svg.ok_or("no gradients")?)?;
    let svg = report::accuracy_svg(&all[0])?;
    std::fs::write(folder.join("accuracy.svg"), svg.ok_or("no accuracy")?)?;
    println!("{}", report::terminal(&all[0], 100, true));
    Ok(())
}
