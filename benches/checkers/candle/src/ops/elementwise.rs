//! Arithmetic, functions of one number, activations, comparisons.

use adapters::Input;
use candle_core::{DType, Device, Tensor};
use candle_nn::Module;

use super::{Row, case, op, single};

const SHAPE: [usize; 2] = [2, 3];

fn positive() -> Input {
    Input::positive(&SHAPE)
}

pub fn rows() -> Vec<Row> {
    let mut rows = arithmetic();
    rows.extend(unary());
    rows.extend(activations());
    rows
}

fn arithmetic() -> Vec<Row> {
    let away = || Input::within(&SHAPE, 0.4, 2.5);
    vec![
        op("add", [SHAPE, SHAPE], |x| &x[0] + &x[1]),
        op("sub", [SHAPE, SHAPE], |x| &x[0] - &x[1]),
        op("mul", [SHAPE, SHAPE], |x| &x[0] * &x[1]),
        op("div", [SHAPE.into(), away()], |x| &x[0] / &x[1]),
        op("broadcast_add", [[4, 1], [1, 3]], |x| x[0].broadcast_add(&x[1])),
        op("broadcast_sub", [[4, 1], [1, 3]], |x| x[0].broadcast_sub(&x[1])),
        op("broadcast_mul", [Input::new(&[2, 4, 3]), Input::new(&[3])], |x| x[0].broadcast_mul(&x[1])),
        op("broadcast_div", [Input::new(&[2, 3]), Input::within(&[2, 1], 0.4, 2.5)], |x| x[0].broadcast_div(&x[1])),
        op("maximum", [SHAPE, SHAPE], |x| x[0].maximum(&x[1])),
        op("minimum", [SHAPE, SHAPE], |x| x[0].minimum(&x[1])),
        op("broadcast_maximum", [[4, 1], [1, 3]], |x| x[0].broadcast_maximum(&x[1])),
        op("broadcast_minimum", [[4, 1], [1, 3]], |x| x[0].broadcast_minimum(&x[1])),
        op("pow", [positive(), SHAPE.into()], |x| x[0].pow(&x[1])),
        op("broadcast_pow", [Input::positive(&[2, 1]), Input::new(&[1, 3])], |x| x[0].broadcast_pow(&x[1])),
        op("affine", [SHAPE], |x| x[0].affine(-1.7, 0.4)),
        op("affine by zero", [SHAPE], |x| x[0].affine(0.0, 0.4)),
        op("clamp", [SHAPE], |x| x[0].clamp(-0.9, 1.1)),
        op("where_cond", [SHAPE, SHAPE], |x| x[0].gt(&x[1])?.where_cond(&x[0], &x[1])),
        op("to_dtype", [SHAPE], |x| x[0].to_dtype(DType::F64)?.sqr()),
    ]
}

fn unary() -> Vec<Row> {
    let powf = op("powf", [positive()], |x| x[0].powf(1.7));
    let powf = case(powf, "exponent 2, any sign", [SHAPE], |x| x[0].powf(2.0));
    vec![
        op("exp", [SHAPE], |x| x[0].exp()),
        op("log", [positive()], |x| x[0].log()),
        op("sin", [SHAPE], |x| x[0].sin()),
        op("cos", [SHAPE], |x| x[0].cos()),
        op("tanh", [SHAPE], |x| x[0].tanh()),
        op("abs", [SHAPE], |x| x[0].abs()),
        op("neg", [SHAPE], |x| x[0].neg()),
        op("recip", [Input::within(&SHAPE, 0.3, 3.0)], |x| x[0].recip()),
        op("sqr", [SHAPE], |x| x[0].sqr()),
        op("sqrt", [positive()], |x| x[0].sqrt()),
        op("erf", [SHAPE], |x| x[0].erf()),
        powf,
        op("floor plus x", [SHAPE], |x| x[0].floor()? + &x[0]),
        op("round plus x", [SHAPE], |x| x[0].round()? + &x[0]),
        op("ceil plus x", [SHAPE], |x| x[0].ceil()? + &x[0]),
        op("sign times x", [SHAPE], |x| x[0].sign()? * &x[0]),
        op("floor", [SHAPE], |x| x[0].floor()),
        op("round", [SHAPE], |x| x[0].round()),
        op("ceil", [SHAPE], |x| x[0].ceil()),
        op("sign", [SHAPE], |x| x[0].sign()),
    ]
}

fn activations() -> Vec<Row> {
    use candle_nn::ops;
    let prelu = op("candle_nn::PReLU", [Input::new(&[2, 3, 4]), Input::new(&[3])], |x| {
        candle_nn::PReLU::new(x[1].clone(), false).forward(&x[0])
    });
    vec![
        op("relu", [SHAPE], |x| x[0].relu()),
        op("gelu", [SHAPE], |x| x[0].gelu()),
        op("gelu_erf", [SHAPE], |x| x[0].gelu_erf()),
        op("silu", [SHAPE], |x| x[0].silu()),
        op("elu", [SHAPE], |x| x[0].elu(0.7)),
        op("candle_nn::sigmoid", [SHAPE], |x| ops::sigmoid(&x[0])),
        op("candle_nn::hard_sigmoid", [SHAPE], |x| ops::hard_sigmoid(&x[0])),
        op("candle_nn::mish", [SHAPE], |x| ops::mish(&x[0])),
        op("candle_nn::leaky_relu", [SHAPE], |x| ops::leaky_relu(&x[0], 0.1)),
        single("candle_nn::selu, f32", [Input::new(&SHAPE)], |x| ops::selu(&x[0], 1.6, 1.05)),
        op("candle_nn::silu", [SHAPE], |x| ops::silu(&x[0])),
        op("candle_nn::swiglu", [[2, 6]], |x| ops::swiglu(&x[0])),
        op("Activation::Relu2", [SHAPE], |x| candle_nn::Activation::Relu2.forward(&x[0])),
        op("Activation::Relu6", [SHAPE], |x| candle_nn::Activation::Relu6.forward(&x[0])),
        op("Activation::HardSwish", [SHAPE], |x| candle_nn::Activation::HardSwish.forward(&x[0])),
        op("Activation::NewGelu", [SHAPE], |x| candle_nn::Activation::NewGelu.forward(&x[0])),
        op("candle_nn::dropout", [[2, 3]], |x| {
            // A fixed mask, as dropout draws: kept values times 1/(1 − p).
            let mask = Tensor::new(&[[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]], &Device::Cpu)?;
            candle_nn::Dropout::new(0.4).forward(&x[0], false)?.broadcast_mul(&(mask / 0.6)?)
        }),
        prelu,
    ]
}
