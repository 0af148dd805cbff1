//! Every setting of every module, loss and initialiser at its extremes: a number in its range works, any other is an error that
//! names the setting, its value and what would have been right.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use autodiff::{Mode, Params, Scope, Tape, Tensor, Var};
use nn::loss::{BinaryLog, CrossEntropy, Huber, Loss, Reduction};
use nn::*;

type Built = Box<dyn Module<f32>>;

/// What is said of a module in its constructor, or in a mode, when it runs on `shape`; nothing where all is well.
fn said(build: impl FnOnce(Scope<'_, f32>) -> Built, shape: &[usize], mode: Mode) -> String {
    let mut params = Params::<f32>::new(7);
    let module = build(params.scope("m"));
    let x = Tensor::from_fn(shape, |k| ((k * k) as f32 * 0.37).sin());
    let mut tape = Tape::new();
    let t = tape.start(&params, mode);
    module.forward(t.input(&x));
    t.check().err().map_or_else(String::new, |error| error.to_string())
}

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
        self.0.of(x, x.recording().input(&self.1), Reduction::Mean)
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
        |s, scale| started(Initial::VarianceScaling { scale, fan: Fan::In, draw: Draw::Normal })(s),
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
            format!("class weight {} at place 1: must be", shown(value))
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

const HUGE: usize = usize::MAX;

fn conv(settings: ConvSettings<2>) -> impl Fn(Scope<'_, f32>) -> Built {
    move |scope| Box::new(Conv2d::with(scope, 2, 4, [3, 3], settings))
}

fn transposed(settings: TransposedSettings<2>) -> impl Fn(Scope<'_, f32>) -> Built {
    move |scope| Box::new(ConvTranspose2d::with(scope, 2, 4, [3, 3], settings))
}

fn default<const N: usize>() -> ConvSettings<N> {
    ConvSettings::default()
}

const IMAGE: &[usize] = &[1, 2, 4, 4];

#[test]
fn counts_and_extents_at_their_extremes() {
    let up = TransposedSettings::<2>::default;
    let rows: Vec<(Box<dyn Fn(Scope<'_, f32>) -> Built>, &[usize], &str)> = vec![
        (
            Box::new(conv(ConvSettings { stride: [0, 1], ..default() })),
            IMAGE,
            "conv2d: stride is [0, 1]: must be at least 1",
        ),
        (Box::new(conv(ConvSettings { stride: [HUGE; 2], ..default() })), IMAGE, ""),
        (Box::new(conv(ConvSettings { dilation: [1, 0], ..default() })), IMAGE, "conv2d: dilation is [1, 0]: must be"),
        (
            Box::new(conv(ConvSettings { dilation: [HUGE; 2], ..default() })),
            IMAGE,
            "conv2d: dilation is [18446744073709551615",
        ),
        (Box::new(conv(ConvSettings { dilation: [HUGE / 2; 2], ..default() })), IMAGE, "conv2d"),
        (Box::new(conv(ConvSettings { dilation: [HUGE / 2; 2], padding: Padding::Same, ..default() })), IMAGE, ""),
        (Box::new(conv(ConvSettings { padding: Padding::Zeros([HUGE; 2]), ..default() })), IMAGE, "conv2d"),
        (Box::new(conv(ConvSettings { padding: Padding::Zeros([1 << 40; 2]), ..default() })), IMAGE, "conv2d"),
        (
            Box::new(conv(ConvSettings { padding: Padding::Circular([HUGE; 2]), ..default() })),
            IMAGE,
            "pad: circular padding by 0..1844",
        ),
        (
            Box::new(conv(ConvSettings { groups: 0, ..default() })),
            IMAGE,
            "m.weight: 2 input channels do not divide into 0 groups",
        ),
        (
            Box::new(conv(ConvSettings { groups: 3, ..default() })),
            IMAGE,
            "2 input channels do not divide into 3 groups",
        ),
        (Box::new(conv(ConvSettings { groups: HUGE, ..default() })), IMAGE, "2 input channels do not divide into"),
        (Box::new(|s| Box::new(Conv1d::new(s, 2, 2, [0]))), &[1, 2, 4], "conv1d: kernel is [0]: must be at least 1"),
        (Box::new(|s| Box::new(Conv1d::new(s, 2, 2, [HUGE]))), &[1, 2, 4], "parameter m.weight"),
        (Box::new(|s| Box::new(Conv2d::new(s, HUGE, HUGE, [HUGE, HUGE]))), IMAGE, "parameter m.weight"),
        (Box::new(|s| Box::new(Conv2d::new(s, 0, 0, [1, 1]))), &[1, 0, 4, 4], ""),
        (
            Box::new(transposed(TransposedSettings { stride: [0; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: stride is [0, 0]",
        ),
        (Box::new(transposed(TransposedSettings { stride: [HUGE; 2], ..up() })), IMAGE, "conv_transpose2d"),
        (
            Box::new(transposed(TransposedSettings { dilation: [HUGE; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: dilation is",
        ),
        (Box::new(transposed(TransposedSettings { padding: [HUGE; 2], ..up() })), IMAGE, "conv_transpose2d"),
        (
            Box::new(transposed(TransposedSettings { extra: [HUGE; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: extra is [18446744",
        ),
        (
            Box::new(transposed(TransposedSettings { extra: [1; 2], ..up() })),
            IMAGE,
            "extra is [1, 1]: must be below the stride",
        ),
        (
            Box::new(transposed(TransposedSettings { groups: 4, ..up() })),
            IMAGE,
            "2 input channels do not divide into 4 groups",
        ),
        (
            Box::new(transposed(TransposedSettings { groups: 4, weight: Initial::Orthogonal { gain: 1.0 }, ..up() })),
            IMAGE,
            "2 input channels do not divide into 4 groups",
        ),
        (
            Box::new(|s| {
                let settings = TransposedSettings {
                    groups: 2,
                    weight: Initial::Orthogonal { gain: 1.0 },
                    ..TransposedSettings::default()
                };
                Box::new(ConvTranspose1d::with(s, 3, 4, [1], settings))
            }),
            &[1, 3, 4],
            "3 input channels do not divide into 2 groups",
        ),
        (Box::new(|s| Box::new(ConvTranspose1d::new(s, HUGE, HUGE, [HUGE]))), &[1, 2, 4], "parameter m.weight"),
        (Box::new(|_| Box::new(Pool::max([0, 1]))), IMAGE, "pool: kernel is [0, 1]: must be at least 1"),
        (Box::new(|_| Box::new(Pool::max([HUGE, 1]))), IMAGE, "pool: no window fits: a kernel of 1844"),
        (Box::new(|_| Box::new(Pool::average([2, 2]).stride([0, 1]))), IMAGE, "pool: stride is [0, 1]"),
        (Box::new(|_| Box::new(Pool::average([1, 1]).dilation([HUGE; 2]))), IMAGE, ""),
        (Box::new(|_| Box::new(Pool::average([3, 3]).stride([HUGE; 2]).ceil())), IMAGE, ""),
        (Box::new(|_| Box::new(Pool::average([2, 2]).dilation([0, 1]))), IMAGE, "pool: dilation is [0, 1]"),
        (Box::new(|_| Box::new(Pool::average([3, 3]).dilation([HUGE; 2]))), IMAGE, "pool: dilation is [1844"),
        (Box::new(|_| Box::new(Pool::average([2, 2]).padding([HUGE; 2]))), IMAGE, "pool: padding is [1844"),
        (Box::new(|_| Box::new(Pool::average([1 << 40; 2]).padding([1 << 39; 2]))), IMAGE, "memory"),
        (Box::new(|_| Box::new(Pool::max([1 << 40; 2]).padding([1 << 39; 2]))), IMAGE, "memory"),
        (
            Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Max, places: [1 << 40, 1] })),
            IMAGE,
            "adaptive_pool: places is 1099511627776: must be at most 65536",
        ),
        (
            Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, places: [1, HUGE] })),
            IMAGE,
            "adaptive_pool: places is 1844",
        ),
        (Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, places: [0, 1] })), IMAGE, "at least 1 place"),
        (Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, places: [9, 3] })), IMAGE, ""),
        (Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, places: [3] })), &[0, 1, 1 << 62], ""),
        (Box::new(|_| Box::new(GlobalPool(Pooling::Max))), &[3], "global_pool: takes [samples, channels, ..]"),
    ];
    for (build, shape, due) in &rows {
        for mode in [Mode::Train, Mode::Eval] {
            let said = said(build, shape, mode);
            assert!(said.contains(due) && said.is_empty() == due.is_empty(), "{due}: {said}");
        }
    }
}

