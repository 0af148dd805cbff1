use autodiff::{Dual, Mode, Params, Program, Tape, Tensor, Var, check, input};

use super::*;
use crate::Module;

/// Numbers without a pattern, between −1 and 1.
fn data(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| ((k as f64 + 1.0) * 0.7).sin() * ((k as f64) * 0.3).cos())
}

fn trained(params: &mut Params<f64>, model: &dyn Module<f64>, x: &Tensor<f64>) -> Tensor<f64> {
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let y = model.forward(t.input(x));
    let value = y.value().unwrap();
    y.sum(..).backward(&mut grads).unwrap();
    params.commit(&grads).unwrap();
    value
}

fn evaluated(params: &Params<f64>, model: &dyn Module<f64>, x: &Tensor<f64>) -> Result<Tensor<f64>, autodiff::Error> {
    let mut tape = Tape::new();
    model.forward(tape.start(params, Mode::Eval).input(x)).value()
}

#[test]
fn running_statistics_follow_the_batches_and_stand_in_at_evaluation() {
    let mut params = Params::new(0);
    let norm = BatchNorm::new(params.scope("norm"), 1).momentum(0.5);
    trained(&mut params, &norm, &[[1.0], [3.0]].into());
    assert_eq!(params.state(norm.running_mean()).unwrap(), [1.0].into());
    // The unbiased variance of 1 and 3 is 2.
    assert_eq!(params.state(norm.running_variance()).unwrap(), [1.5].into());
    let y = evaluated(&params, &norm, &[[4.0]].into()).unwrap();
    assert!((y.data()[0] - 3.0 / (1.5_f64 + 1e-5).sqrt()).abs() < 1e-12);
}

/// The error of the module for `x`, in training.
fn error_of<T: autodiff::Real>(params: &Params<T>, model: &dyn Module<T>, x: &Tensor<T>) -> String {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    model.forward(t.input(x));
    t.check().err().map_or_else(String::new, |error| error.to_string())
}

#[test]
fn a_constant_feature_gives_the_shift() {
    let mut params = Params::new(0);
    let norm = BatchNorm::new(params.scope("norm"), 2);
    params.set(norm.bias(), &[0.5, -1.0].into()).unwrap();
    let y = trained(&mut params, &norm, &[[0.1, 7.0], [0.1, 9.0], [0.1, 7.5]].into());
    assert_eq!([y.data()[0], y.data()[2], y.data()[4]], [0.5; 3]);
    assert!(params.states().all(|(_, _, values)| values.iter().all(|x| x.is_finite())));
}

/// The covariance of what comes out of a layer, `[samples, channels]`.
fn covariance(y: &Tensor<f64>) -> Vec<f64> {
    let [samples, features] = [y.shape()[0], y.shape()[1]];
    let column = |j: usize| (0..samples).map(move |i| y.data()[i * features + j]);
    let mean = |j: usize| column(j).sum::<f64>() / samples as f64;
    let pairs = (0..features).flat_map(|i| (0..features).map(move |j| (i, j)));
    pairs
        .map(|(i, j)| {
            column(i).zip(column(j)).map(|(a, b)| (a - mean(i)) * (b - mean(j))).sum::<f64>() / samples as f64
        })
        .collect()
}

#[test]
fn whitened_features_are_uncorrelated_within_their_group() {
    let x = data(&[50, 4]);
    for (groups, tolerance, whitening) in
        [(1, 1e-9, Whitening::Zca), (2, 1e-9, Whitening::Zca), (1, 0.05, Whitening::NewtonSchulz(10))]
    {
        let mut params = Params::new(0);
        let norm = WhitenNorm::grouped(params.scope("norm"), 4, groups, whitening).epsilon(1e-13);
        let found = covariance(&trained(&mut params, &norm, &x));
        for (k, found) in found.iter().enumerate().filter(|(k, _)| k / 4 / (4 / groups) == k % 4 / (4 / groups)) {
            let expected = if k / 4 == k % 4 { 1.0 } else { 0.0 };
            assert!((found - expected).abs() < tolerance, "{whitening:?} in {groups}: index {k} is {found}");
        }
    }
}

#[test]
fn with_fewer_samples_than_features_the_empty_directions_come_out_as_zero() {
    let mut params = Params::new(0);
    let norm = WhitenNorm::new(params.scope("norm"), 6, Whitening::Zca);
    let y = trained(&mut params, &norm, &data(&[3, 6]));
    // Three centered samples span two directions, each of variance nearly 1.
    let spread: f64 = (0..6).map(|i| covariance(&y)[i * 7]).sum();
    assert!((spread - 2.0).abs() < 1e-3, "{spread}");
    assert!(params.states().all(|(_, _, values)| values.iter().all(|x| x.is_finite())));
    let singular = error_of(&params, &norm.epsilon(0.0), &data(&[6, 6]));
    let expected = "whiten_norm: of 6 samples of 6 features the covariance has no inverse: epsilon must be above 0";
    assert!(singular.starts_with(expected), "{singular}");
}

