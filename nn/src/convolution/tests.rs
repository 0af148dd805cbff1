use autodiff::{Dual, Mode, Params, Tape, Tensor, check};

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
