//! Residual networks for images, and the same networks without shortcuts.

use autodiff::{Real, Scope, Var};

use crate::layers::Relu;
use crate::layers::{Conv2d, ConvSettings, GlobalPool, Padding, Pool, Pooling};
use crate::initializers::{Draw, Fan, Initial};
use crate::layers::Linear;
use crate::module::Module;
use crate::layers::BatchNorm;
use crate::layers::Residual;
use crate::settings::require;

/// How a [`ResNet`] is built.
#[derive(Clone, Debug, PartialEq)]
pub struct ResNetSettings {
    /// Channels of the images.
    pub channels: usize,
    /// Classes, places of the output.
    pub classes: usize,
    /// For each stage its channels and its number of blocks; each stage after the first halves height and width.
    pub stages: Vec<(usize, usize)>,
    /// A first convolution of kernel 7 and stride 2 with a max pooling of stride 2, for large images, instead of one of kernel 3.
    pub large_images: bool,
    /// Batch normalization and relu before each convolution (He 2016) instead of behind.
    pub pre_activation: bool,
    /// The last scale of each block starts at 0, so that the block starts as the identity (Goyal 2017).
    pub zero_last_scale: bool,
    /// The shortcuts. Without, the network is the plain counterpart that degrades with depth.
    pub shortcuts: bool,
}

impl ResNetSettings {
    /// The networks for CIFAR-10 of He 2015, section 4.2: depth `6n + 2` (20, 32, 44, 56, 110) with `n` blocks in each of three
    /// stages of 16, 32 and 64 channels. Their shortcuts have no parameters there; here a change of channels is a projection.
    ///
    /// Nothing unless `depth` is `6n + 2` with `n` at least 1.
    pub fn cifar(depth: usize, channels: usize, classes: usize) -> Option<Self> {
        let blocks = depth.checked_sub(2)?;
        let blocks = (blocks > 0 && blocks.is_multiple_of(6)).then_some(blocks / 6)?;
        Some(ResNetSettings::small(channels, classes, vec![(16, blocks), (32, blocks), (64, blocks)]))
    }

    /// ResNet-18 (He 2015, table 1), for images of 224×224: 11 689 512 parameters with 3 channels and 1000 classes.
    pub fn resnet18(channels: usize, classes: usize) -> Self {
        let stages = [64, 128, 256, 512].map(|width| (width, 2)).to_vec();
        ResNetSettings { large_images: true, ..ResNetSettings::small(channels, classes, stages) }
    }

    /// With these stages, for small images: post-activation, with shortcuts, all scales starting at 1.
    pub fn small(channels: usize, classes: usize, stages: Vec<(usize, usize)>) -> Self {
        ResNetSettings {
            channels,
            classes,
            stages,
            large_images: false,
            pre_activation: false,
            zero_last_scale: false,
            shortcuts: true,
        }
    }

    /// The same without shortcuts.
    #[must_use]
    pub fn plain(self) -> Self {
        ResNetSettings { shortcuts: false, ..self }
    }
}

/// A convolutional network of residual blocks (He 2015): `[samples, channels, height, width]` to `[samples, classes]`, logits.
#[derive(Debug)]
pub struct ResNet {
    stem: (Conv2d, Option<Normalized>, Option<Pool<2>>),
    blocks: Vec<Block>,
    /// Behind the last block of the pre-activation form.
    last: Option<Normalized>,
    head: (GlobalPool, Linear),
}

type Normalized = (BatchNorm, Relu);

/// What stands before the convolution in the pre-activation form, the convolution, and what stands behind in the other.
type Layer = (Option<Normalized>, Conv2d, Option<BatchNorm>, Option<Relu>);

type Block = Residual<(Layer, Layer), Option<(Conv2d, Option<BatchNorm>)>, Option<Relu>>;

/// Without bias: a batch normalization follows or precedes. `He` weights by the fan that keeps the scale of gradients.
fn convolution<T: Real>(scope: Scope<'_, T>, channels: [usize; 2], [kernel, stride]: [usize; 2], gain: f64) -> Conv2d {
    let settings =
        ConvSettings { stride: [stride; 2], padding: Padding::Zeros([kernel / 2; 2]), ..ConvSettings::default() };
    let weight = Initial::VarianceScaling { scale: 2.0 * gain, fan: Fan::Out, draw: Draw::Normal };
    Conv2d::with_initializers(scope, channels[0], channels[1], [kernel; 2], settings, weight, None)
}

/// The most blocks of all stages: each is a handful of parameters with names of their own.
const MOST_BLOCKS: usize = 4096;

impl ResNet {
    /// The network; parameters are named as `stem.conv.weight`, `stages.1.0.bn2.bias`, `head.weight`.
    ///
    /// More than 4096 blocks in all are a mistake that the [`Params`](autodiff::Params) and every tape give, and so are
    /// weights that do not fit into memory.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, settings: &ResNetSettings) -> Self {
        let count = settings.stages.iter().fold(0, |sum: usize, &(_, count)| sum.saturating_add(count));
        if let Err(reason) = require("the number of blocks", count, count <= MOST_BLOCKS, "at most 4096") {
            scope.fail("stages", reason);
        }
        let width = settings.stages.first().map_or(settings.channels, |stage| stage.0);
        let stem = stem(scope.child("stem"), width, settings);
        let mut blocks = Vec::new();
        let mut from = width;
        for (stage, &(to, count)) in settings.stages.iter().enumerate() {
            for place in 0..count.min(MOST_BLOCKS) {
                let stride = if stage > 0 && place == 0 { 2 } else { 1 };
                blocks.push(block(scope.child(&format!("stages.{stage}.{place}")), [from, to], stride, settings));
                from = to;
            }
        }
        let last = settings.pre_activation.then(|| (BatchNorm::new(scope.child("bn"), from), Relu));
        let head = (GlobalPool(Pooling::Average), Linear::new(scope.child("head"), from, settings.classes));
        ResNet { stem, blocks, last, head }
    }
}

