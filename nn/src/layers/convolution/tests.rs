use autodiff::{Dual, Mode, Params, Program, Tape, Tensor, check, input};

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
        AdaptivePool { pooling: Pooling::Average, output_size: [2, 3] },
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
fn inputs_that_do_not_match_are_rejected_with_the_reason() {
    let mut params = Params::<f64>::new(0);
    let conv = Conv2d::new(params.scope("conv"), 2, 3, [3, 3]);
    assert!(message(&conv, &params, &[1, 3, 4, 4]).contains("the weight sees 2 channels, each group has 3"));
    assert!(message(&conv, &params, &[1, 2, 2, 4]).contains("the kernel is larger than the padded value"));
    assert!(
        message(&conv, &params, &[2, 4, 4]).contains("the input must be [samples, channels, ..] with 2 axes after")
    );
    let still = ConvSettings { stride: [0, 1], ..ConvSettings::default() };
    let still = Conv2d::with(params.scope("still"), 2, 3, [3, 3], still);
    assert!(message(&still, &params, &[1, 2, 4, 4]).contains("must be at least 1"));
    let around = ConvSettings { padding: Padding::Circular([5, 0]), ..ConvSettings::default() };
    let around = Conv2d::with(params.scope("around"), 2, 3, [3, 3], around);
    assert!(message(&around, &params, &[1, 2, 4, 4]).contains("0..5"));
    assert!(
        message(&Pool::max([3, 3]).padding([3, 3]), &params, &[1, 1, 4, 4])
            .contains("padding is [3, 3]: must be at most [2, 2], below the dilated kernel")
    );
    assert!(message(&Pool::max([5, 1]), &params, &[1, 1, 4, 4]).contains("no window fits"));
    assert!(message(&Pool::max([2]), &params, &[1, 1, 4, 4]).contains("with 1 axis after"));
    let nowhere = AdaptivePool { pooling: Pooling::Max, output_size: [0, 1] };
    assert!(message(&nowhere, &params, &[1, 1, 4, 4]).contains("output_size is [0, 1]: must be at least 1"));
}

#[test]
fn means_over_more_windows_than_there_is_memory_for_are_rejected_while_recording() {
    let params = Params::<f64>::default();
    let recorded = Program::record(&params, Mode::Eval, [input("x", [1, 1, 1 << 46])], |_, [x]| {
        [Pool::average([2]).forward(x).sum(..)]
    });
    assert!(recorded.unwrap_err().to_string().contains("memory"));
    let huge = Pool::average([1 << 40]).padding([1 << 39]);
    let recorded = Program::record(&params, Mode::Eval, [input("x", [1, 1, 2])], |_, [x]| [huge.forward(x).sum(..)]);
    assert!(recorded.unwrap_err().to_string().contains("memory"));
}

#[test]
fn elements_of_a_window_are_counted_as_one_by_one() {
    let x = Tensor::full([1, 1, 7], 1.0);
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    for (kernel, padding, dilation, stride) in
        [(3, 1, 1, 1), (3, 1, 2, 2), (4, 2, 2, 1), (2, 1, 3, 3), (5, 2, 1, 3), (3, 2, 1, 1), (4, 6, 2, 2)]
    {
        for (counts_padding, ceil) in [(false, false), (true, true), (true, false), (false, true)] {
            let pool = Pool::average([kernel]).padding([padding]).dilation([dilation]).stride([stride]);
            let pool = if counts_padding { pool } else { pool.without_padding_in_means() };
            let pool = if ceil { pool.ceil() } else { pool };
            let t = tape.start(&params, Mode::Eval);
            let found = pool.forward(t.input(&x)).value().unwrap();
            let counted = if counts_padding { 0..7 + 2 * padding } else { padding..7 + padding };
            for (window, mean) in found.data().iter().enumerate() {
                let indices = || (0..kernel).map(|k| window * stride + k * dilation);
                let inside = indices().filter(|index| (padding..7 + padding).contains(index)).count() as f64;
                let count = indices().filter(|index| counted.contains(index)).count() as f64;
                assert!((mean - inside / count).abs() < 1e-15, "{pool:?} {window}");
            }
        }
    }
}

/// The gradient of the sum of the output of `pool`.
fn pulled(pool: impl Module<f64>, x: &Tensor<f64>) -> Tensor<f64> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(x);
    let mut grads = params.gradients();
    pool.forward(x).sum(..).backward(&mut grads).unwrap();
    grads.of(x).unwrap()
}

