//! Gathering and scattering.

use adapters::Input;

use super::{Row, case, indices, op};

pub fn rows() -> Vec<Row> {
    let pair = |x: &[usize], y: &[usize]| [Input::new(x), Input::new(y)];
    let gather = op("gather", [[3, 5]], |x| x[0].gather(&indices(&[3, 4], x[0].dim(1)?)?, 1));
    let gather = case(gather, "axis 0", [[3, 5]], |x| x[0].gather(&indices(&[4, 5], x[0].dim(0)?)?, 0));
    let select = op("index_select", [[3, 5]], |x| x[0].index_select(&indices(&[4], x[0].dim(1)?)?, 1));
    let select = case(select, "axis 0", [[3, 5]], |x| x[0].index_select(&indices(&[4], x[0].dim(0)?)?, 0));
    let add = op("index_add", pair(&[3, 5], &[3, 4]), |x| x[0].index_add(&indices(&[4], x[0].dim(1)?)?, &x[1], 1));
    let scatter_add =
        op("scatter_add", pair(&[3, 5], &[3, 4]), |x| x[0].scatter_add(&indices(&[3, 4], x[0].dim(1)?)?, &x[1], 1));
    let scatter_add = case(scatter_add, "axis 0", pair(&[5, 3], &[4, 3]), |x| {
        x[0].scatter_add(&indices(&[4, 3], x[0].dim(0)?)?, &x[1], 0)
    });
    let scatter_add = case(scatter_add, "as many as there are", pair(&[3, 5], &[3, 5]), |x| {
        x[0].scatter_add(&indices(&[3, 5], x[0].dim(1)?)?, &x[1], 1)
    });
    // Every index at most once in a row, so that the order of writing does not matter.
    let scatter = op("scatter", pair(&[3, 5], &[3, 4]), |x| x[0].scatter(&indices(&[3, 4], x[0].dim(1)?)?, &x[1], 1));
    vec![
        gather,
        select,
        op("embedding", [[5, 3]], |x| x[0].embedding(&indices(&[4], x[0].dim(0)?)?)),
        case(add, "axis 0", pair(&[5, 3], &[4, 3]), |x| x[0].index_add(&indices(&[4], x[0].dim(0)?)?, &x[1], 0)),
        scatter_add,
        scatter,
    ]
}
