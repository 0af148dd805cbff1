//! Settings that are numbers.

use autodiff::{Mode, Scope, Tensor, Var};
use nn::loss::{BinaryLog, CrossEntropy, Huber, Loss, Reduction};
use nn::*;

use crate::settings::{Built, said};

const NUMBERS: [f64; 15] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    1e300,
    1e-300,
    -1e-300,
    -1.0,
    -0.0,
    0.0,
    0.5,
    1.0,
    5.0,
];

/// A number as messages show it.
fn shown(value: f64) -> String {
    let short = value == 0.0 || !value.is_finite() || (1e-4..1e16).contains(&value.abs());
    if short { format!("{value}") } else { format!("{value:e}") }
}

/// The ranges, as they hold in `f32`.
fn share(x: f64) -> bool {
    (0.0..=1.0).contains(&x)
}
fn rate(x: f64) -> bool {
    (0.0..1.0).contains(&x)
}
fn finite(x: f64) -> bool {
    (x as f32).is_finite()
}
fn not_negative(x: f64) -> bool {
    x >= 0.0 && finite(x)
}
fn positive(x: f64) -> bool {
    x as f32 > 0.0 && finite(x)
}

/// A loss of the module's input with these targets.
struct Lost<L>(L, Tensor<f32>);

impl<L: Loss<f32>> Module<f32> for Lost<L> {
    fn forward<'t>(&self, x: Var<'t, f32>) -> Var<'t, f32> {
        self.0.reduced(x, x.recording().input(&self.1), Reduction::Mean)
    }
}

fn labels() -> Tensor<f32> {
    [1.0, 0.0, 1.0, 1.0, 0.0].into()
}

fn zeros() -> Tensor<f32> {
    Tensor::full([5, 2], 0.0)
}

fn started(weight: Initial) -> impl Fn(Scope<'_, f32>) -> Built {
    move |scope| Box::new(Linear::with(scope, 2, 3, weight, Initial::Constant(0.0)))
}

/// Name of a setting, its range, what is built from its value, and the shape that this takes.
type Row = (&'static str, fn(f64) -> bool, fn(Scope<'_, f32>, f64) -> Built, &'static [usize]);

