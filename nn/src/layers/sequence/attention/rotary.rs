//! Rotary positions.

use autodiff::{Real, Tensor, Var};

use crate::invalid::invalid_input;
use crate::settings::positive;

/// Rotary positions (Su 2021): rotates pairs of features of step `p` by the angle `p · base^(−2i/features)`, so that the product
/// of a query and a key depends on the distance of their steps. The usual base is 10,000.
///
/// Feature `i` is paired with feature `i + features/2`, as in GPT-NeoX and in LLaMA of the library transformers. Su pairs
/// features `2i` and `2i + 1` instead; the two differ by a permutation of the features.
///
/// # Shapes
/// `x` and the result are `[.., steps, features]`, with an even number of features.
#[track_caller]
#[must_use]
pub fn rotary<T: Real>(x: Var<'_, T>, base: f64) -> Var<'_, T> {
    let Ok(shape) = x.shape() else { return x };
    if let Err(reason) = positive::<T>("base", base) {
        return invalid_input("rotary", reason, x);
    }
    let &[.., steps, features] = &shape[..] else {
        return invalid_input("rotary", "the input must be [.., steps, features]", x);
    };
    if features % 2 == 1 {
        return invalid_input("rotary", format!("the number of features is {features}: must be even"), x);
    }
    let half = features / 2;
    let angle = |k: usize| (k / half) as f64 * base.powf(-((k % half) as f64) / half as f64);
    let cosines = Tensor::try_from_fn([steps, half], |k| T::from_f64(angle(k).cos()));
    let sines = Tensor::try_from_fn([steps, half], |k| T::from_f64(angle(k).sin()));
    let (cosines, sines) = match (cosines, sines) {
        (Ok(cosines), Ok(sines)) => (x.recording().constant(&cosines), x.recording().constant(&sines)),
        (Err(error), _) | (_, Err(error)) => return invalid_input("rotary", error.to_string(), x),
    };
    let (first, second) = (x.narrow(-1, 0..half), x.narrow(-1, half..features));
    x.recording().concatenate([first * cosines - second * sines, second * cosines + first * sines], -1)
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape};

    use super::*;

    #[test]
    fn products_depend_on_the_distance_alone() {
        let params = Params::<f64>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Eval);
        let same = |values: [f64; 4]| t.input(&Tensor::from_fn([5, 4], |k| values[k % 4]));
        let query = rotary(same([0.3, -1.2, 0.7, 0.4]), 100.0);
        let key = rotary(same([1.1, 0.2, -0.5, 0.9]), 100.0);
        let products = query.matmul(key.t()).value().unwrap();
        let at = |i: usize, j: usize| products.data()[5 * i + j];
        for i in 0..4 {
            for j in 0..4 {
                assert!((at(i, j) - at(i + 1, j + 1)).abs() < 1e-12, "{products}");
            }
        }
        assert!((at(0, 1) - at(0, 2)).abs() > 0.1);
    }
}
