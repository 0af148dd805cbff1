//! Tensors, shapes, layouts, views and matrices: what is made of numbers alone.

use autodiff::ops::*;
use autodiff::op::*;
use autodiff::*;

use super::given::*;
use super::harness::cases;

/// A layout of eight elements.
fn layout() -> Layout {
    Layout::dense([2, 4].into())
}

fn four() -> Layout {
    Layout::dense([4].into())
}

const EIGHT: [f64; 8] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0];

cases! {
    Tensor::new {
        refuses "holds too many values, 1 given": Tensor::new([MAX, 2], vec![1.0]);
        refuses "shape [2, 3] holds 6 values, 0 given": Tensor::<f64>::new([2, 3], vec![]);
        refuses "holds 0 values, 1 given": Tensor::new([0, HUGE], vec![1.0]);
        accepts: Tensor::<f64>::new([0, HUGE], vec![]);
        accepts: Tensor::new([1; 40], vec![NAN]);
    }
    Tensor::scalar { returns: Tensor::scalar(NAN).to_string(); }
    Tensor::full {
        panics "shape [35184372088832]: out of memory": Tensor::full([HUGE], 0.0);
        panics "shape [8589934592, 2147483648]: out of memory": Tensor::full([1 << 33, 1 << 31], 0.0);
        panics "shape [18446744073709551615]: out of memory": Tensor::full([MAX], 0.0_f32);
        panics "out of memory": Tensor::full([MAX, MAX, 0], 0.0);
        returns: Tensor::full([1 << 62, 0], INF).to_string();
    }
    Tensor::from_fn { panics "[1073741824]: out of memory": Tensor::from_fn([1 << 30], |k| k as f64); }
    Tensor::try_from_fn {
        refuses "[35184372088832]: out of memory (281474976710656 bytes": Tensor::try_from_fn([HUGE], |_| 0.0);
        refuses "(too much asked for)": Tensor::try_from_fn([MAX, MAX], |_| 0.0_f32);
        accepts: Tensor::try_from_fn([3, 0], |_| NAN);
    }
    Tensor::from_indices {
        refuses "index is 16777217": Tensor::<f32>::from_indices(&[0, (1 << 24) + 1]);
        refuses "index is 18446744073709551615": Tensor::<f64>::from_indices(&[MAX]);
        accepts: Tensor::<f32>::from_indices(&[]);
    }
    Tensor::from_rows {
        refuses "row 0 has 2 values, row 1 has 1": Tensor::from_rows(&[vec![1.0, 2.0], vec![1.0]]);
        accepts: Tensor::<f64>::from_rows::<Vec<f64>>(&[]);
        accepts: Tensor::<f64>::from_rows(&[[]; 1000]);
    }
    Tensor::data_mut { returns: ramp([0]).data_mut().fill(NAN); }
    Tensor::into_vec { returns: ramp([0, 3]).into_vec(); }
    Tensor::get {
        refuses "nothing": ramp([2, 3]).get(&[MAX, MAX]);
        refuses "nothing": ramp([2, 3]).get(&[1]);
        refuses "nothing": ramp([0, MAX >> 8]).get(&[0, 0]);
    }
    Tensor::from_f64 {
        returns: Tensor::<f32>::from_f64([f64::MAX, NAN]);
    }
    Tensor::map { returns: ramp([0, 3]).map(f64::sqrt); }
    Tensor::zip_with {
        refuses "shapes [2] and [3] do not broadcast": ramp([2]).zip_with(&ramp([3]), |x, _| x);
        accepts: ramp([0, 1]).zip_with(&ramp([1, 3]), |x, y| x + y);
        refuses "out of memory": Tensor::full([1 << 20, 1], 0.0).zip_with(&Tensor::full([1 << 20], 0.0), |x, _| x);
    }
    Tensor::narrow {
        refuses "axis -3 is out of range": ramp([2, 3]).narrow(-3, 0..1);
        refuses "range 0..18446744073709551615": ramp([2, 3]).narrow(0, 0..MAX);
        accepts: ramp([0, 3]).narrow(1, 3..3);
    }
    Tensor::index {
        refuses "axis 2 is out of range": ramp([2, 3]).index(2, 0);
        refuses "index 18446744073709551615": ramp([2, 3]).index(0, MAX);
    }
    Tensor::permute {
        refuses "axes [0, 0]": ramp([2, 3]).permute(&[0, 0]);
        refuses "axes [-3, 1]": ramp([2, 3]).permute(&[-3, 1]);
    }
    Axis::within {
        refuses "nothing": Axis::FromStart(MAX).within(MAX);
        refuses "nothing": Axis::FromEnd(MAX).within(0);
        refuses "nothing": Axis::FromEnd(0).within(1);
    }
    Extents::of_size {
        refuses "sizes differ": Extents::from([MAX, MAX]).of_size(MAX);
        refuses "one extent at most": Extents::from([-1, -1]).of_size(0);
        accepts: Extents::from([-1, 7]).of_size(0);
    }
    Shape::unravel_index {
        returns: Shape::new(&[2, 3]).unravel_index(MAX);
        returns: Shape::new(&[0, MAX]).unravel_index(MAX);
    }
    Tensor::reshaped {
        refuses "tensor: cannot be reshaped to [7] (the sizes differ): its shape is [2, 3]": ramp([2, 3]).reshaped([7]);
        refuses "the sizes differ": ramp([2, 3]).reshaped([HUGE, HUGE]);
    }
    Tensor::cast { panics "[30000000]: out of memory": Tensor::full([30_000_000], 0.0_f32).cast::<f64>(); }

    Shape::new { returns: Shape::new(&[MAX; 100]).to_string(); }
    Shape::scalar { returns: Shape::scalar().without(0); }
    Shape::broadcast {
        refuses "nothing": Shape::new(&[MAX]).broadcast(&Shape::new(&[0]));
        accepts: Shape::new(&[MAX, 1]).broadcast(&Shape::new(&[HUGE]));
    }
    Shape::with { returns: Shape::new(&[1]).with(MAX, MAX); }
    Shape::without { returns: Shape::new(&[1]).without(MAX); }
    Shape::insert { returns: Shape::new(&[1]).insert(MAX, MAX); }

    Layout::dense { returns: Layout::dense([MAX, MAX].into()).dense_range(); }
    Layout::permute {
        refuses "axes [0, 0] are not a permutation": layout().permute(&[0, 0]);
        refuses "axes [18446744073709551615, 0] are not a permutation": layout().permute(&[MAX, 0]);
        refuses "axes [] are not a permutation": layout().permute(&[0_usize; 0]);
    }
    Layout::transpose { refuses "axis 18446744073709551615 is out of range": layout().transpose(0, MAX); }
    Layout::diagonal {
        refuses "a matrix has two axes": Layout::dense([3].into()).diagonal();
        accepts: Layout::dense([HUGE, 0].into()).diagonal();
    }
    Layout::broadcast_to {
        refuses "does not broadcast to [4]": layout().broadcast_to(&[4].into());
        refuses "more elements than can be counted": Layout::dense([1].into()).broadcast_to(&[MAX, MAX].into());
    }
    Layout::narrow {
        refuses "range 3..18446744073709551615 step 1": layout().narrow(1, 3, MAX, 1);
        refuses "range 3..2 step 1": layout().narrow(1, 3, 2, 1);
        refuses "step 0": layout().narrow(1, 0, 4, 0);
        refuses "axis 2 is out of range": layout().narrow(2, 0, 0, 1);
        accepts: layout().narrow(1, 0, 4, MAX);
    }
    Layout::index {
        refuses "index 18446744073709551615 is out of range": layout().index(0, MAX);
        refuses "a scalar has no axes": Layout::dense(Shape::scalar()).index(0, 0);
    }
    Layout::unfold {
        refuses "size 0": layout().unfold(1, 0, 1, 1);
        refuses "size 18446744073709551615": layout().unfold(1, MAX, 1, MAX);
        refuses "stride 0": layout().unfold(1, 2, 0, 1);
        refuses "dilation 0": layout().unfold(1, 2, 1, 0);
        accepts: layout().unfold(1, 1, MAX, MAX);
        accepts: Layout::dense([0, 4].into()).unfold(1, 2, MAX, 1);
    }
    Layout::unsqueeze { refuses "new axis 18446744073709551615": layout().unsqueeze(MAX); }
    Layout::squeeze {
        refuses "axis 0 has extent 2": layout().squeeze(0);
        refuses "axis 18446744073709551615": layout().squeeze(MAX);
    }
    Layout::reshape {
        refuses "reshaped to [3, 3]": layout().reshape(&[3, 3].into());
        refuses "reshaped to [18446744073709551615, 2]": layout().reshape(&[MAX, 2].into());
        accepts: Layout::dense([0].into()).reshape(&[0, HUGE].into());
        returns: layout().transpose(0, 1).unwrap().reshape(&[8, 1, 1].into());
        returns: Layout::dense([1].into()).broadcast_to(&[0, 5].into()).unwrap().reshape(&[5, 0].into());
    }
    Shape::check_axis {
        refuses "axes are 0..2": Shape::new(&[1, 1]).check_axis(MAX);
        refuses "a scalar has no axes": Shape::scalar().check_axis(0);
    }

    Layout::offsets {
        returns: Layout::dense([MAX, MAX, 0].into()).offsets().count();
        returns: Layout::dense([MAX, MAX].into()).offsets().nth(5);
    }

    View::new {
        refuses "nothing": View::new(&EIGHT[..7], &layout());
        refuses "nothing": View::new(&EIGHT, &Layout::dense([MAX, MAX].into()));
        accepts: View::new(&[0.0; 0], &Layout::dense([0, HUGE].into()));
    }
    View::at { panics "index is 99": View::new(&EIGHT, &layout()).unwrap().at(99); }
    View::copy_to {
        panics "3 numbers for a view": View::new(&EIGHT, &layout()).unwrap().copy_to(&mut [0.0; 3]);
        panics "9 numbers for a view": View::new(&EIGHT, &layout().transpose(0, 1).unwrap()).unwrap().copy_to(&mut [0.0; 9]);
    }
    ViewMut::new { refuses "nothing": ViewMut::new(&mut [0.0; 7], &layout()); }
    ViewMut::add_at { panics "index is 99": ViewMut::new(&mut [0.0; 8], &layout()).unwrap().add_at(99, 1.0); }
    ViewMut::add { panics "3 numbers for a view": ViewMut::new(&mut [0.0; 8], &layout()).unwrap().add(&[1.0; 3]); }
    blocks::for_each_block {
        panics "must have one shape": for_each_block([View::new(&EIGHT, &layout()).unwrap(), View::new(&EIGHT, &four()).unwrap()], |_, [_, _]| {});
        returns: for_each_block([View::new(&[0.0; 0], &Layout::dense([0, HUGE].into())).unwrap()], |_, [_]| {});
    }
    blocks::accumulate {
        panics "must have one shape": accumulate([View::new(&[0.0; 0], &Layout::dense([0].into())).unwrap()], ViewMut::new(&mut [0.0; 8], &layout().transpose(0, 1).unwrap()).unwrap(), |_, [_], _| {});
        panics "must have one shape": accumulate([View::new(&EIGHT, &four()).unwrap()], ViewMut::new(&mut [0.0; 8], &layout()).unwrap(), |_, [_], _| {});
        returns: accumulate([], ViewMut::new(&mut [0.0; 0], &Layout::dense([HUGE, 0].into())).unwrap(), |_, [], _| {});
    }
    axes::keepdim {
        refuses "axis 18446744073709551615 is out of range": of([2], |x| x.sum(keepdim(MAX)));
        refuses "axis 0 is named twice": of([2], |x| x.sum(keepdim([0, 0])));
    }
    Dual::new { returns: Dual::new(NAN, INF).to_string(); }
    Mismatch::new { returns: Mismatch::new(""); }
}
