//! The verdict in words.

use sweep::report;
use sweep::results::Results;

use super::Outcome;
use super::sweeps::{cures, depths, rates};

/// The sentences of a report with one page.
fn sentences(results: &Results) -> Result<String, report::ReportError> {
    let page = report::html(&[results])?;
    let list = page.split("<ul>").nth(1).and_then(|rest| rest.split("</ul>").next()).unwrap_or_default().to_owned();
    Ok(list.replace("<b>", "").replace("</b>", "").replace('\u{a0}', " "))
}

fn assert_says(results: &Results, expected: &[&str]) -> Outcome {
    let told = sentences(results)?;
    for sentence in expected {
        assert!(told.contains(sentence), "{sentence}\n{told}");
    }
    Ok(())
}

#[test]
fn it_says_what_vanishes_and_what_trains() -> Outcome {
    assert_says(
        &depths(),
        &[
            "sigmoid, xavier, σw² = 1: the gradient vanishes from depth 4 on; a layer passes on 0.234; at depth 64 the \
             bottom layer gets 1.88·10⁻⁴⁰ of what the top layer gets.",
            "the gradient stays healthy",
            "tanh, xavier, σw² = 1: training reaches 95.0 % at depth 32, but only 34.7 % at depth 64.",
            "2 runs diverged in training, of 3 with these settings: relu, he, σw² = 2 at depth 64 (2 of 3). First: step \
             12: matmul.",
            "All 18 configurations with a prediction agree with theory within the acceptance band.",
        ],
    )
}

#[test]
fn it_says_where_measurement_leaves_theory() -> Outcome {
    let mut results = depths();
    let agreement = results.summaries[5].agreement.as_mut().ok_or("no agreement")?;
    (agreement.deviation, agreement.band) = (-9.0, 2.5);
    assert_says(
        &results,
        &[
            "Of 18 configurations with a prediction 1 is outside the acceptance band of theory.",
            "sigmoid, xavier, σw² = 1 at depth 32: measurement leaves the band of theory; a layer multiplies the \
             gradient by 0.234, predicted is 0.236.",
        ],
    )
}

#[test]
fn it_says_what_explodes() -> Outcome {
    let mut results = depths();
    results.summaries.truncate(7);
    for (summary, shrink) in results.summaries.iter_mut().zip([1.0, 2.0, 8.0, 30.0, 600.0, 5e5, f64::INFINITY]) {
        summary.init.shrink = shrink;
    }
    assert_says(&results, &["explodes from depth 8 on", "it overflows before the bottom layer"])
}

#[test]
fn it_says_which_rate_is_best_and_what_over_fits() -> Outcome {
    assert_says(&rates(), &["The best learning rate, by training loss, is 0.01 on all 4 curves."])?;
    assert_says(
        &cures(),
        &["The largest over-fitting: none at depth 4, 98.0 % on training data and 88.0 % on held-out"],
    )
}
