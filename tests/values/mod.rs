//! Every elementwise operation against a table of correctly rounded values made with numpy, scipy and mpmath
//! (`elementwise.py`, beside the table).

mod elements;
mod gaussian_process;
mod linalg;
mod sums;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use autodiff::op::Op;
use autodiff::ops::*;
use autodiff::{Mode, Params, Tape, Tensor, catalogue, ops};

const TABLE: &str = include_str!("elementwise.csv");

/// The operation of a row of the table.
fn op(name: &str, attributes: &[f64]) -> Option<Box<dyn Op<f64>>> {
    let first = attributes.first().copied().unwrap_or(f64::NAN);
    Some(match name {
        "leaky_relu" => Box::new(LeakyRelu { slope: first }),
        "elu" => Box::new(Elu { alpha: first }),
        "clamp" => Box::new(Clamp { low: first, high: attributes[1] }),
        "pow_scalar" => Box::new(PowScalar { exponent: first }),
        "add_scalar" => Box::new(AddScalar { constant: first }),
        "mul_scalar" => Box::new(MulScalar { constant: first }),
        "div_scalar" => Box::new(DivScalar { constant: first }),
        "scalar_div" => Box::new(ScalarDiv { constant: first }),
        _ => {
            let entry = ops::entries().find(|entry| entry.name == name)?;
            (entry.draw)(&mut catalogue::Choices::new(&[])).op.double()
        }
    })
}

/// Relative error allowed: a few units in the last place; more where the argument of a steep exponential is itself
/// rounded, whatever the formula (x² or x³ in the tails of gelu).
fn tolerance(name: &str, x: f64) -> f64 {
    match name {
        "gelu" | "gelu_tanh" if x < -4.0 => 1e-13,
        _ => 4e-15,
    }
}

fn evaluate(name: &str, attributes: &[f64], inputs: &[f64]) -> f64 {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    let leaves: Vec<_> = inputs.iter().map(|&x| t.input(&Tensor::scalar(x))).collect();
    let op = op(name, attributes).unwrap_or_else(|| panic!("the table's operation {name} is not in the catalogue"));
    t.apply(op, &leaves).item().unwrap()
}

#[test]
fn values_agree_with_numpy_and_scipy() {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in TABLE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [name, attributes, x, y, value] = fields[..] else { panic!("not a row: {line}") };
        let number = |text: &str| text.parse::<f64>().unwrap();
        let attributes: Vec<f64> = attributes.split(';').filter(|a| !a.is_empty()).map(number).collect();
        let inputs: Vec<f64> = [x, y].into_iter().filter(|x| !x.is_empty()).map(number).collect();
        let (found, expected) = (evaluate(name, &attributes, &inputs), number(value));
        // The smallest normal number bounds what a subnormal result can be asked for.
        let allowed = tolerance(name, inputs[0]) * expected.abs() + f64::MIN_POSITIVE * 1e-15;
        let agrees = found == expected || (found - expected).abs() <= allowed;
        if !agrees {
            wrong.push(format!("{name}{attributes:?}({inputs:?}) = {found:e}, expected {expected:e}"));
        }
        *rows.entry(name).or_default() += 1;
    }
    assert!(wrong.is_empty(), "{} rows disagree:\n{}", wrong.len(), wrong.join("\n"));
    let _ = writeln!(std::io::stderr(), "values: {} operations, {} rows", rows.len(), rows.values().sum::<usize>());
}

/// The rows of the elementwise macros, `name: Struct…`, read from the sources.
fn elementwise_names() -> impl Iterator<Item = &'static str> {
    let sources = [
        include_str!("../../autodiff/src/ops/unary.rs"),
        include_str!("../../autodiff/src/ops/activation.rs"),
        include_str!("../../autodiff/src/ops/binary.rs"),
    ];
    sources.into_iter().flat_map(str::lines).filter_map(|line| {
        let (name, row) = line.strip_prefix("    ")?.split_once(": ")?;
        let is_row = row.starts_with(|c: char| c.is_ascii_uppercase()) && row.contains(" on ");
        is_row.then_some(name)
    })
}

#[test]
fn every_elementwise_operation_is_in_the_table() {
    let table: BTreeSet<&str> = TABLE.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(elementwise_names().count() > 40, "the rows are not found in the sources");
    let missing: Vec<_> = elementwise_names().filter(|name| !table.contains(name)).collect();
    assert!(missing.is_empty(), "no values for {missing:?}");
}
