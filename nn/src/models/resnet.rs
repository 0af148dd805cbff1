//! Residual networks for images, and the same networks without shortcuts.

use autodiff::{Real, Scope, Var};

use crate::initializers::{Distribution, Fan, Initial};
use crate::layers::BatchNorm;
use crate::layers::Linear;
use crate::layers::Relu;
use crate::layers::Residual;
use crate::layers::{Conv2d, ConvSettings, GlobalPool, Padding, Pool, Pooling};
use crate::module::Module;
use crate::settings::require;

/// The architecture of a [`ResNet`].
#[derive(Clone, Debug, PartialEq)]
pub struct ResNetSettings {
    /// The channels of the images.
    pub channels: usize,
    /// The number of classes.
    pub classes: usize,
    /// For each stage its channels and its number of blocks. Each stage after the first halves height and width.
    pub stages: Vec<(usize, usize)>,
    /// Whether the first convolution has kernel 7 and stride 2, followed by max pooling of stride 2, instead of kernel 3.
    pub large_images: bool,
    /// Whether batch normalization and relu are before each convolution (He 2016) instead of after.
    pub pre_activation: bool,
    /// Whether the last weight of each block starts at 0, so that the block starts as the identity (Goyal 2017).
    pub zero_last_scale: bool,
    /// Whether there are shortcuts. Without, the network is the plain counterpart, which degrades with depth.
    pub shortcuts: bool,
}

impl ResNetSettings {
    /// The networks for CIFAR-10 of He 2015, section 4.2: depth `6n + 2` (20, 32, 44, 56, 110) with `n` blocks in each of three
    /// stages of 16, 32 and 64 channels. Unlike there, a shortcut that changes the channels is a projection with parameters.
    ///
    /// `None` unless `depth` is `6n + 2` with `n` at least 1.
    pub fn cifar(depth: usize, channels: usize, classes: usize) -> Option<Self> {
        let blocks = depth.checked_sub(2)?;
        let blocks = (blocks > 0 && blocks.is_multiple_of(6)).then_some(blocks / 6)?;
        Some(ResNetSettings::small(channels, classes, vec![(16, blocks), (32, blocks), (64, blocks)]))
    }

    /// ResNet-18 (He 2015, table 1), for images of 224×224: 11,689,512 parameters with 3 channels and 1000 classes.
    pub fn resnet18(channels: usize, classes: usize) -> Self {
        let stages = [64, 128, 256, 512].map(|width| (width, 2)).to_vec();
        ResNetSettings { large_images: true, ..ResNetSettings::small(channels, classes, stages) }
    }

    /// A network of these stages for small images: post-activation, with shortcuts, all normalization weights 1 at first.
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

    /// The same network without shortcuts.
    #[must_use]
    pub fn plain(self) -> Self {
        ResNetSettings { shortcuts: false, ..self }
    }
}

/// A convolutional network of residual blocks (He 2015).
///
/// # Shapes
/// Input `[samples, channels, height, width]`, output logits `[samples, classes]`.
#[derive(Debug)]
pub struct ResNet {
    stem: (Conv2d, Option<Normalized>, Option<Pool<2>>),
    blocks: Vec<Block>,
    /// After the last block, in the pre-activation form.
    last: Option<Normalized>,
    head: (GlobalPool, Linear),
}

type Normalized = (BatchNorm, Relu);

/// A convolution, with normalization and relu before it in the pre-activation form, after it in the other.
type Layer = (Option<Normalized>, Conv2d, Option<BatchNorm>, Option<Relu>);

type Block = Residual<(Layer, Layer), Option<(Conv2d, Option<BatchNorm>)>, Option<Relu>>;

/// A convolution without bias, as there is a batch normalization, with He weights that preserve the scale of gradients.
fn convolution<T: Real>(scope: Scope<'_, T>, channels: [usize; 2], [kernel, stride]: [usize; 2], gain: f64) -> Conv2d {
    let settings =
        ConvSettings { stride: [stride; 2], padding: Padding::Zeros([kernel / 2; 2]), ..ConvSettings::default() };
    let weight = Initial::VarianceScaling { scale: 2.0 * gain, fan: Fan::Out, distribution: Distribution::Normal };
    Conv2d::with_initializers(scope, channels[0], channels[1], [kernel; 2], settings, weight, None)
}

/// The most blocks in all.
const MOST_BLOCKS: usize = 4096;

impl ResNet {
    /// Registers the network. Parameters have names such as `stem.conv.weight`, `stages.1.0.bn2.bias`, `head.weight`.
    ///
    /// More than 4096 blocks in all, and weights that do not fit into memory, are errors of the [`Params`](autodiff::Params) and
    /// of every tape that uses them.
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
            for index in 0..count.min(MOST_BLOCKS) {
                let stride = if stage > 0 && index == 0 { 2 } else { 1 };
                blocks.push(block(scope.child(&format!("stages.{stage}.{index}")), [from, to], stride, settings));
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
    let kernel_and_stride = if settings.large_images { [7, 2] } else { [3, 1] };
    let conv = convolution(scope.child("conv"), [settings.channels, width], kernel_and_stride, 1.0);
    let norm = (!settings.pre_activation).then(|| (BatchNorm::new(scope.child("bn"), width), Relu));
    (conv, norm, settings.large_images.then(|| Pool::max([3; 2]).stride([2; 2]).padding([1; 2])))
}

fn block<T: Real>(mut scope: Scope<'_, T>, [from, to]: [usize; 2], stride: usize, settings: &ResNetSettings) -> Block {
    let pre = settings.pre_activation;
    let last_scale = if settings.zero_last_scale && settings.shortcuts { 0.0 } else { 1.0 };
    let mut layer = |number: usize, [from, to]: [usize; 2], stride: usize, scale: f64| -> Layer {
        let (conv, norm) = (format!("conv{number}"), format!("bn{number}"));
        // Before a convolution, a weight of 0 would put every value on relu's kink; the convolution starts at 0 instead.
        let gain = if pre { scale } else { 1.0 };
        let before = pre.then(|| (BatchNorm::new(scope.child(&norm), from), Relu));
        let conv = convolution(scope.child(&conv), [from, to], [3, stride], gain);
        let after = (!pre).then(|| BatchNorm::with_scale(scope.child(&norm), to, scale));
        (before, conv, after, (!pre && number == 1).then_some(Relu))
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
    fn the_number_of_parameters_is_the_published_one() {
        assert_eq!(count(&ResNetSettings::resnet18(3, 1000)), 11_689_512);
        // 0.27 M in He 2015, table 6, and 2752 of the two projections.
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
