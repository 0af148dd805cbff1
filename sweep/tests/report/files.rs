//! Writes a report to look at, also for the test in a browser.

use std::path::Path;
use std::{env, fs};

use super::sweeps::{cures, depths, rates, thousand, variances};
use super::{Outcome, picture};
use sweep::report;

#[test]
fn a_report_is_written_for_the_browser() -> Outcome {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let all = [depths(), variances(), rates(), cures()];
    fs::write(folder.join("report.html"), report::html(&all.each_ref())?)?;
    fs::write(folder.join("gradients.svg"), picture(&all[0], "gradients.svg")?.ok_or("no gradients")?)?;
    fs::write(folder.join("accuracy.svg"), picture(&all[0], "accuracy.svg")?.ok_or("no accuracy")?)?;
    Ok(())
}

#[test]
fn a_thousand_configurations_make_a_file_of_a_few_megabytes() -> Outcome {
    let page = report::html(&[&thousand()])?;
    assert!(page.len() < 8_000_000, "{} bytes", page.len());
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("thousand.html"), page)?;
    Ok(())
}
