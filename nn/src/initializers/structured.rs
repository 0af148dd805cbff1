//! Initializers whose numbers depend on each other: orthogonal matrices, and matrices at the center of a kernel.

use rand::{Rng, RngExt};
use rand_distr::StandardNormal;

/// A matrix of `rows` rows, uniformly distributed among those with orthogonal rows (or columns): Gram–Schmidt, twice for
/// accuracy, on normal vectors. If the values do not fill the last row, they are the beginning of such a matrix.
pub(super) fn orthogonal(rows: usize, gain: f64, values: &mut [f64], random: &mut impl Rng) {
    let rows = rows.min(values.len()).max(1);
    let columns = values.len().div_ceil(rows);
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| random.sample(StandardNormal)).collect();
        for _ in 0..2 {
            for earlier in &basis {
                let along = dot(earlier, &vector);
                vector.iter_mut().zip(earlier).for_each(|(v, e)| *v -= along * e);
            }
        }
        let norm = dot(&vector, &vector).sqrt();
        // Repeated in the practically impossible case that the vector is in the span of the earlier ones.
        if norm > 1e-8 {
            vector.iter_mut().for_each(|v| *v /= norm);
            basis.push(vector);
        }
    }
    for (index, value) in values.iter_mut().enumerate() {
        let (row, column) = (index / columns, index % columns);
        *value = gain * if rows <= columns { basis[row][column] } else { basis[column][row] };
    }
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}

/// 1 where the index of the unit is that of the input, at the center of the kernel; 0 elsewhere.
pub(super) fn identity(shape: &[usize], values: &mut [f64]) {
    let inputs = inputs(shape);
    at_center(shape, values, |pair| if pair / inputs == pair % inputs { 1.0 } else { 0.0 });
}

/// An orthogonal matrix at the center of the kernel, 0 elsewhere.
pub(super) fn delta_orthogonal(shape: &[usize], gain: f64, values: &mut [f64], random: &mut impl Rng) {
    let units = shape.first().copied().unwrap_or(1);
    let mut matrix = vec![0.0; values.len().div_ceil(kernel_and_center(shape).0)];
    orthogonal(units, gain, &mut matrix, random);
    at_center(shape, values, |pair| matrix.get(pair).copied().unwrap_or(0.0));
}

/// The number of input channels of a unit; at least 1.
fn inputs(shape: &[usize]) -> usize {
    shape.get(1).copied().unwrap_or(1).max(1)
}

/// The number of elements of a kernel, at least 1, and the index of the center. They saturate, as no slice has more
/// elements.
fn kernel_and_center(shape: &[usize]) -> (usize, usize) {
    let taps = |(taps, center): (usize, usize), &extent: &usize| {
        (taps.saturating_mul(extent), center.saturating_mul(extent).saturating_add(extent / 2))
    };
    let (taps, center) = shape.iter().skip(2).fold((1, 0), taps);
    (taps.max(1), center)
}

/// Writes `entry(pair)` to the center of the kernel for each pair of unit and input, in row-major order, and 0 elsewhere; a
/// matrix has kernels of one element. The center of an even extent is the later of the two in the middle.
fn at_center(shape: &[usize], values: &mut [f64], entry: impl Fn(usize) -> f64) {
    let (taps, center) = kernel_and_center(shape);
    for (index, value) in values.iter_mut().enumerate() {
        let (pair, tap) = (index / taps, index % taps);
        *value = if tap == center { entry(pair) } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::super::Initial;
    use super::*;

    fn filled(initial: Initial, shape: &[usize]) -> Vec<f64> {
        let mut values = vec![f64::NAN; shape.iter().product()];
        initial.fill(shape, &mut values, &mut StdRng::seed_from_u64(3));
        values
    }

    /// Asserts that the rows, or the columns if they are fewer, are orthogonal and of this norm.
    fn assert_orthogonal(values: &[f64], rows: usize, norm: f64) {
        let columns = values.len() / rows;
        let vector = |k: usize| -> Vec<f64> {
            match rows <= columns {
                true => values[k * columns..(k + 1) * columns].to_vec(),
                false => values.iter().skip(k).step_by(columns).copied().collect(),
            }
        };
        for i in 0..rows.min(columns) {
            for j in 0..=i {
                let expected = if i == j { norm * norm } else { 0.0 };
                assert!((dot(&vector(i), &vector(j)) - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn orthogonal_rows_or_columns_are_orthogonal() {
        for shape in [&[5, 9][..], &[9, 5], &[6, 6], &[4, 2, 3, 3], &[20, 2, 3]] {
            assert_orthogonal(&filled(Initial::Orthogonal { gain: 2.0 }, shape), shape[0], 2.0);
        }
    }

    #[test]
    fn delta_orthogonal_kernels_are_orthogonal_at_the_center_and_zero_around_it() {
        for (shape, center) in [(&[6, 4, 3, 5][..], 7), (&[3, 8, 2, 2], 3), (&[5, 4], 0)] {
            let values = filled(Initial::DeltaOrthogonal { gain: 2.0 }, shape);
            let taps: usize = shape[2..].iter().product();
            let tap = |k: usize| -> Vec<f64> { values.iter().skip(k).step_by(taps).copied().collect() };
            assert_orthogonal(&tap(center), shape[0], 2.0);
            assert!((0..taps).filter(|&k| k != center).all(|k| tap(k).iter().all(|&x| x == 0.0)));
        }
    }

    #[test]
    fn the_identity_passes_each_input_to_the_unit_of_its_index() {
        assert_eq!(filled(Initial::Identity, &[2, 3]), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
        let kernel = filled(Initial::Identity, &[2, 2, 3]);
        assert_eq!(kernel, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn values_that_do_not_fill_the_last_row_are_the_beginning_of_an_orthogonal_matrix() {
        let mut values = [f64::NAN; 6];
        Initial::Orthogonal { gain: 1.0 }.fill(&[4, 1], &mut values, &mut StdRng::seed_from_u64(3));
        let column = |k: usize| -> Vec<f64> { values.iter().skip(k).step_by(2).copied().collect() };
        assert!(values.iter().all(|x| x.abs() <= 1.0));
        assert!(dot(&column(0), &column(0)) < 1.0, "the fourth row is left out");
    }

    #[test]
    fn extents_of_zero_and_other_numbers_of_values_do_not_panic() {
        for initial in [Initial::Identity, Initial::DeltaOrthogonal { gain: 1.0 }, Initial::Orthogonal { gain: 1.0 }] {
            for shape in [&[][..], &[0], &[3], &[0, 3], &[3, 0], &[3, 2, 0]] {
                filled(initial, shape);
                // A bias is filled with the shape of its layer's weight, and a value for each unit.
                let mut bias = vec![f64::NAN; shape.first().copied().unwrap_or(1)];
                initial.fill(shape, &mut bias, &mut StdRng::seed_from_u64(3));
                assert!(bias.iter().all(|x| x.is_finite()));
            }
        }
    }
}
