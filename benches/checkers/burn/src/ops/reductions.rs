//! Sums, products, extrema, moments, cumulative operations, sorting and matrix products.

use burn_tensor::Tensor;

use super::{pair, row};
use crate::ranks::{Any, Rank, Row, one, two};

type T = Tensor<3>;

const SHAPE: [usize; 3] = [2, 3, 4];

/// Along every axis.
fn axes<const E: usize>(name: &str, function: impl Fn(T, usize) -> Tensor<E> + Clone + 'static) -> Row
where
    Any: Rank<E>,
{
    (0..3).fold(row(name), |row, axis| {
        let function = function.clone();
        one::<3, E>(row, &format!("axis {axis}"), SHAPE, move |x: T| function(x, axis))
    })
}

fn whole<const E: usize>(name: &str, function: impl Fn(T) -> Tensor<E> + 'static) -> Row
where
    Any: Rank<E>,
{
    one::<3, E>(row(name), "", SHAPE, function)
}

pub fn rows() -> Vec<Row> {
    vec![
        whole("sum", T::sum),
        whole("mean", T::mean),
        whole("prod", T::prod),
        whole("max", T::max),
        whole("min", T::min),
        whole("max_abs", T::max_abs),
        axes("sum_dim", |x, axis| x.sum_dim(axis)),
        whole("sum_dims", |x| x.sum_dims(&[0, 2])),
        whole("sum_dims_squeeze", |x| x.sum_dims_squeeze::<1, _>(&[0, 2])),
        axes("mean_dim", |x, axis| x.mean_dim(axis)),
        whole("mean_dims", |x| x.mean_dims(&[0, 2])),
        axes("prod_dim", |x, axis| x.prod_dim(axis)),
        whole("prod_dims", |x| x.prod_dims(&[0, 2])),
        axes("max_dim", |x, axis| x.max_dim(axis)),
        axes("min_dim", |x, axis| x.min_dim(axis)),
        whole("max_dims", |x| x.max_dims(&[0, 2])),
        whole("min_dims", |x| x.min_dims(&[0, 2])),
        axes("max_dim_with_indices", |x, axis| x.max_dim_with_indices(axis).0),
        axes("min_dim_with_indices", |x, axis| x.min_dim_with_indices(axis).0),
        axes("max_abs_dim", |x, axis| x.max_abs_dim(axis)),
        axes("var", |x, axis| x.var(axis)),
        axes("var_bias", |x, axis| x.var_bias(axis)),
        axes("var_mean", |x, axis| {
            let (variance, mean) = x.var_mean(axis);
            variance * mean
        }),
        axes("cov", |x, axis| x.cov(axis, 1)),
        axes("median", |x, axis| x.median(axis)),
        axes("cumsum", |x, axis| x.cumsum(axis)),
        axes("cumprod", |x, axis| x.cumprod(axis)),
        axes("cummax", |x, axis| x.cummax(axis)),
        axes("cummin", |x, axis| x.cummin(axis)),
        axes("sort", |x, axis| x.sort(axis)),
        axes("sort_descending", |x, axis| x.sort_descending(axis)),
        axes("sort_with_indices", |x, axis| x.sort_with_indices(axis).0),
        axes("topk", |x, axis| x.topk(2, axis)),
        axes("topk_with_indices", |x, axis| x.topk_with_indices(2, axis).0),
        whole("triu", |x| x.triu(1)),
        whole("tril", |x| x.tril(-1)),
    ]
}

/// Matrix, scalar and vector products.
pub fn products() -> Vec<Row> {
    let mut matmul = two(row("matmul"), "", pair(&[2, 3], &[3, 4]), |x: Tensor<2>, y: Tensor<2>| x.matmul(y));
    for (left, right) in
        [([2, 3, 4], [2, 4, 5]), ([1, 3, 4], [2, 4, 5]), ([2, 3, 4], [1, 4, 5]), ([2, 1, 4], [2, 4, 1])]
    {
        matmul = two(matmul, "batched", pair(&left, &right), |x: T, y: T| x.matmul(y));
    }
    let cross = two(row("cross"), "axis 1", pair(&[2, 3], &[2, 3]), |x: Tensor<2>, y: Tensor<2>| x.cross(y, 1));
    let cross = two(cross, "axis 0, broadcast", pair(&[3, 1], &[3, 4]), |x: Tensor<2>, y: Tensor<2>| x.cross(y, 0));
    // The shapes of tracel-ai/burn#5304.
    let mut transposed = row("matmul, left transposed");
    for (m, k, n) in (1..=5).flat_map(|m| (1..=5).flat_map(move |k| (1..=5).map(move |n| (m, k, n)))) {
        transposed = two(transposed, "", pair(&[k, m], &[k, n]), |x: Tensor<2>, y: Tensor<2>| x.transpose().matmul(y));
    }
    vec![matmul, transposed, two(row("dot"), "", pair(&[5], &[5]), |x: Tensor<1>, y: Tensor<1>| x.dot(y)), cross]
}