#[test]
fn layers_too_large_for_memory_and_counts_of_nothing() {
    const LARGE: usize = 1 << 45;
    let rows: Vec<(Box<dyn Fn(Scope<'_, f32>) -> Built>, &[usize], &str)> = vec![
        (Box::new(|s| Box::new(Linear::new(s, LARGE, 1))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(Linear::new(s, LARGE, LARGE))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(Linear::new(s, 0, LARGE))), &[2, 0], "parameter m.bias"),
        (Box::new(|s| Box::new(Linear::new(s, HUGE, HUGE))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(Linear::new(s, 0, 3))), &[2, 0], ""),
        (Box::new(|s| Box::new(Linear::new(s, 3, 0))), &[2, 3], ""),
        (Box::new(|s| Box::new(Maxout::new(s, 2, HUGE, HUGE))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(Maxout::new(s, 2, 3, 0))), &[2, 2], "maxout: pieces is 0: must be at least 1"),
        (Box::new(|s| Box::new(PRelu::per_channel(s, LARGE))), &[2, 2], "parameter m.slope"),
        (Box::new(|s| Box::new(BatchNorm::new(s, LARGE))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(BatchNorm::new(s, 0))), &[2, 0], ""),
        (
            Box::new(|s| Box::new(BatchNorm::with_scale(s, 2, f64::NAN))),
            &[2, 2],
            "m.weight: its initializer's constant is NaN",
        ),
        (Box::new(|s| Box::new(LayerNorm::new(s, [LARGE, LARGE]))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(RmsNorm::new(s, HUGE))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(GroupNorm::new(s, LARGE, 2))), &[2, 2], "parameter m.weight"),
        (
            Box::new(|s| Box::new(GroupNorm::new(s, 2, 0))),
            &[2, 2],
            "group_norm: 2 channels do not divide into 0 groups",
        ),
        (Box::new(|s| Box::new(GroupNorm::new(s, 2, HUGE))), &[2, 2], "group_norm: 2 channels do not divide into 1844"),
        (
            Box::new(|s| Box::new(InstanceNorm::new(s, 0))),
            &[2, 0, 3],
            "instance_norm: 0 channels do not divide into 0 groups",
        ),
        (Box::new(|s| Box::new(WhitenNorm::new(s, 1 << 24, Whitening::Zca))), &[2, 2], "state m.running_whitening"),
        (Box::new(|s| Box::new(WhitenNorm::new(s, HUGE, Whitening::Zca))), &[2, 2], "parameter m.weight"),
        (Box::new(|s| Box::new(WhitenNorm::grouped(s, 2, 0, Whitening::Zca))), &[5, 2], "do not divide into 0 groups"),
        (Box::new(|s| Box::new(WhitenNorm::grouped(s, 2, 3, Whitening::Zca))), &[5, 2], "do not divide into 3 groups"),
        (
            Box::new(|s| Box::new(WhitenNorm::new(s, 2, Whitening::NewtonSchulz(0)))),
            &[5, 2],
            "Newton–Schulz steps is 0: must be from 1 to 100",
        ),
        (
            Box::new(|s| Box::new(WhitenNorm::new(s, 2, Whitening::NewtonSchulz(1 << 40)))),
            &[5, 2],
            "steps is 1099511627776: must be",
        ),
        (
            Box::new(|s| Box::new(ResNet::new(s, &ResNetSettings::small(1, 2, vec![(1, 1 << 40), (1, HUGE)])))),
            &[2, 1, 4, 4],
            "parameter m.stages: the number of blocks is 18446744073709551615: must be at most 4096",
        ),
        (
            Box::new(|s| Box::new(ResNet::new(s, &ResNetSettings::small(HUGE, HUGE, vec![(HUGE, 1)])))),
            &[2, 1, 4, 4],
            "parameter m.stem.conv.weight",
        ),
        (Box::new(|s| Box::new(ResNet::new(s, &ResNetSettings::small(1, 2, vec![])))), &[2, 1, 4, 4], ""),
    ];
    for (build, shape, due) in &rows {
        let said = said(build, shape, Mode::Train);
        assert!(said.contains(due) && said.is_empty() == due.is_empty(), "{due}: {said}");
    }
}

#[test]
fn the_weight_of_a_unit_of_zeros_has_no_direction() {
    let mut params = Params::<f32>::new(0);
    let zeros = Linear::with(params.scope("fc"), 2, 3, Initial::Constant(0.0), Initial::Constant(0.0));
    params.check().unwrap();
    let _ = zeros.weight_norm(params.scope("fc"));
    let said = params.check().unwrap_err().to_string();
    assert_eq!(said, "parameter fc.magnitude: the weights of unit 0 are all 0: they have no direction to normalise");
    let mut others = Params::<f32>::new(0);
    let _ = zeros.weight_norm(others.scope("fc"));
    assert!(others.check().unwrap_err().to_string().contains("fc.magnitude: the weight to be normalised: "));
}

#[test]
fn cifar_nets_of_extreme_depth_are_none() {
    for depth in [0, 1, 2, HUGE] {
        assert_eq!(ResNetSettings::cifar(depth, 3, 10), None);
    }
}

#[test]
fn unit_variance_by_layers_refuses_what_it_cannot_reach() {
    let mut params = Params::<f64>::new(0);
    let layer = Linear::new(params.scope("fc"), 2, 3);
    let said = |params: &mut Params<f64>, batch: &Tensor<f64>| {
        let result = lsuv(params, &[layer.weight()], batch, |x| vec![layer.forward(x)]);
        result.err().map_or_else(String::new, |error| error.to_string())
    };
    for (batch, due) in [
        (Tensor::full([0, 2], 0.0), "variance"),
        (Tensor::full([3, 2], f64::NAN), "its output has variance NaN"),
        (Tensor::full([3, 2], 0.0), "its output has variance 0"),
        (Tensor::full([3, 5], 0.0), "inner dimensions differ"),
    ] {
        let said = said(&mut params, &batch);
        assert!(said.contains(due), "{said}");
    }
}
