//! Sums, extrema, moments, cumulative sums, sorting and matrix products.

use adapters::Input;
use candle_core::Tensor;

use super::{Row, case, op};

const SHAPE: [usize; 3] = [2, 3, 4];

pub fn rows() -> Vec<Row> {
    let sum = op("sum", [SHAPE], |x| x[0].sum(1));
    let sum = case(sum, "two axes", [SHAPE], |x| x[0].sum((0, 2)));
    let mean = op("mean", [SHAPE], |x| x[0].mean(1));
    let mean = case(mean, "two axes", [SHAPE], |x| x[0].mean((0, 2)));
    let max = op("max", [SHAPE], |x| x[0].max(1));
    let max = case(max, "last axis", [SHAPE], |x| x[0].max_keepdim(2));
    let min = op("min", [SHAPE], |x| x[0].min(0));
    let matmul = op("matmul", [[2, 3], [3, 4]], |x| x[0].matmul(&x[1]));
    let matmul = case(matmul, "batched", [[2, 3, 4], [2, 4, 5]], |x| x[0].matmul(&x[1]));
    let matmul = case(matmul, "transposed right", [[2, 3], [4, 3]], |x| x[0].matmul(&x[1].t()?));
    let mut transposed = op("matmul, left transposed", [[2, 3], [2, 4]], |x| x[0].t()?.matmul(&x[1]));
    for (m, k, n) in (1..=5).flat_map(|m| (1..=5).flat_map(move |k| (1..=5).map(move |n| (m, k, n)))) {
        transposed = transposed.at([[k, m], [k, n]]);
    }
    let broadcast = [Input::new(&[3, 2, 4]), Input::new(&[4, 5])];
    let cumsum = op("cumsum", [SHAPE], |x| x[0].cumsum(1));
    let log_sum_exp = op("log_sum_exp", [SHAPE], |x| x[0].log_sum_exp(1));
    vec![
        sum,
        op("sum_keepdim", [SHAPE], |x| x[0].sum_keepdim((1, 2))),
        op("sum_all", [SHAPE], |x| x[0].sum_all()),
        mean,
        op("mean_keepdim", [SHAPE], |x| x[0].mean_keepdim(2)),
        op("mean_all", [SHAPE], |x| x[0].mean_all()),
        max,
        min,
        op("max_all", [SHAPE], |x| x[0].max_all()),
        op("min_all", [SHAPE], |x| x[0].min_all()),
        op("var", [SHAPE], |x| x[0].var(1)),
        op("var_keepdim", [SHAPE], |x| x[0].var_keepdim(2)),
        case(log_sum_exp, "two axes", [SHAPE], |x| x[0].log_sum_exp((0, 2))),
        op("norm", [[5]], |x| x[0].norm()),
        case(cumsum, "last axis", [SHAPE], |x| x[0].cumsum(2)),
        matmul,
        transposed,
        op("matmul, left transposed, right broadcast", [Input::new(&[3, 4, 2]), Input::new(&[4, 5])], |x| {
            let right = x[1].broadcast_as((x[0].dim(0)?, x[1].dim(0)?, x[1].dim(1)?))?;
            x[0].transpose(1, 2)?.matmul(&right)
        }),
        op("broadcast_matmul", broadcast, |x| x[0].broadcast_matmul(&x[1])),
        op("broadcast_matmul, left transposed", [Input::new(&[3, 4, 2]), Input::new(&[4, 5])], |x| {
            x[0].transpose(1, 2)?.broadcast_matmul(&x[1])
        }),
        op("dot", [[5], [5]], |x| x[0].dot(&x[1])),
        op("mv", [Input::new(&[3, 4]), Input::new(&[4])], |x| x[0].mv(&x[1])),
        op("sort_last_dim", [[3, 5]], |x| Ok(x[0].sort_last_dim(true)?.0)),
        op("arg_sort, gather", [[3, 5]], |x| {
            let order = x[0].arg_sort_last_dim(false)?;
            x[0].gather(&order, 1)
        }),
        op("round_to plus x", [[2, 3]], |x: &[Tensor]| x[0].round_to(1)? + &x[0]),
    ]
}
