//! Draws cases of an operation and runs it, eagerly, in any scalar.

use std::io::Write;

use autodiff::catalogue::{self, Case, Choices, Entry};
use autodiff::{Error, Mode, Op, Params, Real, Shape, Tape, Tensor, Var};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Cases an operation and a law.
pub(crate) const CASES: u32 = 64;

/// An operation with concrete inputs, a direction for forward mode and a cotangent for reverse mode.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) case: Case,
    pub(crate) inputs: Vec<Tensor<f64>>,
    /// One a input; zero where the operation has no rule for that input.
    pub(crate) directions: Vec<Tensor<f64>>,
    pub(crate) differentiable: Vec<bool>,
    pub(crate) output: Shape,
    pub(crate) cotangent: Tensor<f64>,
    seed: u64,
}

impl Drawn {
    fn new(entry: &Entry, numbers: &[u32], seed: u64) -> Self {
        let case = (entry.draw)(&mut Choices::new(numbers));
        let op = case.op.double();
        let mut random = StdRng::seed_from_u64(seed);
        let inputs = values(&case, &mut random);
        let differentiable: Vec<bool> = (0..inputs.len()).map(|input| op.differentiable(input)).collect();
        let mut direction = |(x, &moves): (&Tensor<f64>, &bool)| {
            Tensor::from_fn(x.shape(), |_| if moves { random.random_range(-1.0..1.0) } else { 0.0 })
        };
        let directions = inputs.iter().zip(&differentiable).map(&mut direction).collect();
        let shapes: Vec<&Shape> = inputs.iter().map(Tensor::shape).collect();
        let output = op.shape(&shapes).unwrap_or_else(|e| panic!("{}: a drawn case is refused: {e:?}", entry.name));
        let cotangent = Tensor::from_fn(&output, |_| random.random_range(-1.0..1.0));
        Drawn { case, inputs, directions, differentiable, output, cotangent, seed }
    }

    /// Other values for the same shapes.
    pub(crate) fn other_inputs(&self) -> Vec<Tensor<f64>> {
        values(&self.case, &mut StdRng::seed_from_u64(!self.seed))
    }

    /// Whether any input has a gradient.
    pub(crate) fn has_gradient(&self) -> bool {
        self.differentiable.contains(&true)
    }

    pub(crate) fn random(&self) -> StdRng {
        StdRng::seed_from_u64(self.seed ^ 1)
    }
}

fn values(case: &Case, random: &mut StdRng) -> Vec<Tensor<f64>> {
    let mut one = |sample: &catalogue::Sample| {
        let size = sample.shape.size();
        Tensor::from_fn(&sample.shape, |k| sample.domain.value(random.random_range(0.0..1.0), k, size))
    };
    case.inputs.iter().map(&mut one).collect()
}

/// A case of an operation, made from a seed alone.
pub(crate) fn numbers(entry: &Entry, seed: u64) -> (Case, Vec<Tensor<f64>>) {
    let mut random = StdRng::seed_from_u64(seed);
    let numbers: Vec<u32> = (0..40).map(|_| random.random()).collect();
    let case = (entry.draw)(&mut Choices::new(&numbers));
    let inputs = values(&case, &mut random);
    (case, inputs)
}

/// Checks a law on `CASES` cases of every operation, and says on stderr how many that were.
pub(crate) fn sweep(law: &str, check: impl Fn(&Drawn) -> Result<(), String>) {
    let mut counts = (0, 0);
    let mut failures = Vec::new();
    for entry in catalogue::entries() {
        let config =
            Config { cases: CASES, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default() };
        let drawn = (vec(any::<u32>(), 0..40), any::<u64>());
        let outcome = TestRunner::new(config)
            .run(&drawn, |(numbers, seed)| check(&Drawn::new(entry, &numbers, seed)).map_err(TestCaseError::fail));
        if let Err(failure) = outcome {
            failures.push(format!("{}: {failure}", entry.name));
        }
        counts = (counts.0 + 1, counts.1 + CASES);
    }
    assert!(failures.is_empty(), "{law}, broken by\n{}", failures.join("\n"));
    // Written past the test harness, which would swallow it: the count belongs in the output of a passing run.
    let _ = writeln!(std::io::stderr(), "law: {law}: {} operations, {} cases", counts.0, counts.1);
}

/// What one application gives: the output and the gradient of each input that is a variable.
pub(crate) struct Applied<T: Real> {
    pub(crate) output: Tensor<T>,
    pub(crate) gradients: Vec<Result<Tensor<T>, Error>>,
}

/// Applies `op` to variables (or inputs, where `variable` is false) and pulls `cotangent` back.
pub(crate) fn apply<T: Real>(
    op: Box<dyn Op<T>>,
    inputs: &[Tensor<T>],
    variable: &[bool],
    cotangent: &Tensor<T>,
) -> Result<Applied<T>, Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaf = |(x, &variable)| if variable { t.variable(x) } else { t.input(x) };
    let leaves: Vec<Var<'_, T>> = inputs.iter().zip(variable).map(leaf).collect();
    let output = t.apply(op, &leaves);
    let mut grads = params.gradients();
    if variable.contains(&true) {
        output.backward_with(cotangent, &mut grads)?;
    }
    Ok(Applied { output: output.value()?, gradients: leaves.iter().map(|&leaf| grads.of(leaf)).collect() })
}

/// As [`apply`] in `f64`, with every input that can be a variable one.
pub(crate) fn apply_all(drawn: &Drawn) -> Result<Applied<f64>, Error> {
    apply(drawn.case.op.double(), &drawn.inputs, &drawn.differentiable, &drawn.cotangent)
}

pub(crate) fn dot(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).map(|(a, b)| a * b).sum()
}

/// Sum of absolute products: what rounding in [`dot`] is measured against.
pub(crate) fn scale(x: &Tensor<f64>, y: &Tensor<f64>) -> f64 {
    x.data().iter().zip(y.data()).map(|(a, b)| (a * b).abs()).sum()
}

/// An error unless `found` is within `tolerance` of `expected`. A NaN on either side never passes.
pub(crate) fn close(what: &str, found: f64, expected: f64, tolerance: f64) -> Result<(), String> {
    if (found - expected).abs() <= tolerance {
        return Ok(());
    }
    Err(format!("{what}: {found:e}, expected {expected:e}, tolerance {tolerance:e}"))
}

/// [`close`] for every element, relative to the larger of 1 and the element.
pub(crate) fn all_close(what: &str, found: &Tensor<f64>, expected: &Tensor<f64>, relative: f64) -> Result<(), String> {
    if found.shape() != expected.shape() {
        return Err(format!("{what}: shape {}, expected {}", found.shape(), expected.shape()));
    }
    for (k, (&a, &b)) in found.data().iter().zip(expected.data()).enumerate() {
        close(&format!("{what}[{k}]"), a, b, relative * b.abs().max(1.0))?;
    }
    Ok(())
}

/// An error unless both have the same bits.
pub(crate) fn identical(what: &str, found: &Tensor<f64>, expected: &Tensor<f64>) -> Result<(), String> {
    let bits = |tensor: &Tensor<f64>| tensor.data().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    if found.shape() == expected.shape() && bits(found) == bits(expected) {
        return Ok(());
    }
    Err(format!("{what}: {found}, expected the bits of {expected}"))
}
