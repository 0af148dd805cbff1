//! Lengths of the samples of a batch, as masks.

use autodiff::{Real, Var};

use crate::invalid::invalid_input;

/// 1 at the steps of each sample that are before its length, 0 after: what a batch of sequences of several lengths, padded to
/// one number of steps, is masked by. Attention takes it as a mask of keys.
///
/// # Shapes
/// `lengths` is `[samples]`, integers in `0..=steps`; the result is `[samples, steps]`. Any other length is an error, named by
/// its value and position.
#[track_caller]
#[must_use]
pub fn length_mask<T: Real>(lengths: Var<'_, T>, steps: usize) -> Var<'_, T> {
    match lengths.shape() {
        // The one-hot encoding checks in every replay that a length is one of 0..=steps; 1 − its sums is 1 up to the length.
        Ok(shape) if shape.rank() == 1 => 1.0 - lengths.one_hot(steps.saturating_add(1)).narrow(1, 0..steps).cumsum(1),
        Ok(_) => invalid_input("length_mask", "the lengths must be [samples]", lengths),
        Err(_) => lengths,
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape};

    use super::*;

    #[test]
    fn steps_before_the_length_are_one() {
        let params = Params::<f32>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let mask = length_mask(t.input(&[2.0, 0.0, 3.0].into()), 3);
        assert_eq!(mask.value().unwrap(), [[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]].into());
        let message = length_mask(t.input(&[2.0, 4.0].into()), 3).value().unwrap_err().to_string();
        assert!(message.starts_with("one_hot: index 4 at position 1 is not one of 0..4: [2] at"), "{message}");
    }
}
