//! Sums of millions of terms in `f32`, against the same sums in `f64`: the error of one running sum would be 10⁻⁴ to 10⁻².

use autodiff::{Mode, Params, Tape, Tensor, Var, keepdim};

const ROWS: usize = 2_000_000;
const MANY: usize = 8_000_000;

/// The largest relative error of `found`.
fn error(found: &Tensor<f32>, expected: &[f64]) -> f64 {
    assert_eq!(found.data().len(), expected.len());
    let errors = found
        .data()
        .iter()
        .zip(expected)
        .map(|(&found, expected)| (f64::from(found) - expected).abs() / expected.abs());
    errors.fold(0.0, |worst, error| if error > worst || error.is_nan() { error } else { worst })
}

fn value(x: &Tensor<f32>, function: impl for<'t> Fn(Var<'t, f32>) -> Var<'t, f32>) -> Tensor<f32> {
    let params = Params::default();
    let mut tape = Tape::new();
    function(tape.start(&params, Mode::Eval).input(x)).value().unwrap()
}

/// Values of either kind: all 0.1, whose rounding errors all point one way, and different ones.
fn inputs(shape: [usize; 2]) -> [Tensor<f32>; 2] {
    [
        Tensor::full(shape, 0.1),
        Tensor::from_fn(shape, |k| 0.5 + (k.wrapping_mul(2_654_435_761) % 1_000) as f32 / 1_000.0),
    ]
}

/// The sums of the columns of a matrix.
fn column_sums(x: &Tensor<f32>, term: impl Fn(f64) -> f64) -> Vec<f64> {
    let columns = x.shape()[1];
    let mut sums = vec![0.0; columns];
    x.data().iter().enumerate().for_each(|(k, &x)| sums[k % columns] += term(x.into()));
    sums
}

#[test]
fn sums_and_means_along_any_axis() {
    for columns in [1, 3, 40] {
        for x in inputs([ROWS / columns.min(8), columns]) {
            let rows = x.shape()[0] as f64;
            let sums = column_sums(&x, |x| x);
            let total = [sums.iter().sum::<f64>()];
            let means: Vec<f64> = sums.iter().map(|sum| sum / rows).collect();
            assert!(error(&value(&x, |x| x.sum(0)), &sums) < 1e-6);
            assert!(error(&value(&x, |x| x.sum(..)), &total) < 1e-6);
            assert!(error(&value(&x, |x| x.transpose(0, 1).sum(1)), &sums) < 1e-6);
            assert!(error(&value(&x, |x| x.transpose(0, 1).contiguous().sum(1)), &sums) < 1e-6);
            assert!(error(&value(&x, |x| x.mean(keepdim(0))), &means) < 1e-6);
            assert!(error(&value(&x, |x| x.sum(1).sum(0)), &total) < 1e-6);
        }
    }
    // Neither the first nor the last axis.
    let x = Tensor::full([3, ROWS, 2], 0.1_f32);
    assert!(error(&value(&x, |x| x.sum(1)), &[ROWS as f64 * f64::from(0.1_f32); 6]) < 1e-6);
}

#[test]
fn means_norms_variances_and_log_sum_exps_of_eight_million() {
    for x in inputs([MANY, 1]) {
        let n = MANY as f64;
        let of = |term: &dyn Fn(f64) -> f64| column_sums(&x, term)[0];
        let mean = of(&|x| x) / n;
        assert!(error(&value(&x, |x| x.mean(..)), &[mean]) < 1e-6);
        assert!(error(&value(&x, |x| x.norm(.., 2.0)), &[of(&|x| x * x).sqrt()]) < 1e-6);
        assert!(error(&value(&x, |x| x.norm(.., 1.0)), &[of(&|x| x)]) < 1e-6);
        assert!(error(&value(&x, |x| x.norm(.., 3.0)), &[of(&|x| x.powi(3)).cbrt()]) < 1e-6);
        assert!(error(&value(&x, |x| x.log_sum_exp(..)), &[of(&f64::exp).ln()]) < 1e-6);
        assert!(error(&value(&x, |x| x.square().sum(..)), &[of(&|x| x * x)]) < 1e-6);
        let variance = of(&|x| (x - mean) * (x - mean)) / n;
        if variance > 1e-3 {
            assert!(error(&value(&x, |x| x.variance(.., 0)), &[variance]) < 1e-6);
        }
        // Denominators of softmax: the largest element is e⁰ over the sum.
        let largest = x.data().iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum = of(&|x| (x - f64::from(largest)).exp());
        let expected: Vec<f64> = x.data().iter().map(|&x| (f64::from(x) - f64::from(largest)).exp() / sum).collect();
        assert!(error(&value(&x, |x| x.softmax(0)), &expected) < 1e-6);
        let logs = expected.iter().map(|p| p.ln()).collect::<Vec<_>>();
        assert!(error(&value(&x, |x| x.log_softmax(0)), &logs) < 1e-6);
    }
}

#[test]
fn running_sums() {
    for x in inputs([ROWS, 1]).into_iter().chain(inputs([ROWS / 4, 3])) {
        let columns = x.shape()[1];
        let mut sums = vec![0.0; columns];
        let mut expected = Vec::with_capacity(x.data().len());
        for (k, &x) in x.data().iter().enumerate() {
            sums[k % columns] += f64::from(x);
            expected.push(sums[k % columns]);
        }
        assert!(error(&value(&x, |x| x.cumsum(0)), &expected) < 1e-5);
        let params = Params::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let leaf = t.variable(&x);
        let mut grads = params.gradients();
        leaf.cumsum(0).backward_with(&x, &mut grads).unwrap();
        let total = column_sums(&x, |x| x);
        assert!(error(&grads.of(leaf).unwrap(), &backwards(&expected, &total, &x)) < 1e-5);
    }
}

