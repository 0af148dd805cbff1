//! The data that a report carries.

use serde_json::{Map, Value};
use sweep::report;
use sweep::results::Results;

use super::Outcome;
use super::sweeps::{depths, variances};

/// The JSON in a report.
pub(crate) fn embedded(page: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").ok_or("no data")?;
    let (json, _) = rest.split_once("</script>").ok_or("no end")?;
    Ok(serde_json::from_str(json)?)
}

/// Layers and curves as arrays of objects again.
fn rows(columns: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let count = columns.values().filter_map(Value::as_array).map(Vec::len).max().unwrap_or(0);
    let row = |index: usize| columns.iter().map(|(name, column)| (name.clone(), column[index].clone())).collect();
    (0..count).map(row).collect()
}

/// Whether the report's value is that of the results, to four digits. What no layer has may be missing.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            a == b || (a - b).abs() <= 6e-4 * b.abs()
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Array(b)) => {
            let rows = rows(a);
            rows.len() == b.len() && rows.into_iter().zip(b).all(|(row, b)| same(&Value::Object(row), b))
        }
        (Value::Object(a), Value::Object(b)) => {
            b.iter().all(|(name, b)| a.get(name).map_or(b.is_null(), |a| same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn round_trip(results: &Results) -> Outcome {
    let found = embedded(&report::html(&[results])?)?;
    let expected = serde_json::to_value([results])?;
    assert!(same(&found, &expected), "{found}\n{expected}");
    Ok(())
}

#[test]
fn the_results_are_in_the_report() -> Outcome {
    round_trip(&depths())?;
    round_trip(&variances())
}

#[test]
fn extreme_numbers_are_in_the_report() -> Outcome {
    let mut results = depths();
    let layers = &mut results.summaries[6].init.layers;
    for (layer, value) in layers.iter_mut().zip([1e-300, 0.0, f64::INFINITY, f64::NAN, 5e-324, f64::MAX, 1e300]) {
        layer.delta_norm = value;
    }
    let found = embedded(&report::html(&[&results])?)?;
    let norms = &found[0]["summaries"][6]["init"]["layers"]["delta_norm"];
    assert_eq!(norms[0], 1e-300);
    assert_eq!(norms[1], 0.0);
    assert_eq!([&norms[2], &norms[3]], ["inf", "NaN"]);
    assert!(norms[4].as_f64().is_some_and(|value| value > 0.0 && value < 1e-323), "{}", norms[4]);
    // The largest number rounds to infinity, so it keeps its digits.
    assert_eq!(norms[5], f64::MAX);
    Ok(())
}
