//! Which operation is named when a value or a gradient is infinite or NaN, and which are not accused.

use autodiff::{Error, Mode, Params, Program, Tape, Tensor, Var, input, variable};
use nn::loss::cross_entropy;
use nn::{Module, Pool, ResNet, ResNetSettings};

const NEG_INFINITY: f64 = f64::NEG_INFINITY;

/// The error's message and its line, which must lie in this file.
fn named(result: Result<(), Error>) -> (String, u32) {
    match result.unwrap_err() {
        Error::NotFinite { what, pass, value, element, inputs, location } => {
            assert_eq!(location.file(), file!());
            (format!("{what}, {pass}: {value} at {element}: {inputs}"), location.line())
        }
        other => panic!("{other}"),
    }
}

/// What the check says of a function of `x`, by a tape, which a program must say as well.
fn forward(x: Tensor<f64>, mut function: impl for<'t> FnMut(Var<'t, f64>) -> Var<'t, f64>) -> Result<(), Error> {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let result = function(t.variable(&x).named("x")).check_finite();
    let program = Program::record(&params, Mode::Train, [variable("x", x.shape())], |_, [x]| [function(x)]);
    let mut program = program.unwrap();
    let of_program = program.forward(&params, [&x]).unwrap().check_finite();
    match (&result, of_program) {
        (Ok(()), replayed) => assert_eq!(replayed, Ok(())),
        (Err(_), replayed) => assert_eq!(named(replayed), named(result.clone())),
    }
    result
}

/// The same for gradients.
fn backward(x: Tensor<f64>, mut function: impl for<'t> FnMut(Var<'t, f64>) -> Var<'t, f64>) -> Result<(), Error> {
    let params = Params::default();
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let loss = function(t.variable(&x).named("x"));
    loss.check_finite()?;
    loss.backward(&mut grads).unwrap();
    let result = t.check_finite_gradients(&grads);
    let program = Program::record(&params, Mode::Train, [variable("x", x.shape())], |_, [x]| [function(x)]);
    let mut program = program.unwrap();
    let run = program.forward(&params, [&x]).unwrap();
    run.backward(&mut grads).unwrap();
    match (&result, run.check_finite_gradients(&grads)) {
        (Ok(()), replayed) => assert_eq!(replayed, Ok(())),
        (Err(_), replayed) => assert_eq!(named(replayed), named(result.clone())),
    }
    result
}

#[test]
fn infinities_that_do_not_reach_the_value_are_not_accused() {
    let image = Tensor::from_fn([1, 1, 4, 4], |k| k as f64);
    let pool = Pool::max([3; 2]).stride([2; 2]).padding([1; 2]);
    forward(image, |x| pool.forward(x)).unwrap();
    let mask = Tensor::from([[0.0, NEG_INFINITY], [0.0, 0.0]]);
    forward([[1.0, 2.0], [3.0, 4.0]].into(), |x| (x + x.recording().constant(&mask)).softmax(1).sum(..)).unwrap();
    forward([0.0, 2.0].into(), |x| x.greater(x * 0.0).select(x.ln(), x).sum(..)).unwrap();
    // What does not lie on the way to the value is no matter at all.
    forward([0.0, 2.0].into(), |x| {
        let _ = x.ln();
        x.sum(..)
    })
    .unwrap();
}

#[test]
fn the_culprit_is_named_beside_infinities_that_do_no_harm() {
    let mask = Tensor::from([0.0, NEG_INFINITY, 0.0]);
    let mut line = 0;
    let result = forward([1.0, 0.5, -4.0].into(), |x| {
        let masked = (x + x.recording().constant(&mask)).softmax(0);
        line = line!() + 1;
        let root = x.sqrt();
        x.greater(masked).select(masked.ln(), root).sum(..)
    });
    assert_eq!(named(result), ("sqrt, forward: NaN at [2]: [3] (x) in -4..1".to_owned(), line));
}

#[test]
fn of_several_culprits_the_first_is_named_with_its_element() {
    let result = forward([2.0, 0.0, -1.0].into(), |x| {
        let (late, early) = (x.recip(), x);
        let logarithm = early.ln();
        (logarithm + late.sqrt()).sum(..)
    });
    // 1/0 is computed first.
    assert_eq!(named(result).0, "recip, forward: inf at [1]: [3] (x) in -1..2");
    let result = forward([2.0, 0.0, -1.0].into(), |x| (x.ln() * 2.0 + x.sqrt()).sum(..));
    assert_eq!(named(result).0, "ln, forward: -inf at [1]: [3] (x) in -1..2");
    let result = forward([3e200, 1.0].into(), |x| (x * x).narrow(0, 0..2).sum(..));
    assert_eq!(named(result).0, "mul, forward: inf at [0]: [2] (x) in 1..3e200 × [2] (x) in 1..3e200");
}

