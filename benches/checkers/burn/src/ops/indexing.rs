//! Gathering, selecting and scattering.

use burn_tensor::ops::IndexingUpdateOp as Update;
use burn_tensor::{Int, Tensor};

use super::{indices, pair, row};
use crate::ranks::{Row, one, two};

type T = Tensor<2>;

const UPDATES: [(&str, Update); 5] = [
    ("assign", Update::Assign),
    ("add", Update::Add),
    ("mul", Update::Mul),
    ("min", Update::Min),
    ("max", Update::Max),
];

pub fn rows() -> Vec<Row> {
    let mut rows = vec![gather(), select(), take(), gather_nd()];
    for (name, update) in UPDATES {
        // Unique indices: what a repeated index is assigned is not defined.
        let each = two(row(&format!("scatter, {name}")), "axis 1", pair(&[3, 5], &[3, 4]), move |x: T, y: T| {
            let index = indices([x.dims()[0], 4], x.dims()[1], &x.device());
            x.scatter(1, index, y, update)
        });
        let each = two(each, "axis 0", pair(&[5, 3], &[4, 3]), move |x: T, y: T| {
            let index = distinct(4, 3, x.dims()[0], &x);
            x.scatter(0, index, y, update)
        });
        rows.push(each);
        let each = two(row(&format!("select_assign, {name}")), "axis 1", pair(&[3, 5], &[3, 4]), move |x: T, y: T| {
            let index = indices([4], x.dims()[1], &x.device());
            x.select_assign(1, index, y, update)
        });
        rows.push(two(each, "axis 0", pair(&[5, 3], &[4, 3]), move |x: T, y: T| {
            let index = indices([4], x.dims()[0], &x.device());
            x.select_assign(0, index, y, update)
        }));
        rows.push(two(row(&format!("scatter_nd, {name}")), "", pair(&[5, 3], &[4, 3]), move |x: T, y: T| {
            let index: Tensor<2, Int> = indices([4, 1], x.dims()[0], &x.device());
            x.scatter_nd(index, y, update)
        }));
    }
    let repeated = two(row("scatter, add, repeated indices"), "", pair(&[3, 2], &[3, 5]), |x: T, y: T| {
        let index = indices([x.dims()[0], 5], x.dims()[1], &x.device());
        x.scatter(1, index, y, Update::Add)
    });
    rows.push(repeated);
    rows.push(two(row("select_assign, add, repeated indices"), "", pair(&[2, 3], &[5, 3]), |x: T, y: T| {
        let index = indices([5], x.dims()[0], &x.device());
        x.select_assign(0, index, y, Update::Add)
    }));
    rows.push(one(row("mask_select"), "", [3, 4], |x: T| {
        let mask = indices(x.dims(), 2, &x.device()).equal_scalar(0);
        x.mask_select(mask)
    }));
    rows
}

/// Indices that are distinct in each column.
fn distinct(rows: usize, columns: usize, extent: usize, x: &T) -> Tensor<2, Int> {
    let all: Vec<i64> = (0..rows * columns).map(|k| ((k / columns * 2 + k % columns) % extent.max(1)) as i64).collect();
    Tensor::from_data(burn_tensor::TensorData::new(all, [rows, columns]), &x.device())
}

fn gather() -> Row {
    let row = one(row("gather"), "axis 1", [3, 5], |x: T| {
        let index = indices([x.dims()[0], 4], x.dims()[1], &x.device());
        x.gather(1, index)
    });
    one(row, "axis 0", [3, 5], |x: T| {
        let index = indices([4, x.dims()[1]], x.dims()[0], &x.device());
        x.gather(0, index)
    })
}

fn select() -> Row {
    (0..3).fold(row("select"), |row, axis| {
        one(row, &format!("axis {axis}"), [2, 3, 4], move |x: Tensor<3>| {
            let index = indices([5], x.dims()[axis], &x.device());
            x.select(axis, index)
        })
    })
}

fn take() -> Row {
    one(row("take"), "", [3, 4], |x: T| {
        let index: Tensor<2, Int> = indices([2, 3], x.dims()[1], &x.device());
        x.take::<2, 3>(1, index)
    })
}

fn gather_nd() -> Row {
    one(row("gather_nd"), "", [5, 3], |x: T| {
        let index: Tensor<2, Int> = indices([4, 1], x.dims()[0], &x.device());
        x.gather_nd::<2, 2>(index)
    })
}