#[test]
fn a_statistic_of_one_value_is_rejected() {
    let mut params = Params::<f64>::new(0);
    let in_training: [Box<dyn Module<f64>>; 3] = [
        Box::new(BatchNorm::new(params.scope("batch"), 3)),
        Box::new(WhitenNorm::new(params.scope("zca"), 3, Whitening::Zca)),
        Box::new(WhitenNorm::new(params.scope("schulz"), 3, Whitening::NewtonSchulz(5))),
    ];
    for norm in &in_training {
        let message = error_of(&params, norm, &data(&[1, 3]));
        assert!(message.contains("expected more than 1 value per channel in training, found 1"), "{message}");
        assert_eq!(error_of(&params, norm, &data(&[1, 3, 2])), "");
        evaluated(&params, norm, &data(&[1, 3])).unwrap();
    }
    let always: [(&str, Box<dyn Module<f64>>); 3] = [
        ("group_norm: expected more than 1 value per group", Box::new(GroupNorm::new(params.scope("group"), 3, 3))),
        (
            "instance_norm: expected more than 1 value per group",
            Box::new(InstanceNorm::new(params.scope("instance"), 3)),
        ),
        ("layer_norm: expected more than 1 value per sample", Box::new(LayerNorm::new(params.scope("layer"), [1, 1]))),
    ];
    for (expected, norm) in &always {
        let x = data(if expected.starts_with("layer") { &[2, 3, 1, 1] } else { &[2, 3, 1] });
        let message = error_of(&params, norm, &x);
        assert!(message.starts_with(expected), "{message}");
        assert!(evaluated(&params, norm, &x).is_err());
    }
}

#[test]
fn a_variance_past_the_range_of_the_scalar_is_rejected_and_a_nan_is_passed_on() {
    let mut params = Params::<f32>::new(0);
    let norms: [(&str, Box<dyn Module<f32>>); 6] = [
        ("batch_norm", Box::new(BatchNorm::new(params.scope("batch"), 4))),
        ("whiten_norm", Box::new(WhitenNorm::new(params.scope("zca"), 4, Whitening::Zca))),
        ("group_norm", Box::new(GroupNorm::new(params.scope("group"), 4, 2))),
        ("instance_norm", Box::new(InstanceNorm::new(params.scope("instance"), 4))),
        ("layer_norm", Box::new(LayerNorm::new(params.scope("layer"), [2]))),
        ("rms_norm", Box::new(RmsNorm::new(params.scope("rms"), 2))),
    ];
    // 10³⁰ is a number in f32, its square is not.
    let large: Tensor<f32> = Tensor::from_fn([3, 4, 2], |k| if k % 2 == 0 { 1e30 } else { -1e30 });
    let fair: Tensor<f32> = Tensor::from_fn([3, 4, 2], |k| 1e15 * (k as f32).sin());
    for (name, norm) in &norms {
        let message = error_of(&params, norm, &large);
        let expected = "is infinite in f32: the values are too large to be normalized";
        assert!(message.starts_with(name) && message.contains(expected), "{name}: {message}");
        // By its parameter or state: "(batch.running_var)".
        let layer = name.trim_end_matches("_norm").replace("whiten", "zca");
        assert!(message.contains(&format!("({layer}.")), "{name}: {message}");
        assert_eq!(error_of(&params, norm, &fair), "", "{name}");
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let y = norm.forward(t.input(&Tensor::full([3, 4, 2], f32::NAN))).value().unwrap();
        assert!(y.data().iter().all(|y| y.is_nan()), "{name}");
    }
    // A program fails at the replay whose data are too large.
    let mut step =
        Program::record(&params, Mode::Train, [input("x", [3, 4, 2])], |_, [x]| [norms[0].1.forward(x).sum(..)])
            .unwrap();
    step.forward(&params, [&fair]).unwrap();
    let message = step.forward(&params, [&large]).unwrap_err().to_string();
    assert!(message.contains("batch_norm: variance 0 is infinite in f32"), "{message}");
}

