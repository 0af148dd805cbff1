//! The results as the JSON that a report carries.

use serde_json::{Map, Number, Value};

use crate::results::Results;

/// The results as JSON for a `<script>`: numbers with four significant digits, layers and training curves as one array for
/// each measure, and without measures that no layer has.
pub(super) fn json(all: &[&Results]) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(all)?;
    compact(&mut value);
    // `<` could end the script.
    Ok(serde_json::to_string(&value)?.replace('<', "\\u003c"))
}

fn compact(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(rounded) = number.as_f64().filter(|_| number.is_f64()).and_then(rounded) {
                *number = rounded;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(compact),
        Value::Object(fields) => {
            for (name, field) in fields {
                compact(field);
                if (name == "layers" || name == "curve") && field.is_array() {
                    *field = Value::Object(columns(field));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn rounded(value: f64) -> Option<Number> {
    Number::from_f64(format!("{value:.3e}").parse().ok()?)
}

/// An array of objects as an object of arrays.
fn columns(rows: &Value) -> Map<String, Value> {
    let mut columns = Map::new();
    for row in rows.as_array().into_iter().flatten() {
        for (name, value) in row.as_object().into_iter().flatten() {
            let column = columns.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(column) = column {
                column.push(value.clone());
            }
        }
    }
    columns.retain(|_, column| column.as_array().is_some_and(|values| values.iter().any(|value| !value.is_null())));
    columns
}
