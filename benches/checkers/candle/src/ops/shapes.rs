//! Views, copies and joins.

use adapters::Input;
use candle_core::Tensor;

use super::{Row, case, op};

const SHAPE: [usize; 3] = [2, 3, 4];

pub fn rows() -> Vec<Row> {
    let cat = op("cat", [[2, 3], [4, 3]], |x| Tensor::cat(&[&x[0], &x[1]], 0));
    let cat = case(cat, "axis 1, three", [[2, 3], [2, 1], [2, 4]], |x| Tensor::cat(x, 1));
    let cat = case(cat, "the same twice", [[2, 3]], |x| Tensor::cat(&[&x[0], &x[0]], 1));
    let narrow = op("narrow", [SHAPE], |x| x[0].narrow(1, 1, 2));
    let narrow = case(narrow, "last axis", [SHAPE], |x| x[0].narrow(2, 1, 2));
    let narrow = case(narrow, "axis 0", [[5, 3]], |x| x[0].narrow(0, 2, 3));
    let unfold = op("unfold", [[2, 7]], |x| x[0].unfold(1, 3, 2));
    let unfold = case(unfold, "disjoint, last axis", [[2, 6]], |x| x[0].unfold(1, 3, 3));
    let unfold = case(unfold, "disjoint, axis 0", [[6, 2]], |x| x[0].unfold(0, 3, 3));
    let slices = [Input::new(&[4, 5]), Input::new(&[2, 3])];
    let scatter0 = [Input::new(&[5, 3]), Input::new(&[2, 3])];
    let scatter = [Input::new(&[3, 5]), Input::new(&[3, 2])];
    vec![
        cat,
        op("stack", [[2, 3], [2, 3]], |x| Tensor::stack(x, 1)),
        narrow,
        op("chunk", [[2, 5]], |x| {
            let parts = x[0].chunk(2, 1)?;
            parts[0].sum_all()?.broadcast_mul(&parts[1])
        }),
        op("get", [SHAPE], |x| x[0].get(1)),
        op("get_on_dim", [SHAPE], |x| x[0].get_on_dim(2, 1)),
        op("i", [SHAPE], |x| {
            use candle_core::IndexOp;
            x[0].i((.., 1..3, 2))
        }),
        op("reshape", [SHAPE], |x| x[0].reshape((4, 6))),
        op("flatten", [SHAPE], |x| x[0].flatten(1, 2)),
        op("squeeze", [[2, 1, 3]], |x| x[0].squeeze(1)),
        op("unsqueeze", [[2, 3]], |x| x[0].unsqueeze(1)),
        op("t", [[2, 3]], |x| x[0].t()),
        op("transpose", [SHAPE], |x| x[0].transpose(0, 2)),
        op("permute", [SHAPE], |x| x[0].permute((2, 0, 1))),
        op("broadcast_as", [[3, 1]], |x| x[0].broadcast_as((2, 3, 4))),
        op("broadcast_left", [[2, 3]], |x| x[0].broadcast_left(4)),
        op("expand", [[1, 3]], |x| x[0].expand((4, 3))),
        op("repeat", [[2, 3]], |x| x[0].repeat((2, 3))),
        op("roll", [SHAPE], |x| x[0].roll(1, 1)),
        op("flip", [SHAPE], |x| x[0].flip(&[0, 2])),
        unfold,
        op("pad_with_zeros", [SHAPE], |x| x[0].pad_with_zeros(1, 2, 1)),
        op("pad_with_same", [SHAPE], |x| x[0].pad_with_same(1, 2, 1)),
        op("copy", [SHAPE], |x| x[0].copy()?.sqr()),
        op("contiguous", [SHAPE], |x| x[0].transpose(0, 1)?.contiguous()?.sqr()),
        op("force_contiguous", [SHAPE], |x| x[0].force_contiguous()?.sqr()),
        op("meshgrid", [[2], [3]], |x| {
            let grids = Tensor::meshgrid(x, false)?;
            &grids[0] * &grids[1]
        }),
        op("slice_assign", slices, |x| x[0].slice_assign(&[1..3, 2..5], &x[1])),
        op("slice_scatter0", scatter0, |x| x[0].slice_scatter0(&x[1], 1)),
        op("slice_scatter", scatter, |x| x[0].slice_scatter(&x[1], 1, 2)),
    ]
}
