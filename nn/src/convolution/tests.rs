use autodiff::{Dual, Mode, Params, Program, Tape, Tensor, check};

use super::*;
use crate::Module;

fn message(model: &dyn Module<f64>, params: &Params<f64>, shape: &[usize]) -> String {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    model.forward(t.input(&Tensor::full(shape, 1.0))).value().unwrap_err().to_string()
}

#[test]
fn gradients_agree_with_the_checker() {
    let mut params = Params::<f64>::new(2);
    let circular =
        ConvSettings { padding: Padding::Circular([1, 1]), groups: 2, stride: [2, 1], ..ConvSettings::default() };
    let model = (
        Conv2d::with(params.scope("conv"), 2, 4, [3, 3], circular).weight_norm(params.scope("conv")),
        Pool::average([2, 2]).stride([1, 1]).padding([1, 1]).ceil(),
        ConvTranspose2d::new(params.scope("up"), 4, 2, [2, 2]),
        AdaptivePool { pooling: Pooling::Average, places: [2, 3] },
        Pool::max([2, 2]).stride([1, 2]).padding([1, 1]),
    );
    let x: Tensor<Dual<f64>> = Tensor::from_fn([2, 2, 4, 5], |k| (k as f64 * 0.73).sin()).cast();
    check::model(&params, |t| model.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
    let line = Conv1d::with(
        params.scope("line"),
        2,
        3,
        [3],
        ConvSettings { padding: Padding::Same, stride: [2], ..ConvSettings::default() },
    );
    let x: Tensor<Dual<f64>> = Tensor::from_fn([2, 2, 5], |k| (k as f64 * 0.73).sin()).cast();
    check::model(&params, |t| line.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason() {
    let mut params = Params::<f64>::new(0);
    let conv = Conv2d::new(params.scope("conv"), 2, 3, [3, 3]);
    assert!(message(&conv, &params, &[1, 3, 4, 4]).contains("the weight sees 2 channels, each group has 3"));
    assert!(message(&conv, &params, &[1, 2, 2, 4]).contains("the kernel is larger than the padded value"));
    assert!(message(&conv, &params, &[2, 4, 4]).contains("takes a value and a weight of four axes"));
    let still = ConvSettings { stride: [0, 1], ..ConvSettings::default() };
    let still = Conv2d::with(params.scope("still"), 2, 3, [3, 3], still);
    assert!(message(&still, &params, &[1, 2, 4, 4]).contains("must be at least 1"));
    let around = ConvSettings { padding: Padding::Circular([5, 0]), ..ConvSettings::default() };
    let around = Conv2d::with(params.scope("around"), 2, 3, [3, 3], around);
    assert!(message(&around, &params, &[1, 2, 4, 4]).contains("0..5"));
    assert!(
        message(&Pool::max([3, 3]).padding([2, 2]), &params, &[1, 1, 4, 4])
            .contains("padding is [2, 2]: must be at most half the kernel, which is [3, 3]")
    );
    assert!(message(&Pool::max([5, 1]), &params, &[1, 1, 4, 4]).contains("no window fits"));
    assert!(message(&Pool::max([2]), &params, &[1, 1, 4, 4]).contains("with 1 axes behind"));
    let nowhere = AdaptivePool { pooling: Pooling::Max, places: [0, 1] };
    assert!(message(&nowhere, &params, &[1, 1, 4, 4]).contains("at least 1 place"));
}

#[test]
fn means_over_more_windows_than_there_is_memory_for_are_refused_while_recording() {
    let params = Params::<f64>::default();
    let recorded = Program::record(&params, Mode::Eval, |t| {
        [Pool::average([2]).forward(t.declare_input("x", [1, 1, 1 << 46])).sum(..)]
    });
    assert!(recorded.unwrap_err().to_string().contains("memory"));
    let huge = Pool::average([1 << 40]).padding([1 << 39]);
    let recorded = Program::record(&params, Mode::Eval, |t| [huge.forward(t.declare_input("x", [1, 1, 2])).sum(..)]);
    assert!(recorded.unwrap_err().to_string().contains("memory"));
}

#[test]
fn places_of_a_window_are_counted_as_one_by_one() {
    let x = Tensor::full([1, 1, 7], 1.0);
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    for (kernel, padding, dilation, stride) in [(3, 1, 1, 1), (3, 1, 2, 2), (4, 2, 2, 1), (2, 1, 3, 3), (5, 2, 1, 3)] {
        for (counts_padding, ceil) in [(false, false), (true, true), (true, false), (false, true)] {
            let pool = Pool::average([kernel]).padding([padding]).dilation([dilation]).stride([stride]);
            let pool = if counts_padding { pool } else { pool.without_padding_in_means() };
            let pool = if ceil { pool.ceil() } else { pool };
            let t = tape.start(&params, Mode::Eval);
            let found = pool.forward(t.input(&x)).value().unwrap();
            let counted = if counts_padding { 0..7 + 2 * padding } else { padding..7 + padding };
            for (window, mean) in found.data().iter().enumerate() {
                let places = || (0..kernel).map(|k| window * stride + k * dilation);
                let inside = places().filter(|place| (padding..7 + padding).contains(place)).count() as f64;
                let count = places().filter(|place| counted.contains(place)).count() as f64;
                assert!((mean - inside / count).abs() < 1e-15, "{pool:?} {window}");
            }
        }
    }
}