#[test]
fn infinities_that_are_harmful_together_are_found() {
    // One −∞ in a row is a mask; with a row of them, softmax has nothing to give.
    let mask = Tensor::from([[NEG_INFINITY, 0.0], [NEG_INFINITY, NEG_INFINITY]]);
    let result = forward([[1.0, 2.0], [3.0, 4.0]].into(), |x| {
        (x + x.recording().constant(&mask).named("mask")).softmax(1).sum(..)
    });
    assert_eq!(named(result).0, "leaf [2, 2] (mask), forward: -inf at [1, 1]: ");
    let result = forward([0.0].into(), |x| x.recip() - (x * x).recip());
    assert_eq!(named(result).0, "recip, forward: inf at [0]: [1] (x) all 0");
}

#[test]
fn moments_that_overflow_are_named() {
    let result = forward([[1e200], [-1e200]].into(), |x| {
        let normal = x.normalize(None, 0, 1e-5);
        normal.variance.sum(..)
    });
    assert!(named(result).0.starts_with("group_moments, forward: inf at ["), "the variance");
}

#[test]
fn a_nan_in_the_last_bias_of_a_resnet_is_named() {
    let mut params = Params::<f64>::new(1);
    let settings = ResNetSettings { large_images: true, ..ResNetSettings::small(1, 3, vec![(2, 1), (4, 1)]) };
    let model = ResNet::new(params.scope(""), &settings);
    let bias = params.id("head.bias").unwrap();
    params.set(bias, &[0.0, f64::NAN, 0.0].into()).unwrap();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let images = Tensor::from_fn([2, 1, 16, 16], |k| ((k * 7) % 13) as f64 / 13.0);
    let loss = cross_entropy(model.forward(t.input(&images)), t.input(&[0.0, 2.0].into()));
    let line = line!() - 1;
    assert_eq!(named(loss.check_finite()), ("leaf [3] (head.bias), forward: NaN at [1]: ".to_owned(), line));
}

#[test]
fn states_are_looked_at_too() {
    let mut params = Params::<f64>::new(1);
    let norm = nn::BatchNorm::new(params.scope("bn"), 2);
    let mut tape = Tape::new();
    let healthy = tape.start(&params, Mode::Eval);
    norm.forward(healthy.input(&[[1.0, 2.0]].into())).check_finite().unwrap();
    params.set_state(norm.running_variance(), &[1.0, f64::INFINITY].into()).unwrap();
    params.set_state(norm.running_mean(), &[f64::NAN, 0.0].into()).unwrap();
    let t = tape.start(&params, Mode::Eval);
    // An infinite variance scales by 0: that is finite. The mean is not.
    let y = norm.forward(t.input(&[[1.0, 2.0]].into()));
    assert_eq!(named(y.check_finite()).0, "leaf [2] (bn.running_mean), forward: NaN at [0]: ");
}

#[test]
fn a_value_of_a_program_is_not_asked_while_it_is_recorded() {
    let params = Params::<f64>::default();
    let mut asked = None;
    Program::record(&params, Mode::Train, [input("x", [2])], |_, [x]| {
        asked = Some(x.check_finite().unwrap_err().to_string());
        [x]
    })
    .unwrap();
    let expected = "check_finite: a program records shapes; call check_finite() on what its forward() returns: [2] at ";
    assert!(asked.unwrap().starts_with(&format!("{expected}{}", file!())));
}

#[test]
fn the_pullback_that_made_a_gradient_infinite_is_named() {
    let mut line = 0;
    let result = backward([4.0, 0.0].into(), |x| {
        line = line!() + 1;
        let root = x.sqrt();
        (root * 2.0).sum(..)
    });
    let expected = "sqrt, backward: inf at [1] of the gradient of [2] (x): \
                    input [2] (x) in 0..4, output [2] in 0..2, cotangent [2] all 2";
    assert_eq!(named(result), (expected.to_owned(), line));
    // The square's pullback then multiplies by 0: it makes a NaN of the ∞, but the root made that.
    let result = backward([0.0, 0.0, 0.0].into(), |x| x.square().sqrt().sum(..));
    let expected = "sqrt, backward: inf at [0] of the gradient of [3]: \
                    input [3] all 0, output [3] all 0, cotangent [3] all 1";
    assert_eq!(named(result).0, expected);
}