/// PyTorch gives all of the gradient of such a window to its first element; here equal maxima share it.
#[test]
fn a_window_of_negative_infinity_leaves_no_gradient_to_the_padding() {
    let nothing = |side| Tensor::full([1, 1, side, side], f64::NEG_INFINITY);
    let pool = Pool::max([3, 3]).stride([1, 1]).padding([1, 1]);
    let gradient = pulled(pool, &nothing(3));
    let (corner, edge) = (1.0 / 4.0 + 2.0 / 6.0 + 1.0 / 9.0, 2.0 / 4.0 + 3.0 / 6.0 + 1.0 / 9.0);
    let middle = 4.0 / 4.0 + 4.0 / 6.0 + 1.0 / 9.0;
    let expected = [corner, edge, corner, edge, middle, edge, corner, edge, corner];
    // An edge is in the windows of two corners, three edges (its own and its two neighbors) and the middle.
    let close = |(a, b): (&f64, f64)| (a - b).abs() < 1e-14;
    let total = |gradient: &Tensor<f64>| gradient.data().iter().sum::<f64>();
    assert!((total(&gradient) - 9.0).abs() < 1e-14, "{gradient}");
    assert!(close((&gradient.data()[0], expected[0])) && close((&gradient.data()[4], expected[4])), "{gradient}");

    let dilated = Pool::max([2, 2]).stride([1, 1]).dilation([2, 2]).padding([1, 1]);
    assert!((total(&pulled(dilated, &nothing(4))) - 16.0).abs() < 1e-14);
    let past = Pool::max([3, 3]).stride([2, 2]).ceil();
    assert!((total(&pulled(past, &nothing(4))) - 4.0).abs() < 1e-14);
    assert_eq!(total(&pulled(GlobalPool(Pooling::Max), &nothing(2))), 1.0);
    assert_eq!(total(&pulled(AdaptivePool { pooling: Pooling::Max, output_size: [2, 2] }, &nothing(2))), 4.0);

    // A finite element takes the whole gradient of the windows it is in, and the output is unchanged.
    let one = Tensor::from_fn([1, 1, 3, 3], |k| if k == 0 { 2.0 } else { f64::NEG_INFINITY });
    let gradient = pulled(pool, &one);
    assert!((gradient.data()[0] - 4.0).abs() < 1e-14 && (total(&gradient) - 9.0).abs() < 1e-14, "{gradient}");
    let params = Params::default();
    let mut tape = Tape::new();
    let y = pool.forward(tape.start(&params, Mode::Eval).input(&one)).value().unwrap();
    assert_eq!((y.data()[0], y.data()[8]), (2.0, f64::NEG_INFINITY));
}

#[test]
fn max_pooling_takes_any_padding_below_the_dilated_kernel() {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let x = Tensor::from_fn([2, 3, 5], |k| ((k * 7) % 11) as f64 - 5.0);
    for (kernel, dilation, stride) in [(2, 1, 1), (3, 1, 1), (3, 1, 2), (5, 1, 2), (3, 2, 1), (2, 3, 2)] {
        let reach = dilation * (kernel - 1);
        for padding in 0..=reach {
            let pool = Pool::max([kernel]).padding([padding]).dilation([dilation]).stride([stride]);
            let found = pool.forward(tape.start(&params, Mode::Eval).input(&x)).value().unwrap();
            let windows = (5 + 2 * padding - reach - 1) / stride + 1;
            let expected = Tensor::from_fn([2, 3, windows], |k| {
                let (row, window) = (k / windows, k % windows);
                let indices = (0..kernel).map(|element| window * stride + element * dilation);
                let inside = indices.filter_map(|index| index.checked_sub(padding).filter(|&index| index < 5));
                inside.map(|index| x.data()[5 * row + index]).fold(f64::NEG_INFINITY, f64::max)
            });
            assert_eq!(found, expected, "{pool:?}");
        }
        let message = message(&Pool::max([kernel]).padding([reach + 1]).dilation([dilation]), &params, &[2, 3, 5]);
        assert!(message.contains("below the dilated kernel"), "{message}");
    }
    let (pool, x) = (Pool::max([3, 3]).stride([2, 2]).padding([2, 2]), [1, 1, 4, 5]);
    let x = Tensor::from_fn(x, |k| (k as f64 * 0.73).sin());
    check::function(|[x]| pool.forward(x).square().sum(..), [x]).unwrap().assert();
}

