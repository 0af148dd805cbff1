//! Operations that compare, pick, join and move elements, at values written out by hand. The laws compare a rule with
//! its derivative; only these see one that is wrong in both directions alike, such as an axis that is not reversed.

use autodiff::{Mode, Params, Recording, Tape, Tensor, Var};

/// The value of `function` on a fresh tape.
fn value(function: impl for<'t> Fn(&'t Recording<'t, f64>) -> Var<'t, f64>) -> Tensor<f64> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Eval);
    function(&t).value().unwrap()
}

/// The value of `function` at `[[1, 2, 3], [4, 5, 6]]`.
fn at_rows(function: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) -> Tensor<f64> {
    value(|t| function(t.input(&[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].into())))
}

#[test]
fn comparisons_are_those_of_their_names_and_broadcast() {
    let compare = |by: for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>| {
        value(|t| by(t.input(&[[1.0, 2.0, 3.0], [f64::NAN, 2.0, 2.0]].into()), t.input(&Tensor::scalar(2.0))))
    };
    assert_eq!(compare(|x, y| x.greater(y)), [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]].into());
    assert_eq!(compare(|x, y| x.greater_equal(y)), [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0]].into());
    assert_eq!(compare(|x, y| x.less(y)), [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]].into());
    assert_eq!(compare(|x, y| x.less_equal(y)), [[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]].into());
    assert_eq!(compare(|x, y| x.equal(y)), [[0.0, 1.0, 0.0], [0.0, 1.0, 1.0]].into());
    assert_eq!(compare(|x, y| x.not_equal(y)), [[1.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into());
}

#[test]
fn select_takes_the_first_where_the_mask_is_not_zero() {
    let selected = value(|t| {
        let mask = t.input(&[[1.0], [0.0]].into());
        mask.select(t.input(&[1.0, 2.0].into()), t.input(&Tensor::scalar(-1.0)))
    });
    assert_eq!(selected, [[1.0, 2.0], [-1.0, -1.0]].into());
}

#[test]
fn index_select_takes_whole_slices() {
    let picked = |axis, indices: Tensor<f64>| at_rows(|x| x.index_select(axis, x.recording().input(&indices)));
    assert_eq!(picked(1, [2.0, 0.0, 2.0, 1.0].into()), [[3.0, 1.0, 3.0, 2.0], [6.0, 4.0, 6.0, 5.0]].into());
    assert_eq!(picked(0, [1.0].into()), [[4.0, 5.0, 6.0]].into());
}

#[test]
fn gather_takes_single_elements_and_the_shape_of_the_index() {
    let picked = |axis, index: Tensor<f64>| at_rows(|x| x.gather(axis, x.recording().input(&index)));
    assert_eq!(picked(1, [[2.0, 2.0], [0.0, 1.0]].into()), [[3.0, 3.0], [4.0, 5.0]].into());
    assert_eq!(picked(0, [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]].into()), [[4.0, 2.0], [1.0, 2.0], [4.0, 5.0]].into());
}

#[test]
fn one_hot_marks_the_named_class() {
    let marked = value(|t| t.input(&[2.0, 0.0].into()).one_hot(3));
    assert_eq!(marked, [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]].into());
}

#[test]
fn concatenate_and_stack_keep_the_order_of_their_inputs() {
    let rows = at_rows(|x| x.recording().concatenate([x, x.narrow(0, 1..2)], 0));
    assert_eq!(rows, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [4.0, 5.0, 6.0]].into());
    let columns = at_rows(|x| x.recording().concatenate([x.narrow(1, 2..3), x.narrow(1, 0..2)], 1));
    assert_eq!(columns, [[3.0, 1.0, 2.0], [6.0, 4.0, 5.0]].into());
    let stacked = at_rows(|x| x.recording().stack([x.index(0, 1), x.index(0, 0)], 1));
    assert_eq!(stacked, [[4.0, 1.0], [5.0, 2.0], [6.0, 3.0]].into());
}

#[test]
fn pad_adds_the_constant_on_the_side_asked_for() {
    assert_eq!(at_rows(|x| x.pad(1, 1, 0, 9.0)), [[9.0, 1.0, 2.0, 3.0], [9.0, 4.0, 5.0, 6.0]].into());
    assert_eq!(at_rows(|x| x.narrow(1, 0..2).pad(0, 0, 1, -1.0)), [[1.0, 2.0], [4.0, 5.0], [-1.0, -1.0]].into());
}

#[test]
fn repeat_tiles_the_whole_axis() {
    let repeated = at_rows(|x| x.narrow(1, 0..2).repeat(1, 2));
    assert_eq!(repeated, [[1.0, 2.0, 1.0, 2.0], [4.0, 5.0, 4.0, 5.0]].into());
    // Copies of nothing are nothing, at once.
    assert_eq!(value(|t| t.input(&Tensor::full([0], 0.0)).repeat(0, 1 << 40)).shape().to_vec(), [0]);
}

#[test]
fn flip_reverses_and_cumsum_adds_up_along_one_axis() {
    assert_eq!(at_rows(|x| x.flip(1)), [[3.0, 2.0, 1.0], [6.0, 5.0, 4.0]].into());
    assert_eq!(at_rows(|x| x.flip(0)), [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]].into());
    assert_eq!(at_rows(|x| x.cumsum(1)), [[1.0, 3.0, 6.0], [4.0, 9.0, 15.0]].into());
    assert_eq!(at_rows(|x| x.cumsum(0)), [[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]].into());
}
