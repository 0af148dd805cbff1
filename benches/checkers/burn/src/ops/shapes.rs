//! Views, copies and joins.

use burn_tensor::ops::PadMode;
use burn_tensor::{Slice, Tensor, s};

use super::{pair, row, triple};
use crate::ranks::{Any, Rank, Row, one, three, two};

type T = Tensor<3>;

const SHAPE: [usize; 3] = [2, 3, 4];

fn view<const E: usize>(name: &str, function: impl Fn(T) -> Tensor<E> + 'static) -> Row
where
    Any: Rank<E>,
{
    one::<3, E>(row(name), "", SHAPE, function)
}

pub fn rows() -> Vec<Row> {
    let mut rows = views();
    rows.extend(slices());
    rows.extend(joins());
    rows
}

fn views() -> Vec<Row> {
    vec![
        view("reshape", |x| x.reshape([4, 6])),
        view("flatten", |x| x.flatten::<2>(1, 2)),
        one(row("squeeze_dim"), "", [2, 1, 3], |x: T| x.squeeze_dim::<2>(1)),
        view("unsqueeze_dim", |x| x.unsqueeze_dim::<4>(1)),
        view("transpose", |x| x.transpose()),
        view("swap_dims", |x| x.swap_dims(0, 2)),
        view("permute", |x| x.permute([2, 0, 1])),
        view("movedim", |x| x.movedim(0, 2)),
        view("flip", |x| x.flip([0, 2])),
        one(row("expand"), "", [3, 1], |x: Tensor<2>| x.expand([2, 3, 4])),
        view("repeat_dim", |x| x.repeat_dim(1, 3)),
        view("repeat", |x| x.repeat(&[2, 1, 3])),
        view("roll_dim", |x| x.roll_dim(1, 2)),
        view("roll", |x| x.roll(&[1, 2], &[0, 2])),
        unfold(),
        pad(),
    ]
}

fn unfold() -> Row {
    [(1, 3, 2), (0, 2, 1), (1, 2, 3), (1, 4, 1)].into_iter().fold(row("unfold"), |row, (axis, size, step)| {
        let label = format!("axis {axis}, size {size}, step {step}");
        one(row, &label, [3, 7], move |x: Tensor<2>| x.unfold::<3, _>(axis, size, step))
    })
}

fn pad() -> Row {
    let modes = [("constant", PadMode::Constant(0.5)), ("reflect", PadMode::Reflect), ("edge", PadMode::Edge)];
    modes
        .into_iter()
        .fold(row("pad"), |row, (label, mode)| one(row, label, SHAPE, move |x: T| x.pad((2, 1, 0, 2), mode)))
}

fn slices() -> Vec<Row> {
    let slice = one(row("slice"), "", SHAPE, |x: T| x.slice(s![0..2, 1..3, 1..4]));
    let slice = one(slice, "steps", [5, 7], |x: Tensor<2>| x.slice(s![1..5;2, 0..7;3]));
    let slice = one(slice, "negative step", [5, 7], |x: Tensor<2>| x.slice(s![0..5;-2, 0..7;-3]));
    let assign = two(row("slice_assign"), "", pair(&[4, 5], &[2, 3]), |x: Tensor<2>, y: Tensor<2>| {
        x.slice_assign(s![1..3, 2..5], y)
    });
    let assign = two(assign, "steps", pair(&[5, 7], &[2, 3]), |x: Tensor<2>, y: Tensor<2>| {
        x.slice_assign(s![0..4;2, 1..7;2], y)
    });
    let assign = two(assign, "negative step", pair(&[5, 7], &[2, 3]), |x: Tensor<2>, y: Tensor<2>| {
        x.slice_assign(s![0..4;-2, 1..7;-2], y)
    });
    vec![
        slice,
        view("slice_dim", |x| x.slice_dim(1, Slice::new(0, None, 2))),
        assign,
        view("slice_fill", |x| x.slice_fill(s![0..1, 1..3], 0.5)),
        view("narrow", |x| x.narrow(1, 1, 2)),
        view("chunk", |x| {
            let parts = x.chunk(2, 2);
            parts[0].clone() * parts[1].clone().exp()
        }),
        view("split", |x| {
            let parts = x.split(2, 1);
            parts[0].clone().sum_dim(1) * parts[1].clone()
        }),
        view("split_with_sizes", |x| {
            let parts = x.split_with_sizes(vec![1, 3], 2);
            parts[0].clone() * parts[1].clone()
        }),
    ]
}

fn joins() -> Vec<Row> {
    let cat =
        two(row("cat"), "axis 0", pair(&[2, 3], &[4, 3]), |x: Tensor<2>, y: Tensor<2>| Tensor::cat(vec![x, y], 0));
    let cat = three(cat, "axis 1", triple(&[2, 3], &[2, 1], &[2, 4]), |x: Tensor<2>, y: Tensor<2>, z: Tensor<2>| {
        Tensor::cat(vec![x, y, z], 1)
    });
    let cat = one(cat, "the same twice", [2, 3], |x: Tensor<2>| Tensor::cat(vec![x.clone(), x], 1));
    vec![
        cat,
        two(row("stack"), "", pair(&[2, 3], &[2, 3]), |x: Tensor<2>, y: Tensor<2>| Tensor::stack::<3>(vec![x, y], 1)),
    ]
}
