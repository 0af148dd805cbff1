//! What each finding is judged to be.

use adapters::{Kind, Verdict};

const fn says(operation: &'static str, says: &'static str, kind: Kind, why: &'static str) -> Verdict {
    Verdict { operation, says, kind, why }
}

const TIES: &str = "Every tied element gets the whole gradient, so that together they get it n times: no subgradient. \
                    `maximum` and `minimum` divide it (\"we want to scale the gradient by 0.5 rather than 1\", backprop.rs).";
const SWAPPED: &str = "The rules of `Op::Scatter` and `Op::ScatterAdd` are swapped in backprop.rs: the overwritten elements of \
                       `scatter` get a gradient, those that `scatter_add` adds to get none.";
const POOL: &str = "backprop.rs upsamples the output to the size of the input, which is its window only if the kernel divides \
                    the size; rows and columns that no window covers get a gradient.";
const NO_BACKWARD: &str = "The fused kernel has no backward (`apply_op…_no_bwd`), and `backward` returns `Ok` without a \
                           gradient; huggingface/candle#2168, #3569.";
const CONV: &str = "CPU `conv1d` copies a strided kernel and then multiplies by the original \
                    (huggingface/candle#3836, open), and backward of the kernel uses a strided kernel if the batch is over 1. \
                    Backward of the input is wrong as well for a batch over 1: `MatMul` folds the batch of a transposed left \
                    side (`a_skip == m * k`) without looking at its row stride (huggingface/candle#3758, open).";

pub const VERDICTS: &[Verdict] = &[
    says("gelu", "", Kind::Single, "Constants of six digits (0.797885, 0.0356774): right to about 2e-6."),
    says("Activation::NewGelu", "", Kind::Single, "As `gelu`."),
    says("gelu_erf", "", Kind::Single, "A constant of six digits (0.398942): right to about 2e-6."),
    says("candle_nn::mish", "NaN", Kind::Mistake, "eˣ overflows; backward multiplies it by a derivative of 0: 0 · ∞."),
    says("candle_nn::selu*", "NaN", Kind::Mistake, "`where_cond` of a branch with eˣ, which overflows: 0 · ∞."),
    says("max", "tie", Kind::Mistake, TIES),
    says("min", "tie", Kind::Mistake, TIES),
    says("max_all", "tie", Kind::Mistake, TIES),
    says("min_all", "tie", Kind::Mistake, TIES),
    says("norm", "NaN", Kind::Policy, "√ of a sum of squares at 0: 0 · ∞. JAX gives NaN there too, PyTorch 0."),
    says(
        "matmul, left transposed*",
        "",
        Kind::Mistake,
        "The forward value is wrong: `MatMul` folds the batch of the left side into \
        its rows (`b_skip == 0 && a_skip == m * k`) without looking at its row stride; huggingface/candle#3758, open.",
    ),
    says("unfold", "fails", Kind::Fails, "`unfold` is recorded as a reshape; backward reshapes the gradient."),
    says("unfold", "wrong ind", Kind::Mistake, "`unfold` is recorded as a reshape: backward does not permute."),
    says("unfold", "", Kind::Mistake, "`unfold` is recorded as a reshape."),
    says(
        "gather",
        "fails",
        Kind::Fails,
        "Forward accepts fewer indices than rows, as PyTorch does; `scatter_add` of backward does not.",
    ),
    says("scatter_add", "fails", Kind::Fails, SWAPPED),
    says("scatter_add", "", Kind::Mistake, SWAPPED),
    says("scatter", "", Kind::Mistake, SWAPPED),
    says("conv1d", "fails", Kind::Fails, "One output channel and two groups are accepted forward."),
    says("conv1d", "", Kind::Mistake, CONV),
    says(
        "conv2d",
        "fails",
        Kind::Fails,
        "backprop.rs computes the output padding of the height and uses it for both axes.",
    ),
    says("candle_nn::Conv2d*", "fails", Kind::Fails, "As `conv2d`."),
    says("conv_transpose1d", "fails", Kind::Fails, "Stated by the error: not supported."),
    says("max_pool2d*", "not supported", Kind::Fails, "Stated by the error: not supported."),
    says(
        "max_pool2d*",
        "factor",
        Kind::Mistake,
        "Divided by the number of elements of the window: backprop.rs takes the average of a \
        mask, meant for ties, of the wrong window. 0.25 where 1 is right.",
    ),
    says("max_pool2d*", "", Kind::Mistake, POOL),
    says("avg_pool2d*", "not supported", Kind::Fails, "Stated by the error: not supported."),
    says("avg_pool2d*", "", Kind::Mistake, POOL),
    says(
        "upsample_nearest*",
        "overwritten",
        Kind::Mistake,
        "`*sum_grad = …` without adding; huggingface/candle#3507, open.",
    ),
    says("interpolate2d", "overwritten", Kind::Mistake, "As `upsample_nearest2d`."),
    says("upsample_*", "not supported", Kind::Fails, "Stated by the error: not supported."),
    says("interpolate2d", "not supported", Kind::Fails, "Stated by the error: not supported."),
    says("upsample_*", "panicked", Kind::Fails, "An input without elements is accepted forward."),
    says("interpolate2d", "panicked", Kind::Fails, "An input without elements is accepted forward."),
    says("candle_nn::softmax_last_dim", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::rope*", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::ops::rms_norm, f32", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::ops::layer_norm, f32", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::ops::layer_norm, transposed", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::LayerNorm*", "", Kind::Mistake, NO_BACKWARD),
    says("candle_nn::RmsNorm, f32", "", Kind::Mistake, NO_BACKWARD),
];

pub const NOT_TRIED: &str = "\
- Views with a step (the checker's narrowed storage): candle has none. Offsets are tried by `narrow` and `chunk` only.
- Kernels that do not fit and transposed convolutions without output: in release, the output size wraps around. `conv1d` then does \
not end, and `conv_transpose2d`, a safe function, writes out of bounds (seen as a segmentation fault); `conv1d` likewise at a \
kernel of extent 0. Such inputs are kept from it.
- In-place operations (`scatter_set`, `slice_set`, `inplace_op`): not recorded by design.
- `gumbel_softmax`, `dropout` in training, `rand`: random. LSTM and GRU: compositions.
- `sdpa`, `moe`, quantized tensors, CUDA and Metal.";