#[test]
fn of_several_consumers_the_one_whose_pullback_made_it_is_named() {
    let mut line = 0;
    let result = backward([[0.25, 1.0], [0.0, 9.0]].into(), |x| {
        let (sine, square) = (x.sin(), x.t().square());
        line = line!() + 1;
        let (root, cosine) = (x.t().sqrt(), x.cos());
        (sine + square + root + cosine).sum(..)
    });
    let (message, found) = named(result);
    assert!(
        message.starts_with("sqrt, backward: inf at [1, 0] of the gradient of [2, 2] (x): input [2, 2]"),
        "{message}"
    );
    assert_eq!(found, line);
}

#[test]
fn infinite_gradients_that_no_leaf_receives_are_not_accused() {
    // √ has slope ∞ at 0, but where 0 was chosen instead of x, nothing is passed on to x.
    fn positive(x: Var<'_, f64>) -> Var<'_, f64> {
        x.detach().relu()
    }
    backward([4.0, -1.0].into(), |x| positive(x).select(x, positive(x)).sqrt().sum(..)).unwrap();
    let result = backward([4.0, -1.0, 1.0].into(), |x| {
        (positive(x).select(x, positive(x)).sqrt() + (x - 1.0).abs().sqrt()).sum(..)
    });
    let (message, _) = named(result);
    assert!(message.starts_with("sqrt, backward: inf at [2] of the gradient of [3]: input [3] in 0..3"), "{message}");
}

#[test]
fn gradients_of_parameters_are_looked_at_and_what_does_not_belong_together_is_said() {
    let mut params = Params::<f64>::new(1);
    let weight = params.scope("fc").parameter("weight", [2, 1], |values, _| values.fill(0.0));
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    assert!(t.check_finite_gradients(&grads).unwrap_err().to_string().contains("no backward pass"));
    let w = t.param(weight);
    // Stretched: the sum of an ∞ and finite numbers, in a parameter that is recorded twice.
    let loss = (w.broadcast_to([2, 3]).sqrt() + t.param(weight)).sum(..);
    loss.backward(&mut grads).unwrap();
    let (message, _) = named(t.check_finite_gradients(&grads));
    assert!(message.starts_with("sqrt, backward: inf at [0, 0] of the gradient of [2, 1] (fc.weight): "), "{message}");
    let t = tape.start(&params, Mode::Train);
    let w = t.param(weight);
    (w * w).sum(..).backward(&mut grads).unwrap();
    t.check_finite_gradients(&grads).unwrap();
    grads.flat_mut()[0] = f64::NAN;
    let message = t.check_finite_gradients(&grads).unwrap_err().to_string();
    assert_eq!(message, "gradients: they are not finite, but backward gives finite ones: they were changed after it");
}

/// One of several steps in which an infinity arises and does no harm; four positive numbers to four others.
fn harmless(x: Var<'_, f64>, kind: u8) -> Var<'_, f64> {
    let t = x.recording();
    let constant = |values: [f64; 4]| t.constant(&values.into());
    match kind % 6 {
        0 => x.pad(0, 1, 1, NEG_INFINITY).unfold(0, 3, 1, 1).max(1),
        1 => (x + constant([0.0, NEG_INFINITY, 0.0, NEG_INFINITY])).softmax(0) + 0.1,
        2 => constant([1.0, 0.0, 1.0, 1.0]).select(x, constant([0.0, 0.5, 0.0, 0.0]).ln().exp() + 0.3),
        3 => x + constant([0.0, 1.0, 0.0, 2.0]).recip().recip(),
        4 => x.tanh() + constant([NEG_INFINITY; 4]).exp(),
        _ => t.stack([x, constant([0.0; 4]).ln()], 0).max(0),
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config {
        rng_seed: proptest::test_runner::RngSeed::Fixed(2026),
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn among_harmless_infinities_the_one_culprit_is_named(
        kinds in proptest::collection::vec(0_u8..6, 0..8),
        at in 0_usize..9,
        element in 0_usize..4,
    ) {
        let (mut line, mut spoiled) = (0, false);
        let zero = Tensor::from_fn([4], |k| if k == element { -1.0 } else { 1.0 });
        let result = forward([0.4, 1.0, 0.2, 0.7].into(), |mut x| {
            for (step, &kind) in kinds.iter().enumerate() {
                if step == at {
                    line = line!() + 1;
                    x = x + x.recording().constant(&zero).sqrt();
                }
                x = harmless(x, kind);
            }
            // A program has no value while it is recorded. A select may have dropped the culprit's element.
            if let Ok(value) = x.value() {
                spoiled = value.data().iter().any(|x| !x.is_finite());
            }
            x
        });
        proptest::prop_assert!(!spoiled || at < kinds.len());
        if spoiled {
            let expected = format!("sqrt, forward: NaN at [{element}]: [4] in -1..1");
            proptest::prop_assert_eq!(named(result), (expected, line));
        } else {
            proptest::prop_assert_eq!(result, Ok(()));
        }
    }
}