/// The sums from the end: the whole less what stands before.
fn backwards(sums: &[f64], total: &[f64], x: &Tensor<f32>) -> Vec<f64> {
    let columns = total.len();
    sums.iter().enumerate().map(|(k, sum)| total[k % columns] - sum + f64::from(x.data()[k])).collect()
}

#[test]
fn gradients_of_what_is_broadcast() {
    for (rows, columns) in [(ROWS, 3), (ROWS / 16, 40), (ROWS, 1)] {
        for g in inputs([rows, columns]) {
            let params = Params::default();
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let x = t.input(&Tensor::full([rows, columns], 0.5));
            let [bias, scale] = [(); 2].map(|()| t.variable(&Tensor::full([columns], 1.0)));
            let all = t.variable(&Tensor::scalar(1.0));
            let mut grads = params.gradients();
            (x * scale - bias + all).backward_with(&g, &mut grads).unwrap();
            let sums = column_sums(&g, |g| g);
            let of = |factor: f64| sums.iter().map(|sum| factor * sum).collect::<Vec<_>>();
            assert!(error(&grads.of(bias).unwrap(), &of(-1.0)) < 1e-6);
            assert!(error(&grads.of(scale).unwrap(), &of(0.5)) < 1e-6);
            assert!(error(&grads.of(all).unwrap(), &[sums.iter().sum()]) < 1e-6);
        }
    }
}

#[test]
fn gradients_of_windows_that_overlap() {
    let (extent, size) = (40_000, 20_000);
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&Tensor::full([extent], 1.0_f32));
    let mut grads = params.gradients();
    (x.unfold(0, size, 8, 1).sum(1) * 0.1).sum(..).backward(&mut grads).unwrap();
    // The windows that start at 0, 8, 16, … up to the last that fits, and cover place k.
    let last = (extent - size) / 8;
    let expected: Vec<f64> = (0..extent)
        .map(|k| (k / 8).min(last) + 1 - (k + 1).saturating_sub(size).div_ceil(8))
        .map(|windows| windows as f64 * f64::from(0.1_f32))
        .collect();
    assert!(error(&grads.of(x).unwrap(), &expected) < 1e-6);
}

#[test]
fn statistics_and_gradients_of_normalized_groups() {
    for axis in [0, 1] {
        for x in inputs([ROWS, 2]).into_iter().skip(1) {
            let x = if axis == 0 { x } else { value(&x, |x| x.transpose(0, 1).contiguous()) };
            let n = ROWS as f64;
            let by_column = if axis == 0 { x.clone() } else { value(&x, |x| x.transpose(0, 1).contiguous()) };
            let means: Vec<f64> = column_sums(&by_column, |x| x).iter().map(|sum| sum / n).collect();
            let squares = column_sums(&by_column, |x| x * x);
            let variances: Vec<f64> = squares.iter().zip(&means).map(|(sum, mean)| sum / n - mean * mean).collect();
            let params = Params::default();
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let shape = if axis == 0 { [1, 2] } else { [2, 1] };
            let [scale, shift] = [(); 2].map(|()| t.variable(&Tensor::full(shape, 1.0)));
            let normal = t.input(&x).normalize(Some([scale, shift]), axis, 1e-5);
            assert!(error(&normal.mean.value().unwrap(), &means) < 1e-6);
            assert!(error(&normal.variance.value().unwrap(), &variances) < 1e-6);
            let mut grads = params.gradients();
            (normal.value * 0.1).sum(..).backward(&mut grads).unwrap();
            assert!(error(&grads.of(shift).unwrap(), &[n * f64::from(0.1_f32); 2]) < 1e-6);
        }
    }
}

#[test]
fn gradients_of_what_is_picked_often() {
    let g = Tensor::full([ROWS, 2], 0.1_f32);
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&Tensor::full([2, 3], 1.0).cast());
    let which = t.input(&Tensor::from_fn([ROWS], |k| f32::from(k % 4 == 0)));
    let mut grads = params.gradients();
    let sums = [0.75, 0.25].map(|share| share * ROWS as f64 * f64::from(0.1_f32));
    let rows = x.transpose(0, 1).narrow(0, 0..2).transpose(0, 1);
    rows.index_select(0, which).backward_with(&g, &mut grads).unwrap();
    let picked = |grads: &Tensor<f32>| Tensor::from_fn([2, 2], |k| grads.data()[k / 2 * 3 + k % 2]);
    assert!(error(&picked(&grads.of(x).unwrap()), &[sums[0], sums[0], sums[1], sums[1]]) < 1e-6);
    rows.gather(0, which.unsqueeze(1).broadcast_to([ROWS, 2])).backward_with(&g, &mut grads).unwrap();
    assert!(error(&picked(&grads.of(x).unwrap()), &[sums[0], sums[0], sums[1], sums[1]]) < 1e-6);
}

/// numpy's rule: squared deviations over `max(0, n − correction)`.
#[test]
fn a_variance_is_never_negative() {
    let x: Tensor<f32> = [1.0, 2.0, 3.0].into();
    for (correction, expected) in
        [(0, 2.0 / 3.0), (1, 1.0), (2, 2.0), (3, f32::INFINITY), (5, f32::INFINITY), (usize::MAX, f32::INFINITY)]
    {
        assert_eq!(value(&x, |x| x.variance(.., correction)).data(), &[expected], "correction {correction}");
    }
    for correction in [1, 2, 7] {
        assert!(value(&[4.0].into(), |x| x.variance(0, correction)).data()[0].is_nan());
    }
}
