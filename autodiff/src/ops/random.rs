//! Random numbers: masks and noise, drawn anew in each replay.
//!
//! The generator is ChaCha8, keyed by the seed and step of the [`Params`](crate::Params), the recording's pass and the index
//! of the draw on the recording. So results are reproducible: two recordings of the same step draw the same numbers, and a
//! training run resumed from a checkpoint continues as if it had not stopped.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

use super::prelude::*;
use crate::kernel::{dispatch, for_each_part};
use crate::tape::Recording;

/// The distribution of random numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// 1 with this probability, otherwise 0.
    Bernoulli(f64),
    /// Uniform in [0, 1).
    Uniform,
    /// Normal with mean 0 and variance 1.
    Normal,
}

/// A tensor of independent random numbers; it has no inputs.
#[derive(Clone, Debug)]
pub struct Random {
    distribution: Distribution,
    shape: Shape,
    /// The index of this draw on its recording.
    ordinal: u64,
}

impl<T: Real> Op<T> for Random {
    fn name(&self) -> &'static str {
        "random"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<0>(inputs)?;
        match self.distribution {
            Distribution::Bernoulli(p) if !(0.0..=1.0).contains(&p) => {
                Err(Mismatch::new(format!("{p} is no probability; it must lie in 0..=1")))
            }
            _ => Ok(self.shape.clone()),
        }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let generator = || inputs.generator(self.ordinal);
        match self.distribution {
            Distribution::Bernoulli(p) => {
                // Those of 2³² equally likely integers below the threshold.
                let threshold = (p * 2.0_f64.powi(32)).ceil() as u64;
                fill(output, generator, move |bits| if u64::from(bits) < threshold { T::ONE } else { T::ZERO });
            }
            // Drawn in f64, so that every scalar gets the same numbers, rounded.
            Distribution::Uniform => fill(output, generator, below_one),
            // Each takes as many random bits as it happens to need: every part has a stream of its own.
            Distribution::Normal => for_each_part(output, DRAWS, |part, output| {
                let mut random = generator();
                random.set_stream(part as u64);
                output.fill_with(|| T::from_f64(random.sample(StandardNormal)));
            }),
        }
    }
    fn backward(&self, _: Frame<'_, T>, _: &[T], _: &mut InputGrads<'_, T>) {}
}

/// Numbers that are drawn by one thread.
const DRAWS: usize = 1 << 13;

/// Numbers that are made of random bits at a time, in a loop that vectorizes.
const BLOCK: usize = 256;

/// Makes each number of 32 random bits, the k-th of the k-th.
fn fill<T: Real>(output: &mut [T], generator: impl Fn() -> ChaCha8Rng + Sync, number: impl Fn(u32) -> T + Copy + Sync) {
    for_each_part(output, DRAWS, |part, output| {
        let (mut random, mut bytes) = (generator(), [0; 4 * BLOCK]);
        random.set_word_pos((part * DRAWS) as u128);
        for output in output.chunks_mut(BLOCK) {
            let bytes = &mut bytes[..4 * output.len()];
            random.fill_bytes(bytes);
            let numbers = output.iter_mut().zip(bytes.as_chunks().0);
            dispatch(move || numbers.for_each(move |(x, &bits)| *x = number(u32::from_le_bytes(bits))));
        }
    });
}

/// A number in [0, 1) with 24 bits, so that it does not round to 1 in `f32`.
#[inline(always)]
fn below_one<T: Real>(bits: u32) -> T {
    T::from_f64(f64::from(bits >> 8) / 2.0_f64.powi(24))
}

impl<'t, T: Real> Recording<'t, T> {
    /// A tensor of independent random numbers, without gradient. They depend on the seed and step of the parameters, on
    /// [`Recording::set_pass`] and on the number of earlier draws on this recording.
    ///
    /// ```
    /// use autodiff::ops::Distribution;
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f32>::new(7);
    /// let mut tape = Tape::new();
    /// let first = tape.start(&params, Mode::Train).random([2, 3], Distribution::Bernoulli(0.5)).value()?;
    /// let again = tape.start(&params, Mode::Train).random([2, 3], Distribution::Bernoulli(0.5)).value()?;
    /// assert_eq!(first, again);
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    #[track_caller]
    pub fn random<'r>(&'r self, shape: impl Into<Shape>, distribution: Distribution) -> Var<'r, T> {
        let ordinal = self.graph.borrow_mut().next_draw();
        self.apply(Random { distribution, shape: shape.into(), ordinal }, [])
    }
}

#[cfg(feature = "catalogue")]
pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "random",
    draw: |choices| {
        let distribution =
            [Distribution::Bernoulli(0.3), Distribution::Uniform, Distribution::Normal][choices.below(3)];
        Case::new(Random { distribution, shape: choices.shape(0, 3), ordinal: choices.below(4) as u64 }, [])
    },
}];

#[cfg(test)]
mod tests {
    use rand::rngs::ChaCha8Rng;
    use rand::{Rng, SeedableRng};

    use super::{BLOCK, DRAWS, Distribution, fill};
    use crate::{Mode, Params, Tape, Tensor};

    fn drawn(params: &Params<f64>, pass: u64, distribution: Distribution) -> Tensor<f64> {
        let mut tape = Tape::new();
        let t = tape.start(params, Mode::Train);
        t.set_pass(pass);
        t.random([20_000], distribution).value().unwrap()
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        for (distribution, mean, variance) in [
            (Distribution::Bernoulli(0.3), 0.3, 0.21),
            (Distribution::Uniform, 0.5, 1.0 / 12.0),
            (Distribution::Normal, 0.0, 1.0),
        ] {
            let values = drawn(&Params::new(3), 0, distribution);
            let found = values.data().iter().sum::<f64>() / 20_000.0;
            let spread = values.data().iter().map(|x| (x - found) * (x - found)).sum::<f64>() / 20_000.0;
            assert!(
                (found - mean).abs() < 0.03 && (spread - variance).abs() < 0.03,
                "{distribution:?}: {found}, {spread}"
            );
        }
    }

    #[test]
    fn the_kth_number_is_made_of_the_kth_word() {
        let mut output = vec![0.0_f64; 2 * DRAWS + BLOCK + 3];
        fill(&mut output, || ChaCha8Rng::seed_from_u64(5), f64::from);
        let mut random = ChaCha8Rng::seed_from_u64(5);
        assert!(output.iter().all(|&x| x == f64::from(random.next_u32())));
    }

    #[test]
    fn seed_step_pass_and_order_each_change_the_draw() {
        let mut params = Params::new(3);
        let first = drawn(&params, 0, Distribution::Uniform);
        assert_eq!(first, drawn(&params, 0, Distribution::Uniform));
        assert_ne!(first, drawn(&Params::new(4), 0, Distribution::Uniform));
        assert_ne!(first, drawn(&params, 1, Distribution::Uniform));
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        assert_ne!(
            t.random([5], Distribution::Normal).value().unwrap(),
            t.random([5], Distribution::Normal).value().unwrap()
        );
        params.commit(&params.gradients()).unwrap();
        assert_ne!(first, drawn(&params, 0, Distribution::Uniform));
    }

    #[test]
    fn no_probability_and_a_late_pass_are_mistakes() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        t.random([1], Distribution::Uniform);
        t.set_pass(1);
        assert!(t.check().unwrap_err().to_string().contains("before the first draw"));
        let error = tape.start(&params, Mode::Train).random([1], Distribution::Bernoulli(1.5)).value().unwrap_err();
        assert!(error.to_string().contains("1.5 is no probability"), "{error}");
    }
}