fn stem<T: Real>(
    mut scope: Scope<'_, T>,
    width: usize,
    settings: &ResNetSettings,
) -> (Conv2d, Option<Normalized>, Option<Pool<2>>) {
    let window = if settings.large_images { [7, 2] } else { [3, 1] };
    let conv = convolution(scope.child("conv"), [settings.channels, width], window, 1.0);
    let norm = (!settings.pre_activation).then(|| (BatchNorm::new(scope.child("bn"), width), Relu));
    (conv, norm, settings.large_images.then(|| Pool::max([3; 2]).stride([2; 2]).padding([1; 2])))
}

fn block<T: Real>(mut scope: Scope<'_, T>, [from, to]: [usize; 2], stride: usize, settings: &ResNetSettings) -> Block {
    let pre = settings.pre_activation;
    let last_scale = if settings.zero_last_scale && settings.shortcuts { 0.0 } else { 1.0 };
    let mut layer = |number: usize, [from, to]: [usize; 2], stride: usize, scale: f64| -> Layer {
        let (conv, norm) = (format!("conv{number}"), format!("bn{number}"));
        // Before the convolution, a scale of 0 would put every value on relu's kink; the weights start at 0 instead.
        let gain = if pre { scale } else { 1.0 };
        let before = pre.then(|| (BatchNorm::new(scope.child(&norm), from), Relu));
        let conv = convolution(scope.child(&conv), [from, to], [3, stride], gain);
        let behind = (!pre).then(|| BatchNorm::with_scale(scope.child(&norm), to, scale));
        (before, conv, behind, (!pre && number == 1).then_some(Relu))
    };
    let branch = (layer(1, [from, to], stride, 1.0), layer(2, [to, to], 1, last_scale));
    let changes = settings.shortcuts && (from != to || stride != 1);
    let shortcut = changes.then(|| {
        let conv = convolution(scope.child("shortcut.conv"), [from, to], [1, stride], 1.0);
        (conv, (!pre).then(|| BatchNorm::new(scope.child("shortcut.bn"), to)))
    });
    let block = Residual::new(branch).projected(shortcut).then((!pre).then_some(Relu));
    if settings.shortcuts { block } else { block.plain() }
}

impl<T: Real> Module<T> for ResNet {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let features = self.last.forward(self.blocks.forward(self.stem.forward(x)));
        self.head.forward(features)
    }
}

#[cfg(test)]
mod tests {
    use autodiff::{Dual, Mode, Params, Tape, Tensor, check};

    use super::*;

    fn count(settings: &ResNetSettings) -> usize {
        let mut params = Params::<f32>::new(0);
        ResNet::new(params.scope(""), settings);
        params.check().unwrap();
        params.flat().len()
    }

    #[test]
    fn parameters_are_as_many_as_published() {
        assert_eq!(count(&ResNetSettings::resnet18(3, 1000)), 11_689_512);
        // He 2015, table 6, says 0.27 M; the two projections have 2 752.
        assert_eq!(ResNetSettings::cifar(20, 3, 10).map(|settings| count(&settings)), Some(269_722 + 2_752));
        assert_eq!(ResNetSettings::cifar(21, 3, 10), None);
        assert_eq!(ResNetSettings::cifar(2, 3, 10), None);
        let plain = ResNetSettings::cifar(20, 3, 10).map(|settings| count(&settings.plain()));
        assert_eq!(plain, Some(269_722));
    }

    /// The logits for two small images, in training.
    fn logits(settings: &ResNetSettings) -> Tensor<f64> {
        let mut params = Params::new(3);
        let model = ResNet::new(params.scope("net"), settings);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let images = Tensor::from_fn([2, settings.channels, 8, 8], |k| (k as f64 * 0.37).sin());
        model.forward(t.input(&images)).value().unwrap()
    }

    #[test]
    fn every_form_gives_finite_logits() {
        let small = ResNetSettings::small(1, 3, vec![(2, 1), (3, 2)]);
        for pre_activation in [false, true] {
            for zero_last_scale in [false, true] {
                let with = ResNetSettings { pre_activation, zero_last_scale, ..small.clone() };
                for settings in [with.clone(), ResNetSettings { large_images: true, ..with.clone() }, with.plain()] {
                    let found = logits(&settings);
                    assert_eq!(found.shape()[..], [2, 3]);
                    assert!(found.data().iter().all(|x| x.is_finite()), "{settings:?}");
                }
            }
        }
    }

    #[test]
    fn gradients_agree_with_the_checker() {
        for pre_activation in [false, true] {
            let settings = ResNetSettings { pre_activation, ..ResNetSettings::small(1, 2, vec![(1, 1), (2, 1)]) };
            let mut params = Params::<f64>::new(5);
            let model = ResNet::new(params.scope("net"), &settings);
            let x: Tensor<Dual<f64>> = Tensor::from_fn([2, 1, 4, 4], |k| (k as f64 * 0.7).sin()).cast();
            check::model(&params, |t| model.forward(t.constant(&x)).square().sum(..)).unwrap().assert();
        }
    }
}
