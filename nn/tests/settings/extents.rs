//! Settings that are counts and extents, and layers that memory cannot hold.

use autodiff::{Mode, Scope};
use nn::*;

use crate::settings::{Built, said};

/// What is built, the shape that it is given, and a part of what it says of that.
type Row = (Box<dyn Fn(Scope<'_, f32>) -> Built>, &'static [usize], &'static str);

const HUGE: usize = usize::MAX;

fn conv(settings: ConvSettings<2>) -> impl Fn(Scope<'_, f32>) -> Built {
    move |scope| Box::new(Conv2d::with(scope, 2, 4, [3, 3], settings))
}

fn transposed(settings: ConvTransposeSettings<2>) -> impl Fn(Scope<'_, f32>) -> Built {
    move |scope| Box::new(ConvTranspose2d::with(scope, 2, 4, [3, 3], settings))
}

fn default<const N: usize>() -> ConvSettings<N> {
    ConvSettings::default()
}

const IMAGE: &[usize] = &[1, 2, 4, 4];

#[test]
fn counts_and_extents_at_their_extremes() {
    let up = ConvTransposeSettings::<2>::default;
    let rows: Vec<Row> = vec![
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
            Box::new(transposed(ConvTransposeSettings { stride: [0; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: stride is [0, 0]",
        ),
        (Box::new(transposed(ConvTransposeSettings { stride: [HUGE; 2], ..up() })), IMAGE, "conv_transpose2d"),
        (
            Box::new(transposed(ConvTransposeSettings { dilation: [HUGE; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: dilation is",
        ),
        (Box::new(transposed(ConvTransposeSettings { padding: [HUGE; 2], ..up() })), IMAGE, "conv_transpose2d"),
        (
            Box::new(transposed(ConvTransposeSettings { output_padding: [HUGE; 2], ..up() })),
            IMAGE,
            "conv_transpose2d: output_padding is [18446744",
        ),
        (
            Box::new(transposed(ConvTransposeSettings { output_padding: [1; 2], ..up() })),
            IMAGE,
            "output_padding is [1, 1]: must be below the stride",
        ),
        (
            Box::new(transposed(ConvTransposeSettings { groups: 4, ..up() })),
            IMAGE,
            "2 input channels do not divide into 4 groups",
        ),
        (
            Box::new(|s| {
                let (settings, weight) =
                    (ConvTransposeSettings { groups: 4, ..Default::default() }, Initial::Orthogonal { gain: 1.0 });
                Box::new(ConvTranspose2d::with_initializers(s, 2, 4, [3, 3], settings, weight, None))
            }),
            IMAGE,
            "2 input channels do not divide into 4 groups",
        ),
        (
            Box::new(|s| {
                let settings = ConvTransposeSettings { groups: 2, ..ConvTransposeSettings::default() };
                let weight = Initial::Orthogonal { gain: 1.0 };
                Box::new(ConvTranspose1d::with_initializers(s, 3, 4, [1], settings, weight, None))
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
            Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Max, output_size: [1 << 40, 1] })),
            IMAGE,
            "adaptive_pool: output_size is 1099511627776: must be at most 65536",
        ),
        (
            Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, output_size: [1, HUGE] })),
            IMAGE,
            "adaptive_pool: output_size is 1844",
        ),
        (
            Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, output_size: [0, 1] })),
            IMAGE,
            "output_size is [0, 1]: must be at least 1",
        ),
        (Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, output_size: [9, 3] })), IMAGE, ""),
        (Box::new(|_| Box::new(AdaptivePool { pooling: Pooling::Average, output_size: [3] })), &[0, 1, 1 << 62], ""),
        (
            Box::new(|_| Box::new(GlobalPool(Pooling::Max))),
            &[3],
            "global_pool: the input must be [samples, channels, ..]",
        ),
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
    let rows: Vec<Row> = vec![
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
        (Box::new(|s| Box::new(Embedding::new(s, LARGE, 1))), &[2], "parameter m.weight"),
        (
            Box::new(|s| Box::new(Embedding::with_padding(s, 3, 2, 3))),
            &[2],
            "parameter m.padding: padding is 3: must be below 3, the number of rows",
        ),
        (Box::new(|s| Box::new(Embedding::with_padding(s, LARGE, 1, 0))), &[2], "parameter m.weight"),
        (
            Box::new(|s| Box::new(LearnedPositions::new(s, 3, 2))),
            &[4, 2],
            "learned_positions: the number of steps is 4: must be at most 3, the number of positions",
        ),
        (Box::new(|s| Box::new(LearnedPositions::new(s, LARGE, 2))), &[4, 2], "parameter m.weight"),
        (Box::new(|_| Box::new(SinusoidalPositions)), &[2], "the input must be [.., steps, features]"),
        (Box::new(|s| Box::new(Rnn::new(s, 2, LARGE))), &[2, 2, 2], "parameter m.weight_ih_l0"),
        (Box::new(|s| Box::new(Gru::new(s, 2, HUGE))), &[2, 2, 2], "parameter m.weight_ih_l0"),
        (Box::new(|s| Box::new(Lstm::new(s, 2, 0))), &[2, 2, 2], ""),
        (
            Box::new(|s| Box::new(Gru::with(s, 2, 2, RecurrentSettings { layers: 0, ..RecurrentSettings::default() }))),
            &[2, 2, 2],
            "parameter m.layers: layers is 0: must be from 1 to 4096",
        ),
        (
            Box::new(|s| {
                Box::new(Lstm::with(s, 2, 2, RecurrentSettings { layers: HUGE, ..RecurrentSettings::default() }))
            }),
            &[2, 2, 2],
            "parameter m.layers: layers is 18446744073709551615",
        ),
        (Box::new(|s| Box::new(Lstm::new(s, 2, 3))), &[2, 5], "lstm: the input must be [samples, steps, 2]"),
        (Box::new(|s| Box::new(MultiHeadAttention::new(s, HUGE, 1))), &[2, 2, 2], "parameter m.in_proj_weight"),
        (
            Box::new(|s| Box::new(MultiHeadAttention::new(s, 4, 0))),
            &[2, 2, 4],
            "multi_head_attention: heads is 0: must be a divisor of 4, the number of features",
        ),
        (Box::new(|s| Box::new(MultiHeadAttention::new(s, 4, 3))), &[2, 2, 4], "heads is 3: must be a divisor of 4"),
        (
            Box::new(|s| Box::new(MultiHeadAttention::new(s, 6, 2).rotary(10.0))),
            &[2, 2, 6],
            "rotary: the number of features is 3: must be even",
        ),
        (
            Box::new(|s| Box::new(TransformerEncoder::new(s, HUGE, &TransformerSettings::new(4, 2)))),
            &[2, 2, 4],
            "parameter m.layers: the number of layers is 18446744073709551615: must be at most 4096",
        ),
        (Box::new(|s| Box::new(TransformerEncoder::new(s, 0, &TransformerSettings::new(4, 2)))), &[2, 2, 4], ""),
    ];
    for (build, shape, due) in &rows {
        let said = said(build, shape, Mode::Train);
        assert!(said.contains(due) && said.is_empty() == due.is_empty(), "{due}: {said}");
    }
}
