//! Layers, normalizations and losses of candle-nn.

use adapters::Input;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::{LayerNorm, Module, loss, ops, rotary_emb};

use super::{Row, case, indices, op, single};

fn inputs<const N: usize>(shapes: [&[usize]; N]) -> [Input; N] {
    shapes.map(Input::new)
}

pub fn rows() -> Vec<Row> {
    let mut rows = normalizations();
    rows.extend(losses());
    rows.extend(layers());
    rows
}

fn normalizations() -> Vec<Row> {
    let softmax = op("candle_nn::softmax", [[2, 3, 4]], |x| ops::softmax(&x[0], 1));
    let softmax = case(softmax, "last axis", [[2, 3, 4]], |x| ops::softmax(&x[0], D::Minus1));
    let log_softmax = op("candle_nn::log_softmax", [[2, 3, 4]], |x| ops::log_softmax(&x[0], 1));
    let one = || inputs([&[3, 4], &[4]]);
    let two = || inputs([&[3, 4], &[4], &[4]]);
    vec![
        softmax,
        case(log_softmax, "last axis", [[2, 3, 4]], |x| ops::log_softmax(&x[0], D::Minus1)),
        op("candle_nn::softmax_last_dim", [[2, 3]], |x| ops::softmax_last_dim(&x[0])),
        single("candle_nn::ops::rms_norm, f32", one(), |x| ops::rms_norm(&x[0], &x[1], 1e-5)),
        op("candle_nn::ops::rms_norm_slow", one(), |x| ops::rms_norm_slow(&x[0], &x[1], 1e-5)),
        single("candle_nn::ops::layer_norm, f32", two(), |x| ops::layer_norm(&x[0], &x[1], &x[2], 1e-5)),
        op("candle_nn::ops::layer_norm_slow", two(), |x| ops::layer_norm_slow(&x[0], &x[1], &x[2], 1e-5)),
        single("candle_nn::LayerNorm, f32", two(), |x| LayerNorm::new(x[1].clone(), x[2].clone(), 1e-5).forward(&x[0])),
        op("candle_nn::LayerNorm, no bias", one(), |x| LayerNorm::new_no_bias(x[1].clone(), 1e-5).forward(&x[0])),
        single("candle_nn::RmsNorm, f32", one(), |x| candle_nn::RmsNorm::new(x[1].clone(), 1e-5).forward(&x[0])),
        op("candle_nn::RmsNorm::forward_diff", one(), |x| {
            candle_nn::RmsNorm::new(x[1].clone(), 1e-5).forward_diff(&x[0])
        }),
        op("candle_nn::GroupNorm", inputs([&[2, 4, 3], &[4], &[4]]), |x| {
            candle_nn::GroupNorm::new(x[1].clone(), x[2].clone(), 4, 2, 1e-5)?.forward(&x[0])
        }),
        op("candle_nn::BatchNorm, training", inputs([&[3, 2, 4], &[2], &[2]]), |x| {
            let zeros = Tensor::zeros(2, DType::F64, &Device::Cpu)?;
            candle_nn::BatchNorm::new(2, zeros.clone(), zeros.ones_like()?, x[1].clone(), x[2].clone(), 1e-5)?
                .forward_train(&x[0])
        }),
    ]
}

fn losses() -> Vec<Row> {
    let targets = || Input::within(&[4, 3], 0.05, 0.95);
    let classes = |x: &Tensor| indices(&[x.dim(0)?], x.dim(1)?);
    vec![
        op("candle_nn::loss::nll", [[4, 3]], move |x| loss::nll(&x[0], &classes(&x[0])?)),
        op("candle_nn::loss::cross_entropy", [[4, 3]], move |x| loss::cross_entropy(&x[0], &classes(&x[0])?)),
        op("candle_nn::loss::mse", [[4, 3], [4, 3]], |x| loss::mse(&x[0], &x[1])),
        op("candle_nn::loss::bce_with_logit", [Input::new(&[4, 3]), targets()], |x| {
            loss::binary_cross_entropy_with_logit(&x[0], &x[1])
        }),
        op("candle_nn::loss::huber", [[4, 3], [4, 3]], |x| loss::huber(&x[0], &x[1], 0.8)),
    ]
}

type Rotary = fn(&Tensor, &Tensor, &Tensor) -> Result<Tensor>;

fn layers() -> Vec<Row> {
    let rotary = |name: &str, rope: Rotary| {
        op(name, inputs([&[1, 2, 3, 4], &[3, 2], &[3, 2]]), move |x| rope(&x[0], &x[1], &x[2]))
    };
    vec![
        op("candle_nn::Linear", inputs([&[3, 4], &[2, 4], &[2]]), |x| {
            candle_nn::Linear::new(x[1].clone(), Some(x[2].clone())).forward(&x[0])
        }),
        op("candle_nn::Embedding", [[5, 3]], |x| {
            candle_nn::Embedding::new(x[0].clone(), 3).forward(&indices(&[2, 4], x[0].dim(0)?)?)
        }),
        op("candle_nn::Conv2d, bias", inputs([&[1, 2, 4, 5], &[3, 2, 2, 3], &[3]]), |x| {
            let config = candle_nn::Conv2dConfig { padding: 1, stride: 2, ..Default::default() };
            candle_nn::Conv2d::new(x[1].clone(), Some(x[2].clone()), config).forward(&x[0])
        }),
        rotary("candle_nn::rope", rotary_emb::rope),
        rotary("candle_nn::rope_slow", rotary_emb::rope_slow),
        rotary("candle_nn::rope_i", rotary_emb::rope_i),
        rotary("candle_nn::rope_i_slow", rotary_emb::rope_i_slow),
        op("candle_nn::rope_thd", inputs([&[1, 3, 2, 4], &[3, 2], &[3, 2]]), |x| {
            rotary_emb::rope_thd(&x[0], &x[1], &x[2])
        }),
        op("candle_nn::ops::layer_norm, transposed", inputs([&[4, 3], &[4], &[4]]), |x| {
            let x = [x[0].t()?, x[1].clone(), x[2].clone()];
            let x: Vec<Tensor> = x.iter().map(|x| x.to_dtype(DType::F32)).collect::<Result<_>>()?;
            ops::layer_norm(&x[0], &x[1], &x[2], 1e-5)?.to_dtype(DType::F64)
        })
        .single(),
        op("candle_nn::pixel_shuffle", [[1, 4, 2, 3]], |x| ops::pixel_shuffle(&x[0], 2)),
        op("candle_nn::pixel_unshuffle", [[1, 1, 4, 6]], |x| ops::pixel_unshuffle(&x[0], 2)),
        op("candle_nn::replication_pad2d", [[1, 2, 3, 4]], |x| ops::replication_pad2d(&x[0], 1)),
    ]
}
