//! Arithmetic, functions of one number, activations, comparisons.

use adapters::Input;
use burn_tensor::{DType, Tensor, activation as act};

use super::{pair, row};
use crate::ranks::{Row, one, two};

type T = Tensor<2>;

const SHAPE: [usize; 2] = [2, 3];

fn unary(name: &str, function: impl Fn(T) -> T + 'static) -> Row {
    one(row(name), "", SHAPE, function)
}

fn within(name: &str, low: f64, high: f64, function: impl Fn(T) -> T + 'static) -> Row {
    one(row(name), "", Input::within(&SHAPE, low, high), function)
}

fn binary(name: &str, function: impl Fn(T, T) -> T + Clone + 'static) -> Row {
    let row = two(row(name), "", pair(&SHAPE, &SHAPE), function.clone());
    two(row, "broadcast", pair(&[4, 1], &[1, 3]), function)
}

fn positive(name: &str, function: impl Fn(T, T) -> T + Clone + 'static) -> Row {
    let row = two(row(name), "", [Input::positive(&SHAPE), Input::new(&SHAPE)], function.clone());
    two(row, "broadcast", [Input::positive(&[2, 1]), Input::new(&[1, 3])], function)
}

fn divisor(name: &str, function: impl Fn(T, T) -> T + Clone + 'static) -> Row {
    let row = two(row(name), "", [Input::new(&SHAPE), Input::within(&SHAPE, 0.7, 2.5)], function.clone());
    two(row, "broadcast", [Input::new(&[2, 1]), Input::within(&[1, 3], 0.7, 2.5)], function)
}

pub fn rows() -> Vec<Row> {
    let mut rows = arithmetic();
    rows.extend(functions());
    rows.extend(activations());
    rows
}

fn arithmetic() -> Vec<Row> {
    vec![
        binary("add", |x, y| x + y),
        binary("sub", |x, y| x - y),
        binary("mul", |x, y| x * y),
        divisor("div", |x, y| x / y),
        divisor("remainder", |x, y| x.remainder(y)),
        divisor("fmod", |x, y| x.fmod(y)),
        positive("powf", |x, y| x.powf(y)),
        binary("atan2", |x, y| x.atan2(y)),
        binary("hypot", |x, y| x.hypot(y)),
        binary("max_pair", |x, y| x.max_pair(y)),
        binary("min_pair", |x, y| x.min_pair(y)),
        binary("mask_where", |x, y| {
            let mask = x.clone().greater(y.clone());
            (x.clone() * y.clone()).mask_where(mask, y + x.square())
        }),
        unary("mask_fill", |x| {
            let mask = x.clone().greater_scalar(0.3);
            x.square().mask_fill(mask, 1.5)
        }),
        unary("add_scalar", |x| x + 0.3),
        unary("sub_scalar", |x| x - 0.3),
        unary("mul_scalar", |x| x * 0.3),
        unary("div_scalar", |x| x / 0.3),
        unary("remainder_scalar", |x| x.remainder_scalar(0.7)),
        unary("fmod_scalar", |x| x.fmod_scalar(0.7)),
        within("powf_scalar", 0.2, 3.0, |x| x.powf_scalar(1.7)),
        unary("powf_scalar, 3", |x| x.powf_scalar(3.0)),
        unary("powi_scalar", |x| x.powi_scalar(3)),
        within("powi_scalar, −2", 0.4, 3.0, |x| x.powi_scalar(-2)),
        unary("clamp", |x| x.clamp(-0.9, 1.1)),
        unary("clamp_min", |x| x.clamp_min(-0.3)),
        unary("clamp_max", |x| x.clamp_max(0.3)),
    ]
}

fn functions() -> Vec<Row> {
    vec![
        unary("exp", T::exp),
        within("log", 0.1, 4.0, T::log),
        within("log1p", -0.8, 4.0, T::log1p),
        within("sqrt", 0.1, 4.0, T::sqrt),
        unary("square", T::square),
        within("recip", 0.3, 4.0, T::recip),
        unary("neg", |x| -x),
        unary("abs", T::abs),
        unary("sign times x", |x| x.clone().sign() * x),
        unary("sin", T::sin),
        unary("cos", T::cos),
        within("tan", -1.2, 1.2, T::tan),
        unary("sinh", T::sinh),
        unary("cosh", T::cosh),
        unary("tanh", T::tanh),
        within("asin", -0.9, 0.9, T::asin),
        within("acos", -0.9, 0.9, T::acos),
        unary("atan", T::atan),
        unary("asinh", T::asinh),
        within("acosh", 1.1, 5.0, T::acosh),
        within("atanh", -0.9, 0.9, T::atanh),
        unary("erf", T::erf),
        unary("deg2rad", T::deg2rad),
        unary("rad2deg", T::rad2deg),
        unary("floor plus x", |x| x.clone().floor() + x),
        unary("ceil plus x", |x| x.clone().ceil() + x),
        unary("round plus x", |x| x.clone().round() + x),
        unary("trunc plus x", |x| x.clone().trunc() + x),
        unary("cast to f64", |x| x.square().cast(DType::F64)),
    ]
}

fn activations() -> Vec<Row> {
    let prelu = two(row("activation::prelu"), "", pair(&[2, 3, 2], &[3]), |x: Tensor<3>, a| act::prelu(x, a));
    vec![
        unary("activation::relu", act::relu),
        unary("activation::hardtanh", |x| act::hardtanh(x, -0.8, 0.9)),
        unary("activation::tanhshrink", act::tanhshrink),
        unary("activation::relu6", act::relu6),
        unary("activation::leaky_relu", |x| act::leaky_relu(x, 0.1)),
        unary("activation::gelu", act::gelu),
        unary("activation::gelu_approximate", act::gelu_approximate),
        unary("activation::softplus", |x| act::softplus(x, 1.3)),
        unary("activation::softplus_with_threshold", |x| act::softplus_with_threshold(x, 1.3, 20.0)),
        unary("activation::sigmoid", act::sigmoid),
        unary("activation::hard_sigmoid", |x| act::hard_sigmoid(x, 0.2, 0.5)),
        unary("activation::log_sigmoid", act::log_sigmoid),
        unary("activation::silu", act::silu),
        unary("activation::hard_swish", act::hard_swish),
        unary("activation::mish", act::mish),
        unary("activation::elu", |x| act::elu(x, 0.7)),
        unary("activation::celu", |x| act::celu(x, 0.7)),
        unary("activation::selu", act::selu),
        unary("activation::thresholded_relu", |x| act::thresholded_relu(x, 0.4)),
        unary("activation::threshold", |x| act::threshold(x, 0.4, -1.0)),
        unary("activation::softsign", act::softsign),
        unary("activation::hard_shrink", |x| act::hard_shrink(x, 0.4)),
        unary("activation::soft_shrink", |x| act::soft_shrink(x, 0.4)),
        unary("activation::shrink", |x| act::shrink(x, 0.4, 0.2)),
        one(row("activation::glu"), "", [2, 4, 3], |x: Tensor<3>| act::glu(x, 1)),
        prelu,
    ]
}