#[test]
fn averages_count_the_padding_or_not() {
    // Windows at −1, 1 and 3 of five elements, the last past the end: 2, 3 and 2 elements in the input.
    let pool = Pool::average([3]).stride([2]).padding([1]);
    let x = Tensor::full([1, 1, 5], 1.0);
    let value = |pool: Pool<1>| {
        let params = Params::default();
        let mut tape = Tape::new();
        pool.forward(tape.start(&params, Mode::Eval).input(&x)).value().unwrap()
    };
    assert_eq!(value(pool).data(), &[2.0 / 3.0, 1.0, 2.0 / 3.0]);
    assert_eq!(value(pool.without_padding_in_means()).data(), &[1.0; 3]);
    assert_eq!(value(pool.dilation([2]).padding([1])).data(), &[2.0 / 3.0, 2.0 / 3.0]);
}

#[test]
fn settings_of_any_size_are_rejected_at_once() {
    let params = Params::<f64>::default();
    let max = usize::MAX;
    let sizes = [max, max - 1, 1 << 63, 1 << 40];
    let mut messages = Vec::new();
    for pool in [Pool::max, Pool::average] {
        for size in sizes {
            let half = size / 2;
            messages.push(message(&pool([size]), &params, &[1, 1, 4]));
            messages.push(message(&pool([size]).padding([half]), &params, &[1, 1, 4]));
            messages.push(message(&pool([size]).padding([half]).stride([1]), &params, &[1, 1, 4]));
            messages.push(message(&pool([2]).dilation([size]), &params, &[1, 1, 4]));
            messages.push(message(&pool([2]).padding([size]), &params, &[1, 1, 4]));
        }
    }
    for pooling in [Pooling::Max, Pooling::Average] {
        for size in sizes {
            messages.push(message(&AdaptivePool { pooling, output_size: [size] }, &params, &[1, 1, 4]));
        }
    }
    assert!(messages.iter().all(|m| m.contains("pool: ") || m.contains("pad: ")), "{messages:?}");
    // A stride of any size leaves one window.
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    for pool in [Pool::max([2]), Pool::average([2]).ceil(), Pool::max([2]).padding([1]).ceil()] {
        let y = pool.stride([max]).forward(t.input(&Tensor::full([1, 1, 4], 3.0)));
        assert_eq!(y.shape().unwrap()[..], [1, 1, 1]);
    }
    // An empty input is pooled at once, however large the window is.
    for pool in [Pool::max([1 << 40]).padding([1 << 39]), Pool::average([1 << 40]).padding([1 << 39]).stride([1])] {
        let y = pool.forward(t.input(&Tensor::full([0, 1, 4], 0.0)));
        assert_eq!(y.value().unwrap().data().len(), 0);
    }
}

#[test]
fn convolutions_with_settings_of_any_size_give_a_result_or_an_error() {
    let mut params = Params::<f64>::new(0);
    let mut results = Vec::new();
    for size in [usize::MAX, usize::MAX - 1, 1 << 63, 1 << 40] {
        let settings = ConvSettings::default();
        let all = [
            ConvSettings { stride: [size], ..settings },
            ConvSettings { dilation: [size], ..settings },
            ConvSettings { padding: Padding::Zeros([size]), ..settings },
            ConvSettings { padding: Padding::Zeros([size]), stride: [size], ..settings },
            ConvSettings { padding: Padding::Same, stride: [size], ..settings },
            ConvSettings { padding: Padding::Same, dilation: [size], ..settings },
        ];
        let transposed = ConvTransposeSettings::default();
        let all_transposed = [
            ConvTransposeSettings { stride: [size], ..transposed },
            ConvTransposeSettings { dilation: [size], ..transposed },
            ConvTransposeSettings { padding: [size], ..transposed },
            ConvTransposeSettings { stride: [size], output_padding: [size - 1], ..transposed },
        ];
        let mut tape = Tape::new();
        let mut models: Vec<Box<dyn Module<f64>>> = Vec::new();
        for (k, settings) in all.into_iter().enumerate() {
            models.push(Box::new(Conv1d::with(params.scope(&format!("c{size}.{k}")), 1, 1, [3], settings)));
        }
        for (k, settings) in all_transposed.into_iter().enumerate() {
            models.push(Box::new(ConvTranspose1d::with(params.scope(&format!("t{size}.{k}")), 1, 1, [3], settings)));
        }
        for model in models {
            let t = tape.start(&params, Mode::Train);
            results
                .push(model.forward(t.input(&Tensor::full([1, 1, 4], 1.0))).value().map_err(|error| error.to_string()));
        }
    }
    let named = |message: &String| message.contains("conv") && message.contains("[1, 1, ");
    assert!(results.iter().filter_map(|result| result.as_ref().err()).all(named), "{results:?}");
    assert!(results.iter().any(Result::is_ok), "a stride of any size leaves one window");
}
