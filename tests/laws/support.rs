//! Draws cases of an operation.

use std::io::Write;

use autodiff::catalogue::{self, Case, Choices, Entry};
use autodiff::{Tensor, ops};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rayon::prelude::*;

/// An operation with concrete inputs.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) case: Case,
    pub(crate) inputs: Vec<Tensor<f64>>,
    pub(crate) seed: u64,
}

impl Drawn {
    fn new(entry: &Entry, numbers: &[u32], seed: u64) -> Self {
        let case = (entry.draw)(&mut Choices::new(numbers));
        let mut random = StdRng::seed_from_u64(seed);
        let mut one = |sample: &catalogue::Sample| {
            let size = sample.shape.size();
            Tensor::from_fn(&sample.shape, |k| sample.domain.value(random.random_range(0.0..1.0), k, size))
        };
        let inputs = case.inputs.iter().map(&mut one).collect();
        Drawn { case, inputs, seed }
    }
}

/// Checks a law on `cases` cases of every operation, and says on stderr how many cases that were.
pub(crate) fn sweep(law: &str, cases: u32, check: impl Fn(&Drawn) -> Result<(), String> + Sync) {
    let entries: Vec<&Entry> = ops::entries().collect();
    let failures: Vec<String> = entries
        .par_iter()
        .filter_map(|entry| {
            let config =
                Config { cases, failure_persistence: None, rng_seed: RngSeed::Fixed(2026), ..Config::default() };
            let drawn = (vec(any::<u32>(), 0..40), any::<u64>());
            let outcome = TestRunner::new(config)
                .run(&drawn, |(numbers, seed)| check(&Drawn::new(entry, &numbers, seed)).map_err(TestCaseError::fail));
            outcome.err().map(|failure| format!("{}: {failure}", entry.name))
        })
        .collect();
    let count = entries.len() as u32 * cases;
    // Written past the test harness, which would swallow it: the count belongs in the output of a passing run.
    let broken = failures.len();
    let line = format!("law: {law}: {} operations, {count} cases, broken by {broken}\n", entries.len());
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(failures.is_empty(), "{law}, broken by\n{}", failures.join("\n"));
}
