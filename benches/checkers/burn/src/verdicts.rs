//! What each finding is judged to be.

use adapters::{Kind, Verdict};

const fn says(operation: &'static str, says: &'static str, kind: Kind, why: &'static str) -> Verdict {
    Verdict { operation, says, kind, why }
}

const DIVIDE: &str = "Backward of `div_scalar` takes the reciprocal in f32: `1.0 / ops.state.elem::<f32>()` \
                      (burn-autodiff, ops/tensor.rs).";
const FORWARD: &str = "The backend computes the value in f32. The gradient is that of the function before rounding.";
const SIGMOID: &str = "The default `sigmoid` casts to f32 (burn-backend, ops/activation.rs).";
const OVERFLOW: &str = "`mask_where` of a branch with eˣ, which overflows: 0 · ∞.";
const REPEATED: &str = "The probe's extent makes indices repeat. \"For deterministic results and correct gradient calculation \
                        across all operations, indices should contain unique entries\" (`Tensor::scatter`).";
const TIES: &str = "An equal value and element both get the whole gradient. \"Backward, with ties contributing to both sides\" \
                    (a comment in burn-autodiff, ops/tensor.rs).";
const EMPTY: &str = "An input without elements is accepted forward.";
const SIZES: &str = "Forward accepts a bias or groups that do not fit the weight.";

pub const VERDICTS: &[Verdict] = &[
    says("div_scalar", "", Kind::Single, DIVIDE),
    says("activation::elu", "NaN", Kind::Mistake, OVERFLOW),
    says("activation::celu", "NaN", Kind::Mistake, OVERFLOW),
    says("activation::selu", "NaN", Kind::Mistake, OVERFLOW),
    says("activation::softplus*", "", Kind::Single, DIVIDE),
    says("activation::celu", "", Kind::Single, DIVIDE),
    says("var*", "", Kind::Single, DIVIDE),
    says("cov", "", Kind::Single, DIVIDE),
    says("powf_scalar", "", Kind::Single, FORWARD),
    says("activation::hard_sigmoid", "", Kind::Single, FORWARD),
    says("activation::hard_swish", "", Kind::Single, FORWARD),
    says(
        "activation::gelu",
        "",
        Kind::Mistake,
        "The value is the exact one, by `erf`; the default `gelu_backward` is \"the derivative of \
        the approximate gelu implementation based on tanh\" (burn-backend, ops/activation.rs). Flex has its own.",
    ),
    says("activation::sigmoid", "", Kind::Single, SIGMOID),
    says("activation::silu", "", Kind::Single, SIGMOID),
    says("activation::glu", "", Kind::Single, SIGMOID),
    says("module::deform_conv2d", "", Kind::Single, FORWARD),
    says(
        "cross",
        "shape",
        Kind::Mistake,
        "The gradient of a broadcast input is not summed: it has the shape of the output.",
    ),
    says("repeat*", "shape", Kind::Fails, "An input without elements gets a gradient of another shape."),
    says("cumprod", "panicked", Kind::Fails, EMPTY),
    says("unfold", "panicked", Kind::Fails, EMPTY),
    says("cat", "panicked", Kind::Fails, EMPTY),
    says("scatter*", "tie", Kind::Policy, TIES),
    says("select_assign*", "tie", Kind::Policy, TIES),
    says("scatter*", "extent", Kind::Policy, REPEATED),
    says("select_assign*", "extent", Kind::Policy, REPEATED),
    says(
        "module::conv1d",
        "",
        Kind::Mistake,
        "With groups, and a stride that leaves elements over, the gradient of the kernel is \
        longer than the kernel; `conv1d_weight_grad_groups` does not cut it, as `conv2d_weight_grad_groups` does since \
        tracel-ai/burn#1891 (burn-backend, ops/modules/conv.rs). Flex writes over the next group; ndarray panics.",
    ),
    says("module::conv_transpose*", "panicked", Kind::Fails, SIZES),
    says("module::interpolate*", "support", Kind::Fails, "Stated by the panic: not supported."),
];

pub const NOT_TRIED: &str = "\
- The `cpu`, CUDA, ROCm, Metal and WebGPU backends: they need a compiler or a device. Their defects cannot show here: \
tracel-ai/burn#5296 and #5308 (average pooling returns a buffer that was never written), #5304 (a matrix product with a transposed \
left side), #4466 (max pooling uses one dilation for both axes). The sweeps hold the shapes that show them.
- Inputs without elements in matrix products, convolutions and layers: `matmul` of flex reads out of bounds there (a segmentation \
fault, in `gemm`), so they are kept from it.
- `module::interpolate`, nearest exact: neither backend has it.
- Gradient checkpointing, `detach`, `random`, `dropout`, quantized and complex tensors, `stft`, linear algebra of burn-linalg.
- Modules of burn-nn: they compose these operations.

#4063 (an indexed assignment that was taken for an addition) and #4069 (the sign of `cross`, the slices of `cat` where some inputs \
need no gradient) are gone: `scatter`, `select_assign`, `cat` and `cross` without broadcasting pass.";