#[test]
fn in_evaluation_the_running_whitening_matrix_stands_in() {
    let x = data(&[2, 4, 3, 3]);
    for whitening in [Whitening::Zca, Whitening::NewtonSchulz(5)] {
        let mut params = Params::new(0);
        let norm = WhitenNorm::grouped(params.scope("norm"), 4, 2, whitening).momentum(1.0);
        let train = trained(&mut params, &norm, &x);
        let eval = evaluated(&params, &norm, &x).unwrap();
        assert!(train.data().iter().zip(eval.data()).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn a_channel_count_that_does_not_fit_is_rejected() {
    let mut params = Params::new(0);
    let message = |model: &dyn Module<f64>, params: &Params<f64>| {
        evaluated(params, model, &data(&[2, 3])).unwrap_err().to_string()
    };
    let batch = BatchNorm::new(params.scope("a"), 4);
    let group = GroupNorm::new(params.scope("b"), 3, 2);
    let white = WhitenNorm::grouped(params.scope("c"), 3, 2, Whitening::Zca);
    let layer = LayerNorm::new(params.scope("d"), [4]);
    assert!(message(&batch, &params).starts_with("batch_norm: there are parameters for 4 channels"));
    assert!(message(&group, &params).starts_with("group_norm: 3 channels do not divide into 2 groups"));
    assert!(message(&white, &params).starts_with("whiten_norm: 3 channels do not divide into 2 groups"));
    assert!(message(&layer, &params).starts_with("layer_norm: the last extents must be [4]"));
}

#[test]
fn gradients_agree_with_the_checker() {
    let x: Tensor<Dual<f64>> = data(&[5, 4, 2, 1]).cast();
    let mut params = Params::<f64>::new(0);
    let norms: Vec<Box<dyn Module<Dual<f64>>>> = vec![
        Box::new(BatchNorm::new(params.scope("batch"), 4)),
        Box::new(GroupNorm::new(params.scope("group"), 4, 2)),
        Box::new(InstanceNorm::new(params.scope("instance"), 4)),
        Box::new(LayerNorm::new(params.scope("layer"), [2, 1])),
        Box::new(RmsNorm::new(params.scope("rms"), 1)),
        Box::new(WhitenNorm::grouped(params.scope("zca"), 4, 2, Whitening::Zca).epsilon(1e-2)),
        Box::new(WhitenNorm::new(params.scope("schulz"), 4, Whitening::NewtonSchulz(5)).epsilon(1e-2)),
    ];
    let linear = crate::Linear::new(params.scope("fc"), 1, 1).weight_norm(params.scope("fc"));
    for norm in norms {
        // The linear layer's bias is taken out again by most norms: its gradient is zero but for rounding.
        check::model(&params, |t| scored(norm.forward(linear.forward(t.constant(&x))))).unwrap().assert();
    }
}

/// A loss with a different weight for each element.
fn scored<'t>(y: Var<'t, Dual<f64>>) -> Var<'t, Dual<f64>> {
    let weights: Tensor<Dual<f64>> = Tensor::from_fn(y.shape().unwrap(), |k| (k as f64 * 1.3).sin()).cast();
    (y.square() * y.recording().constant(&weights)).sum(..)
}

/// With orthogonal weights a white value stays white, so whitening again is the identity, and its gradient too.
#[test]
fn a_linear_net_with_orthogonal_weights_under_zca_keeps_gradient_norms_exactly() {
    let (width, depth) = (8, 20);
    let mut params = Params::<f64>::new(4);
    let (weight, bias) = (crate::Initial::Orthogonal { gain: 1.0 }, crate::Initial::Constant(0.0));
    let layers: Vec<(crate::Linear, WhitenNorm)> = (0..depth)
        .map(|layer| {
            let linear = crate::Linear::with(params.scope(&format!("{layer}.fc")), width, width, weight, bias);
            let norm = WhitenNorm::new(params.scope(&format!("{layer}.norm")), width, Whitening::Zca);
            (linear, norm.epsilon(0.0))
        })
        .collect();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    // Of full rank, which sums of few waves are not.
    let mut values = vec![t.variable(&Tensor::from_fn([40, width], |k| ((k * k) as f64 * 0.37).sin()))];
    layers.iter().for_each(|layer| values.push(layer.forward(values[values.len() - 1])));
    let last = values[values.len() - 1];
    let mut grads = params.gradients();
    last.backward_with(&Tensor::from_fn([40, width], |k| (k as f64 * 1.7).cos()), &mut grads).unwrap();
    let norm = |var: Var<'_, f64>| grads.of(var).unwrap().data().iter().map(|g| g * g).sum::<f64>().sqrt();
    // The input is not white and the last cotangent not yet a gradient through a whitening; all between are.
    let norms: Vec<f64> = values[1..depth].iter().map(|&value| norm(value)).collect();
    for pair in norms.windows(2) {
        assert!((pair[0] / pair[1] - 1.0).abs() < 1e-10, "{norms:?}");
    }
}