const SETTINGS: &[Row] = &[
    ("momentum", share, |s, x| Box::new(BatchNorm::new(s, 2).momentum(x)), &[5, 2]),
    ("momentum", share, |s, x| Box::new(WhitenNorm::new(s, 2, Whitening::Zca).momentum(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(BatchNorm::new(s, 2).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(WhitenNorm::new(s, 2, Whitening::Zca).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(WhitenNorm::new(s, 2, Whitening::NewtonSchulz(5)).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(LayerNorm::new(s, [2]).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(RmsNorm::new(s, 2).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(GroupNorm::new(s, 2, 1).epsilon(x)), &[5, 2]),
    ("epsilon", not_negative, |s, x| Box::new(InstanceNorm::new(s, 2).epsilon(x)), &[5, 2, 3]),
    ("rate", rate, |_, x| Box::new(Dropout::new(x)), &[5, 2]),
    ("rate", rate, |_, x| Box::new(Dropout::channels(x).in_evaluation()), &[5, 2, 3]),
    ("rate", rate, |_, x| Box::new(Dropout::samples(x)), &[5, 2]),
    ("rate", rate, |_, x| Box::new(Dropout::alpha(x)), &[5, 2]),
    ("rate", rate, |s, x| Box::new(Linear::new(s, 2, 3).drop_connect(x)), &[5, 2]),
    ("rate", rate, |s, x| Box::new(Conv1d::new(s, 2, 3, [1]).drop_connect(x)), &[5, 2, 3]),
    ("scale", finite, |_, x| Box::new(Residual::new(Tanh).scaled(x)), &[5, 2]),
    (
        "dropout",
        rate,
        |s, x| Box::new(Gru::with(s, 2, 3, RecurrentSettings { dropout: x, ..RecurrentSettings::default() })),
        &[5, 4, 2],
    ),
    ("dropout", rate, |s, x| Box::new(MultiHeadAttention::new(s, 4, 2).dropout(x)), &[5, 3, 4]),
    (
        "dropout",
        rate,
        |s, x| {
            let settings = TransformerSettings { dropout: x, ..TransformerSettings::new(4, 2) };
            Box::new(TransformerEncoderLayer::new(s, &settings))
        },
        &[5, 3, 4],
    ),
    ("base", positive, |s, x| Box::new(MultiHeadAttention::new(s, 4, 2).rotary(x)), &[5, 3, 4]),
    ("slope", finite, |_, x| Box::new(LeakyRelu { slope: x }), &[5, 2]),
    ("alpha", finite, |_, x| Box::new(Elu { alpha: x }), &[5, 2]),
    ("alpha", positive, |_, x| Box::new(Celu { alpha: x }), &[5, 2]),
    ("lambda", not_negative, |_, x| Box::new(Softshrink { lambda: x }), &[5, 2]),
    ("lambda", not_negative, |_, x| Box::new(Hardshrink { lambda: x }), &[5, 2]),
    ("threshold", finite, |_, x| Box::new(Threshold { threshold: x, value: 0.0 }), &[5, 2]),
    ("value", finite, |_, x| Box::new(Threshold { threshold: 0.0, value: x }), &[5, 2]),
    ("label_smoothing", share, |_, x| Box::new(Lost(CrossEntropy::new().label_smoothing(x), labels())), &[5, 2]),
    ("positive_weight", not_negative, |_, x| Box::new(Lost(BinaryLog { positive_weight: x }, zeros())), &[5, 2]),
    ("delta", positive, |_, x| Box::new(Lost(Huber { delta: x }, zeros())), &[5, 2]),
    ("gain", finite, |s, gain| started(Initial::Orthogonal { gain })(s), &[5, 2]),
    ("gain", finite, |s, gain| started(Initial::DeltaOrthogonal { gain })(s), &[5, 2]),
    ("constant", finite, |s, x| started(Initial::Constant(x))(s), &[5, 2]),
    (
        "scale",
        not_negative,
        |s, scale| started(Initial::VarianceScaling { scale, fan: Fan::In, distribution: Distribution::Normal })(s),
        &[5, 2],
    ),
];

#[test]
fn a_number_out_of_its_range_is_named_with_what_would_be_right() {
    for &(name, valid, build, shape) in SETTINGS {
        for value in NUMBERS {
            for mode in [Mode::Train, Mode::Eval] {
                let said = said(|scope| build(scope, value), shape, mode);
                if valid(value) {
                    assert_eq!(said, "", "{name} {value}");
                } else {
                    assert!(
                        said.contains(&format!("{name} is {}: must be ", shown(value))),
                        "{name} {value} {mode:?}: {said}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_variance_has_a_deviation_in_the_scalar() {
    let initials: [fn(f64) -> Initial; 3] = [
        |variance| Initial::Normal { variance },
        |variance| Initial::TruncatedNormal { variance },
        |variance| Initial::ScaledNormal { variance },
    ];
    for initial in initials {
        for value in NUMBERS {
            let said = said(started(initial(value)), &[5, 2], Mode::Train);
            let (negative, large) = (!(value >= 0.0 && value.is_finite()), !finite(value.sqrt()));
            let due = match (negative, large) {
                (true, _) => {
                    format!(
                        "parameter m.weight: its initializer's variance is {}: must be a number from 0 up",
                        shown(value)
                    )
                }
                (_, true) => {
                    format!("its initializer's standard deviation is {}: must be a finite", shown(value.sqrt()))
                }
                _ => String::new(),
            };
            assert!(said.contains(&due) && said.is_empty() == due.is_empty(), "{value}: {said}");
        }
    }
    for (low, high, due) in [
        (1.0, 0.0, "low is 1: must be at most high, which is 0"),
        (f64::NAN, 1.0, "low is NaN"),
        (0.0, f64::INFINITY, "high is inf"),
        (-3e38, 3e38, "range is 6"),
    ] {
        let said = said(started(Initial::Uniform { low, high }), &[5, 2], Mode::Train);
        assert!(said.contains(due), "{said}");
    }
}

#[test]
fn a_class_weight_and_an_ignored_label_are_numbers_of_the_scalar() {
    for value in NUMBERS {
        let loss =
            |_: Scope<'_, f32>| -> Built { Box::new(Lost(CrossEntropy::new().class_weights([1.0, value]), labels())) };
        let said = said(loss, &[5, 2], Mode::Train);
        let due = if not_negative(value) {
            String::new()
        } else {
            format!("class weight {} at index 1: must be", shown(value))
        };
        assert!(said.contains(&due) && said.is_empty() == due.is_empty(), "{value}: {said}");
    }
    for (label, exact) in
        [(0, true), (-100, true), (1 << 24, true), ((1 << 24) + 1, false), (i64::MAX, false), (i64::MIN, false)]
    {
        let loss = |_: Scope<'_, f32>| -> Built { Box::new(Lost(CrossEntropy::new().ignore_index(label), labels())) };
        let said = said(loss, &[5, 2], Mode::Train);
        assert!(
            said.is_empty() == exact && (exact || said.contains(&format!("ignore_index is {label}: must be"))),
            "{said}"
        );
    }
}
