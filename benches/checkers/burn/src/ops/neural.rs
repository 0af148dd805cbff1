//! Softmax, normalizations, layers and losses.

use adapters::Input;
use burn_tensor::ops::{AttentionModuleOptions, GridSampleOptions, InterpolateMode};
use burn_tensor::{Int, Tensor, activation as act, loss, module as m};

use super::{indices, pair, row, triple};
use crate::ranks::{Row, one, three, two};

type T2 = Tensor<2>;
type T3 = Tensor<3>;
type T4 = Tensor<4>;
/// A function along an axis.
type Along = fn(T3, usize) -> T3;

pub fn rows() -> Vec<Row> {
    let mut rows = softmaxes();
    rows.extend(normalizations());
    rows.extend(layers());
    rows
}

fn softmaxes() -> Vec<Row> {
    let all: [(&str, Along); 4] = [
        ("activation::softmax", |x, axis| act::softmax(x, axis)),
        ("activation::softmin", |x, axis| act::softmin(x, axis)),
        ("activation::log_softmax", |x, axis| act::log_softmax(x, axis)),
        ("activation::quiet_softmax", |x, axis| act::quiet_softmax(x, axis)),
    ];
    let each = |(name, function): (&str, Along)| {
        (0..3).fold(row(name), |row, axis| one(row, &format!("axis {axis}"), [2, 3, 4], move |x| function(x, axis)))
    };
    all.into_iter().map(each).collect()
}

fn normalizations() -> Vec<Row> {
    let batch = three(row("module::batch_norm_train"), "", triple(&[3, 2, 4], &[2], &[2]), |x: T3, g, b| {
        m::batch_norm_train(x, g, b, 1e-5).output
    });
    let batch =
        three(batch, "rank 2", triple(&[4, 3], &[3], &[3]), |x: T2, g, b| m::batch_norm_train(x, g, b, 1e-5).output);
    vec![
        three(row("module::layer_norm"), "", triple(&[2, 3, 4], &[4], &[4]), |x: T3, g, b| {
            m::layer_norm(x, g, Some(b), 1e-5)
        }),
        two(row("module::layer_norm, no bias"), "", pair(&[3, 4], &[4]), |x: T2, g| m::layer_norm(x, g, None, 1e-5)),
        batch,
        two(row("rms norm, composed"), "", pair(&[3, 4], &[1, 4]), |x: T2, g: T2| {
            let rms = (x.clone().square().mean_dim(1) + 1e-5).sqrt();
            x / rms * g
        }),
    ]
}

fn layers() -> Vec<Row> {
    let targets = Input::within(&[4, 3], 0.05, 0.95);
    let linear =
        three(row("module::linear"), "", triple(&[3, 4], &[4, 2], &[2]), |x: T2, w: T2, b| m::linear(x, w, Some(b)));
    let linear = three(linear, "rank 3", triple(&[2, 3, 4], &[4, 2], &[2]), |x: T3, w: T2, b| m::linear(x, w, Some(b)));
    let linear = two(linear, "rank 1, no bias", pair(&[4], &[4, 2]), |x: Tensor<1>, w: T2| m::linear(x, w, None));
    let attention = |causal: bool| {
        move |q: T4, k: T4, v: T4| {
            let options = AttentionModuleOptions { is_causal: causal, ..Default::default() };
            m::attention(q, k, v, None, None, options)
        }
    };
    let attended = || triple(&[1, 2, 3, 4], &[1, 2, 5, 4], &[1, 2, 5, 2]);
    let attend = three(row("module::attention"), "", attended(), attention(false));
    let grid = |mode: InterpolateMode| move |x: T4, at: T4| x.grid_sample_2d(at, GridSampleOptions::new(mode.clone()));
    let sampled = || [Input::new(&[1, 2, 4, 5]), Input::within(&[1, 3, 2, 2], -0.9, 0.9)];
    vec![
        linear,
        one(row("module::embedding"), "", [5, 3], |w: T2| {
            let index: Tensor<2, Int> = indices([2, 4], w.dims()[0], &w.device());
            m::embedding(w, index)
        }),
        three(attend, "causal", triple(&[1, 2, 3, 4], &[1, 2, 3, 4], &[1, 2, 3, 2]), attention(true)),
        two(row("loss::cross_entropy_with_logits"), "", [Input::new(&[4, 3]), targets], |x: T2, t: T2| {
            loss::cross_entropy_with_logits(x, t)
        }),
        two(row("grid_sample_2d, bilinear"), "", sampled(), grid(InterpolateMode::Bilinear)),
        one(row("module::ctc_loss"), "", [6, 2, 4], |x: T3| {
            let device = x.device();
            let ints = |all: Vec<i64>| Tensor::<1, Int>::from_data(burn_tensor::TensorData::new(all, [2]), &device);
            let targets = Tensor::<2, Int>::from_data([[1, 2, 2], [3, 1, 0]], &device);
            m::ctc_loss(act::log_softmax(x, 2), targets, ints(vec![6, 5]), ints(vec![3, 2]), 0)
        }),
    ]
}
