//! Normalizations, convolutions, poolings and residual nets against `modules.json`, which `modules.py` wrote.

use std::collections::BTreeMap;

use autodiff::{Params, Scope};
use nn::*;
use serde::Deserialize;

use crate::torch::Case;

#[derive(Deserialize)]
struct Attributes(BTreeMap<String, f64>);

impl Attributes {
    fn number(&self, name: &str) -> usize {
        self.0[name] as usize
    }
    fn both(&self, name: &str) -> [usize; 2] {
        [self.number(name); 2]
    }
    fn pooling(&self) -> Pooling {
        if self.number("max") == 1 { Pooling::Max } else { Pooling::Average }
    }
}

fn settings<const N: usize>(of: &Attributes) -> ConvSettings<N> {
    ConvSettings {
        stride: [of.number("stride"); N],
        padding: Padding::Zeros([of.number("padding"); N]),
        dilation: [of.number("dilation"); N],
        groups: of.number("groups"),
    }
}

fn transposed<const N: usize>(of: &Attributes) -> ConvTransposeSettings<N> {
    ConvTransposeSettings {
        stride: [of.number("stride"); N],
        padding: [of.number("padding"); N],
        output_padding: [of.number("extra"); N],
        dilation: [of.number("dilation"); N],
        groups: of.number("groups"),
    }
}

fn pool<const N: usize>(of: &Attributes) -> Pool<N> {
    let every = |name: &str| [of.number(name); N];
    let pool = Pool::new(of.pooling(), every("kernel")).stride(every("stride"));
    let pool = pool.padding(every("padding")).dilation(every("dilation"));
    let pool = if of.number("ceil") == 1 { pool.ceil() } else { pool };
    if of.number("counts") == 1 { pool } else { pool.without_padding_in_means() }
}

/// The module of a case; its parameters are registered in the order of the case's.
fn module(case: &Case<Attributes>, params: &mut Params<f64>) -> Box<dyn Module<f64>> {
    let of = &case.attributes;
    let shape = &case.x.shape;
    let channels = shape.get(1).copied().unwrap_or(1);
    let out = case.value.shape.get(1).copied().unwrap_or(1);
    let mut scope = params.scope("module");
    let same = ConvSettings { padding: Padding::Same, ..ConvSettings::default() };
    let circular = ConvSettings { padding: Padding::Circular([1, 2]), ..ConvSettings::default() };
    match case.name.as_str() {
        "batch_norm" => Box::new(BatchNorm::new(scope, channels)),
        "layer_norm" => Box::new(LayerNorm::new(scope, &shape[1..])),
        "group_norm" => Box::new(GroupNorm::new(scope, channels, of.number("groups"))),
        "instance_norm" => Box::new(InstanceNorm::new(scope, channels)),
        "rms_norm" => Box::new(RmsNorm::new(scope, shape[2])),
        "zca" => whitening(scope, channels, of, Whitening::Zca),
        "newton_schulz" => whitening(scope, channels, of, Whitening::NewtonSchulz(5)),
        "conv1d" => Box::new(Conv1d::with(scope, channels, out, [of.number("kernel")], settings(of))),
        "conv2d" => Box::new(Conv2d::with(scope, channels, out, of.both("kernel"), settings(of))),
        "conv2d_same" => Box::new(Conv2d::with(scope, channels, out, of.both("kernel"), same)),
        "conv2d_circular" => Box::new(Conv2d::with(scope, channels, out, [3, 5], circular)),
        "conv2d_weight_norm" => {
            let conv = Conv2d::new(scope.child("conv"), channels, out, [2, 2]);
            Box::new(conv.weight_norm(scope.child("conv")))
        }
        "conv_transpose1d" => {
            Box::new(ConvTranspose1d::with(scope, channels, out, [of.number("kernel")], transposed(of)))
        }
        "conv_transpose2d" => Box::new(ConvTranspose2d::with(scope, channels, out, of.both("kernel"), transposed(of))),
        "pool1d" => Box::new(pool::<1>(of)),
        "pool2d" => Box::new(pool::<2>(of)),
        "adaptive2d" => Box::new(AdaptivePool { pooling: of.pooling(), output_size: [3, 2] }),
        "global" => Box::new(GlobalPool(of.pooling())),
        "resnet" => Box::new(ResNet::new(scope, &ResNetSettings::small(1, 2, vec![(2, 1), (3, 1)]))),
        name => panic!("no module is called {name}"),
    }
}

fn whitening(scope: Scope<'_, f64>, channels: usize, of: &Attributes, how: Whitening) -> Box<dyn Module<f64>> {
    Box::new(WhitenNorm::grouped(scope, channels, of.number("groups"), how).epsilon(1e-2))
}

#[test]
fn modules_and_their_gradients_agree_with_pytorch() {
    let cases: Vec<Case<Attributes>> = serde_json::from_str(include_str!("modules.json")).unwrap();
    for case in &cases {
        case.check(module);
    }
}
