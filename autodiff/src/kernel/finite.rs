//! Tests whether numbers are finite.

use super::dispatch::dispatch;
use super::parts::of_each_part;
use crate::scalar::Real;

const LANES: usize = 32;

/// The fewest values of a part.
const VALUES: usize = 1 << 16;

/// Whether no value is infinite or NaN.
pub(crate) fn all_finite<T: Real>(values: &[T]) -> bool {
    !of_each_part(values, VALUES, true, all_finite_here).contains(&false)
}

fn all_finite_here<T: Real>(values: &[T]) -> bool {
    // One addition per number: a sum that includes an infinity or NaN is not finite. If it is not, perhaps by overflow, test
    // each number.
    let sum = dispatch(|| {
        let (whole, rest) = values.as_chunks::<LANES>();
        let mut lanes = [T::ZERO; LANES];
        for chunk in whole {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane += value;
            }
        }
        lanes.into_iter().chain(rest.iter().copied()).sum::<T>()
    });
    sum.is_finite() || values.iter().all(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Dual;

    #[test]
    fn one_number_that_is_not_finite_is_found_anywhere_and_an_overflowing_sum_is_none() {
        for len in [0, 1, 31, 32, 33, 100] {
            assert!(all_finite(&vec![f32::MAX; len]) && all_finite(&vec![-f64::MAX; len]));
            for k in 0..len {
                for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                    let mut values = vec![-1.0; len];
                    values[k] = bad;
                    assert!(!all_finite(&values), "{bad} at {k} of {len}");
                    // An infinity of the other sign does not hide it.
                    values[len - 1 - k] = -bad;
                    assert!(!all_finite(&values), "{bad} at {k} of {len}");
                }
            }
        }
        assert!(all_finite(&[Dual::new(1.0, 2.0); 40]));
    }

    #[test]
    #[cfg_attr(miri, ignore = "large; the threads are rayon's")]
    fn one_of_very_many_is_found() {
        let mut values = vec![1.0_f32; 30 * VALUES];
        assert!(all_finite(&values));
        for k in [0, VALUES, 30 * VALUES - 1] {
            values[k] = f32::NAN;
            assert!(!all_finite(&values), "at {k}");
            values[k] = 1.0;
        }
    }
}
