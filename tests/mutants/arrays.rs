//! Mistakes along axes: sums, statistics, normalizations, the order of elements.

use autodiff::check::Diagnosis;
use autodiff::{Real, Shape, Tensor};

use crate::mutants::array_op::{Array, array_op, log_sum_exp, mean, number, softmax};
use crate::mutants::table::{Mutant, kill, table};

/// The shape without its last axis, for matrices.
fn of_rows(x: &Shape) -> Option<Shape> {
    (x.rank() == 2).then(|| x.without(1))
}

fn matrix(x: &Shape) -> Option<Shape> {
    (x.rank() == 2).then(|| x.clone())
}

fn count<T: Real>(number_of: usize) -> T {
    number(number_of as f64)
}

/// The sum of each row of a matrix, which may have no columns.
fn row_values<T: Real>(x: &Array<T>, value: impl Fn(&[T]) -> T) -> Vec<T> {
    if x.shape[1] == 0 { (0..x.shape[0]).map(|_| value(&[])).collect() } else { x.rows().map(value).collect() }
}

/// `gradient(row, its cotangent)`, row by row.
fn row_grads<T: Real>(x: &Array<T>, g: &[T], gradient: impl Fn(&[T], T) -> Vec<T>) -> Vec<T> {
    x.rows().zip(g).flat_map(|(row, &g)| gradient(row, g)).collect()
}

/// `gradient(row, its cotangents)`, row by row.
fn same_grads<T: Real>(x: &Array<T>, g: &[T], gradient: impl Fn(&[T], &[T]) -> Vec<T>) -> Vec<T> {
    x.rows().zip(g.chunks(x.width())).flat_map(|(row, g)| gradient(row, g)).collect()
}

fn variance<T: Real>(row: &[T], correction: usize) -> T {
    let m = mean(row);
    row.iter().map(|&x| (x - m) * (x - m)).sum::<T>() / number(row.len() as f64 - correction as f64)
}

/// One over the standard deviation of a row.
fn rescale<T: Real>(row: &[T]) -> T {
    T::ONE / (variance(row, 0) + number(1e-5)).sqrt()
}

/// Running sums of slices.
fn running<'a, T: Real>(row: impl Iterator<Item = &'a T>) -> Vec<T> {
    row.scan(T::ZERO, |sum, &x| {
        *sum += x;
        Some(*sum)
    })
    .collect()
}

fn dot<T: Real>(x: &[T], y: &[T]) -> T {
    x.iter().zip(y).map(|(&x, &y)| x * y).sum()
}

array_op! { MeanWithoutCount, |x| of_rows(x), row_values(&x, mean), |g, z| [row_grads(&x, g, |row, g| vec![g; row.len()])] }
array_op! { MeanOfOtherAxis, |x| of_rows(x), row_values(&x, mean),
    |g, z| [row_grads(&x, g, |row, g| vec![g / count(x.shape[0]); row.len()])]
}
array_op! { VarianceCorrection, |x| of_rows(x), row_values(&x, |row| variance(row, 1)), |g, z| [row_grads(&x, g, |row, g| {
    row.iter().map(|&x| number::<T>(2.0) * (x - mean(row)) * g / count(row.len())).collect()
})] }
array_op! { VarianceNotCentered, |x| of_rows(x), row_values(&x, |row| variance(row, 1)), |g, z| [row_grads(&x, g, |row, g| {
    row.iter().map(|&x| number::<T>(2.0) * x * g / count(row.len() - 1)).collect()
})] }
array_op! { SoftmaxWithoutMean, |x| matrix(x), x.rows().flat_map(softmax).collect(),
    |g, z| [z.iter().zip(g).map(|(&z, &g)| z * g).collect()]
}
array_op! { SoftmaxOtherAxis, |x| matrix(x), x.rows().flat_map(softmax).collect(), |g, z| [{
    let width = x.width();
    let column = |k: usize| (k % width..z.len()).step_by(width).map(|j| g[j] * z[j]).sum::<T>();
    (0..z.len()).map(|k| z[k] * (g[k] - column(k))).collect()
}] }
array_op! { LogForProbability, |x| matrix(x),
    x.rows().flat_map(|row| row.iter().map(|&x| x - log_sum_exp(row)).collect::<Vec<T>>()).collect(),
    |g, z| [z.chunks(x.width()).zip(g.chunks(x.width())).flat_map(|(z, g)| {
        let total: T = g.iter().copied().sum();
        z.iter().zip(g).map(|(&z, &g)| g - z * total).collect::<Vec<T>>()
    }).collect()]
}
array_op! { LabelOffByOne, |x| of_rows(x).filter(|_| x[1] > 0),
    x.rows().enumerate().map(|(k, row)| log_sum_exp(row) - row[k % row.len()]).collect(),
    |g, z| [x.rows().zip(g).enumerate().flat_map(|(k, (row, &g))| {
        let mut terms: Vec<T> = softmax(row).iter().map(|&p| p * g).collect();
        terms[(k + 1) % row.len()] += -g;
        terms
    }).collect()]
}
array_op! { ExponentialsOverflow, |x| of_rows(x).filter(|_| x[1] > 0), row_values(&x, log_sum_exp), |g, z| [row_grads(&x, g, |row, g| {
    let total: T = row.iter().map(|&x| x.exp()).sum();
    row.iter().map(|&x| g * x.exp() / total).collect()
})] }
array_op! { StatisticsConstant, |x| matrix(x),
    x.rows().flat_map(|row| row.iter().map(|&x| (x - mean(row)) * rescale(row)).collect::<Vec<T>>()).collect(),
    |g, z| [same_grads(&x, g, |row, g| g.iter().map(|&one| (one - mean(g)) * rescale(row)).collect())]
}
array_op! { SummedTooEarly, |x, w| matrix(x).filter(|_| w.rank() == 1 && x[1] == w[0]),
    x.data.iter().zip(w.data.iter().cycle()).map(|(&x, &w)| x * w).collect(),
    |g, z| [g.iter().zip(w.data.iter().cycle()).map(|(&g, &w)| g * w).collect(), {
        let column = |values: &[T], j: usize| values.iter().skip(j).step_by(x.width()).copied().sum::<T>();
        (0..w.data.len()).map(|j| column(g, j) * column(&x.data, j)).collect()
    }]
}
array_op! { SlopeOfLastAxis, |x| matrix(x), {
    let mut sums = x.data.clone();
    (x.width()..sums.len()).for_each(|k| sums[k] = sums[k] + sums[k - x.width()]);
    sums
}, |g, z| [g.chunks(x.width()).flat_map(|g| running(g.iter().rev()).into_iter().rev().collect::<Vec<T>>()).collect()] }
array_op! { ScanNotReversed, |x| (x.rank() == 1).then(|| x.clone()), running(x.data.iter()), |g, z| [running(g.iter())] }
array_op! { JoinedAlongOther, |x, y| matrix(x).filter(|_| x == y).map(|x| x.with(1, 2 * x[1])),
    x.rows().zip(y.rows()).flat_map(|(x, y)| [x, y].concat()).collect(),
    |g, z| [g[..g.len() / 2].to_vec(), g[g.len() / 2..].to_vec()]
}
array_op! { ThirdGetsSecond, |x, y, w| (x == y && y == w && x.rank() == 1).then(|| [3 * x[0]].into()),
    [&*x.data, &*y.data, &*w.data].concat(),
    |g, z| [g[..g.len() / 3].to_vec(), g[g.len() / 3..g.len() / 3 * 2].to_vec(), g[g.len() / 3..g.len() / 3 * 2].to_vec()]
}
array_op! { RolledFurther, |x| (x.rank() == 1 && x[0] > 0).then(|| x.clone()),
    (0..x.data.len()).map(|k| x.data[(k + 1) % x.data.len()]).collect(),
    |g, z| [(0..g.len()).map(|k| g[(k + 1) % g.len()]).collect()]
}
array_op! { TriangleOther, |x| matrix(x),
    x.data.iter().enumerate().map(|(k, &x_k)| if k / x.width() >= k % x.width() { x_k } else { T::ZERO }).collect(),
    |g, z| [g.iter().enumerate().map(|(k, &g)| if k / x.width() <= k % x.width() { g } else { T::ZERO }).collect()]
}
array_op! { SymmetryAssumed, |a, x| (a.rank() == 2 && x.rank() == 1 && a[0] == a[1] && a[0] == x[0]).then(Shape::scalar),
    vec![a.rows().zip(&x.data).map(|(row, &x_k)| x_k * dot(row, &x.data)).sum()],
    |g, z| [x.data.iter().flat_map(|&x_k| x.map(|x| g[0] * x_k * x)).collect(), {
        a.rows().map(|row| number::<T>(2.0) * g[0] * dot(row, &x.data)).collect()
    }]
}
array_op! { EmptyForgotten, |x| (x.rank() == 1).then(Shape::scalar),
    if x.data.is_empty() { panic!("empty") } else { vec![x.data.iter().copied().sum()] },
    |g, z| [vec![g[0]; x.data.len()]]
}
array_op! { NotStretched, |x| of_rows(x), row_values(&x, |row| row.iter().copied().sum()), |g, z| [g.to_vec()] }

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let rows = || Tensor::from([[0.7, 1.9, -0.3], [1.2, -0.4, 0.9]]);
    let others = || Tensor::from([[0.2, 1.4, -0.6], [1.1, 0.3, -0.8]]);
    let square = || Tensor::from([[0.7, 1.9, -0.3], [1.2, -0.4, 0.9], [0.5, 1.1, -1.4]]);
    let three = || Tensor::from([1.3, -0.8, 2.1]);
    let x = || Tensor::from([0.7, 1.9, -0.6, 0.4]);
    let factor = |factor| Some(Diagnosis::Factor(factor));
    table! {
        "league":
        "1/n of a mean missing": MeanWithoutCount, [rows()], factor(3.0);
        "count of the other axis": MeanOfOtherAxis, [rows()], factor(1.5);
        "correction of a variance": VarianceCorrection, [rows()], factor(2.0 / 3.0);
        "variance not centered": VarianceNotCentered, [rows()], None;
        "softmax without the mean term": SoftmaxWithoutMean, [rows()], None;
        "summed along the other axis": SoftmaxOtherAxis, [rows()], Some(Diagnosis::WrongAxis { found: 0, right: 1 });
        "logarithm used for probability": LogForProbability, [rows()], None;
        "label off by one": LabelOffByOne, [rows()], None;
        "exponentials in the gradient overflow": ExponentialsOverflow, [rows()], Some(Diagnosis::NotFinite);
        "variance taken as constant": StatisticsConstant, [rows()], None;
        "summed too early": SummedTooEarly, [rows(), three()], Some(Diagnosis::SummedTooEarly);
        "last axis hard-coded": SlopeOfLastAxis, [rows()], Some(Diagnosis::LastAxis { right: 0 });
        "scan not reversed": ScanNotReversed, [x()], None;
        "slices along the wrong axis": JoinedAlongOther, [rows(), others()], None;
        "third input gets the second's": ThirdGetsSecond, [x(), x(), x()], None;
        "permutation not inverted": RolledFurther, [x()], Some(Diagnosis::Misplaced);
        "other triangle": TriangleOther, [square()], None;
        "symmetry assumed": SymmetryAssumed, [square(), three()], None;
        "panics if empty": EmptyForgotten, [x()], Some(Diagnosis::Panicked("empty".into()));
        "gradient of another shape": NotStretched, [rows()], Some(Diagnosis::Panicked("2 numbers for a view of shape [2, 3]".into()));
    }
}

#[test]
fn mistakes_along_axes_are_found() {
    kill("mistakes along axes", mutants());
}
