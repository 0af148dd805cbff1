//! Convolutions and pooling: extents, settings and values that do not fit are refused where they are registered or where they
//! run.

use autodiff::{Error, Tensor};
use nn::functional::{conv_transpose1d, conv_transpose2d, conv1d, conv2d};
use nn::*;

use super::given::*;
use super::harness::cases;

const PLAIN: ConvSettings<2> = ConvSettings {
    stride: [1; 2],
    padding: Padding::Zeros([0; 2]),
    dilation: [1; 2],
    groups: 1,
};
const TRANSPOSED: ConvTransposeSettings<2> = ConvTransposeSettings {
    stride: [1; 2],
    padding: [0; 2],
    output_padding: [0; 2],
    dilation: [1; 2],
    groups: 1,
};

/// A convolution of two to four channels with these settings, on an image of two channels.
fn conv(settings: ConvSettings<2>) -> Result<Tensor<f64>, Error> {
    module([1, 2, 5, 5], |p| Conv2d::with(p.scope("conv"), 2, 4, [3, 3], settings))
}

fn initialized(settings: ConvSettings<2>, weight: Initial, bias: Option<Initial>) -> Result<Tensor<f64>, Error> {
    module([1, 2, 5, 5], |p| Conv2d::with_initializers(p.scope("conv"), 2, 4, [3, 3], settings, weight, bias))
}

fn transposed(settings: ConvTransposeSettings<2>) -> Result<Tensor<f64>, Error> {
    module([1, 2, 5, 5], |p| ConvTranspose2d::with(p.scope("conv"), 2, 4, [3, 3], settings))
}

fn pool(pool: Pool<2>) -> Result<Tensor<f64>, Error> {
    module([1, 2, 5, 5], |_| pool)
}

cases! {
    Conv::new {
        refuses "conv.weight of shape [1, 35184372088832, 3]": registered(|p| Conv1d::new(p.scope("conv"), HUGE, 1, [3]));
        refuses "conv.weight": registered(|p| Conv2d::new(p.scope("conv"), 1, 1, [MAX, MAX]));
        refuses "kernel is [0, 1]": module([1, 1, 2, 2], |p| Conv2d::new(p.scope("conv"), 1, 1, [0, 1]));
        returns: module([1, 0, 2], |p| Conv1d::new(p.scope("conv"), 0, 1, [1]));
    }
    Conv::with {
        refuses "stride": conv(ConvSettings { stride: [0, 1], ..PLAIN });
        refuses "dilation": conv(ConvSettings { dilation: [1, 0], ..PLAIN });
        refuses "groups": conv(ConvSettings { groups: 0, ..PLAIN });
        refuses "3 groups": conv(ConvSettings { groups: 3, ..PLAIN });
        refuses "18446744073709551615 groups": conv(ConvSettings { groups: MAX, ..PLAIN });
        refuses "[1, 2, 5, 5]": conv(ConvSettings { dilation: [MAX, 1], ..PLAIN });
        refuses "[1, 2, 5, 5]": conv(ConvSettings { dilation: [MAX / 2 + 1, 1], padding: Padding::Same, ..PLAIN });
        refuses "[1, 2, 5, 5]": conv(ConvSettings { padding: Padding::Zeros([MAX, 0]), ..PLAIN });
        refuses "memory": conv(ConvSettings { padding: Padding::Zeros([HUGE, 0]), ..PLAIN });
        refuses "6": conv(ConvSettings { padding: Padding::Circular([6, 0]), ..PLAIN });
        refuses "18446744073709551615": conv(ConvSettings { padding: Padding::Circular([0, MAX]), ..PLAIN });
        refuses "stride": conv(ConvSettings { stride: [0, 0], padding: Padding::Same, ..PLAIN });
        accepts: conv(ConvSettings { stride: [MAX, MAX], padding: Padding::Same, ..PLAIN });
    }
    Conv::with_initializers {
        refuses "conv.weight": initialized(PLAIN, Initial::Orthogonal { gain: NAN }, None);
        refuses "conv.bias": initialized(PLAIN, Initial::HeNormal, Some(Initial::Constant(INF)));
        returns: initialized(ConvSettings { groups: 2, ..PLAIN }, Initial::Orthogonal { gain: 1.0 }, None);
    }
    Conv::forward {
        refuses "[samples, channels, ..] with 2 axes after": module([2, 2], |p| Conv2d::new(p.scope("conv"), 2, 4, [3, 3]));
        refuses "[1, 3, 5, 5]": module([1, 3, 5, 5], |p| Conv2d::new(p.scope("conv"), 2, 4, [3, 3]));
        refuses "[1, 2, 2, 2]": module([1, 2, 2, 2], |p| Conv2d::new(p.scope("conv"), 2, 4, [3, 3]));
        accepts: module([0, 2, 5, 5], |p| Conv2d::new(p.scope("conv"), 2, 4, [3, 3]));
        refuses "memory": module([1, 1, HUGE], |p| Conv1d::new(p.scope("conv"), 1, 1, [3]));
    }
    Conv::weight_norm {
        refuses "conv.magnitude: is registered twice": registered(|p| {
            Conv1d::new(p.scope("conv"), 1, 1, [1]).weight_norm(p.scope("conv")).weight_norm(p.scope("conv"))
        });
    }
    Conv::drop_connect { refuses "inf": module([1, 1, 5], |p| Conv1d::new(p.scope("conv"), 1, 1, [3]).drop_connect(INF)); }
    ConvTranspose::new {
        refuses "conv.weight": registered(|p| ConvTranspose1d::new(p.scope("conv"), HUGE, 1, [3]));
        refuses "kernel is [0]": module([1, 1, 2], |p| ConvTranspose1d::new(p.scope("conv"), 1, 1, [0]));
    }
    ConvTranspose::with {
        refuses "stride": transposed(ConvTransposeSettings { stride: [0, 1], ..TRANSPOSED });
        refuses "groups": transposed(ConvTransposeSettings { groups: 0, ..TRANSPOSED });
        refuses "3 groups": transposed(ConvTransposeSettings { groups: 3, ..TRANSPOSED });
        refuses "[1, 2, 5, 5]": transposed(ConvTransposeSettings { output_padding: [MAX, 0], ..TRANSPOSED });
        refuses "[1, 2, 5, 5]": transposed(ConvTransposeSettings { padding: [MAX, 0], ..TRANSPOSED });
        refuses "[1, 2, 5, 5]": transposed(ConvTransposeSettings { dilation: [MAX, 1], ..TRANSPOSED });
        refuses "memory": transposed(ConvTransposeSettings { stride: [HUGE, 1], ..TRANSPOSED });
    }
    ConvTranspose::with_initializers {
        refuses "conv.weight": module([1, 2, 5], |p| ConvTranspose1d::with_initializers(
            p.scope("conv"), 2, 4, [3], ConvTransposeSettings::default(), Initial::Constant(NAN), None,
        ));
        returns: module([1, 2, 5], |p| ConvTranspose1d::with_initializers(
            p.scope("conv"), 2, 4, [3], ConvTransposeSettings { groups: 2, ..ConvTransposeSettings::default() }, Initial::Orthogonal { gain: 1.0 }, None,
        ));
    }
    conv::conv1d {
        refuses "the weight must be [out, in/groups, ..] with 1 axis after": of_two([&[1, 2, 4], &[2, 2]], |x, w| conv1d(x, w, None, ConvSettings::default()));
        refuses "on two tapes": across(|x, w| conv1d(x.unsqueeze(0), w.unsqueeze(0), None, ConvSettings::default()));
        refuses "the kernel is larger than the padded value": of_two([&[1, 2, 4], &[2, 2, 5]], |x, w| conv1d(x, w, None, ConvSettings::default()));
        accepts: of_two([&[1, 2, 4], &[2, 2, 3]], |x, w| conv1d(x, w, None, ConvSettings::default()));
        refuses "conv1d: the bias is [3]: must be [1]": of_two([&[1, 2, 4], &[3]], |x, b| conv1d(x, x, Some(b), ConvSettings { padding: Padding::Same, ..ConvSettings::default() }));
    }
    conv::conv2d {
        refuses "groups": of_two([&[1, 2, 4, 4], &[2, 2, 3, 3]], |x, w| conv2d(x, w, None, ConvSettings { groups: 0, ..PLAIN }));
        refuses "kernel is [0, 3]": of_two([&[1, 2, 4, 4], &[2, 2, 0, 3]], |x, w| conv2d(x, w, None, PLAIN));
        refuses "memory": of_two([&[1, 1, HUGE, 1], &[1, 1, 1, 1]], |x, w| conv2d(x, w, None, PLAIN));
    }
    transposed::conv_transpose1d {
        refuses "the weight must be": of_two([&[1, 2, 4], &[2]], |x, w| conv_transpose1d(x, w, None, ConvTransposeSettings::default()));
        refuses "on two tapes": across(|x, w| conv_transpose1d(x.unsqueeze(0), w.unsqueeze(0), None, ConvTransposeSettings::default()));
        accepts: of_two([&[1, 2, 4], &[2, 2, 3]], |x, w| conv_transpose1d(x, w, None, ConvTransposeSettings::default()));
    }
    transposed::conv_transpose2d {
        refuses "output_padding is [1, 0]": of_two([&[1, 2, 4, 4], &[2, 2, 3, 3]], |x, w| conv_transpose2d(x, w, None, ConvTransposeSettings { output_padding: [1, 0], ..TRANSPOSED }));
        refuses "[1, 3, 4, 4]": of_two([&[1, 3, 4, 4], &[2, 2, 3, 3]], |x, w| conv_transpose2d(x, w, None, TRANSPOSED));
    }
    ConvTranspose::forward {
        refuses "[1, 3, 5, 5]": module([1, 3, 5, 5], |p| ConvTranspose2d::new(p.scope("conv"), 2, 4, [3, 3]));
        refuses "[samples, channels, ..] with 2 axes after": module([2], |p| ConvTranspose2d::new(p.scope("conv"), 2, 4, [3, 3]));
        returns: module([1, 2, 0, 5], |p| ConvTranspose2d::new(p.scope("conv"), 2, 4, [3, 3]));
    }

    Pool::new { refuses "pool": pool(Pool::new(Pooling::Max, [0, 1])); refuses "pool": pool(Pool::new(Pooling::Average, [6, 1])); }
    Pool::max { refuses "pool": pool(Pool::max([MAX, MAX])); }
    Pool::average { refuses "pool": pool(Pool::average([MAX, 1])); }
    Pool::stride { refuses "pool": pool(Pool::max([2, 2]).stride([0, 1])); accepts: pool(Pool::average([2, 2]).stride([MAX, MAX]).ceil()); }
    Pool::padding {
        refuses "padding is [2, 0]: must be at most [1, 1]": pool(Pool::max([2, 2]).padding([2, 0]));
        accepts: pool(Pool::max([3, 3]).padding([2, 2]));
        refuses "pool": pool(Pool::max([MAX, 2]).padding([MAX - 1, 0]));
        refuses "pool": pool(Pool::average([2, 2]).padding([MAX, MAX]));
        refuses "[1, 2, 5, 5]": pool(Pool::average([1 << 40, 2]).padding([1 << 39, 0]));
        refuses "[1, 2, 5, 5]": pool(Pool::max([1 << 40, 2]).padding([1 << 39, 0]));
        refuses "[1, 2, 5, 5]": pool(Pool::average([MAX - 1, 2]).padding([MAX / 2 - 1, 0]));
    }
    Pool::dilation {
        refuses "pool": pool(Pool::max([2, 2]).dilation([MAX, 1]));
        refuses "pool": pool(Pool::average([2, 2]).dilation([1, 0]));
        accepts: pool(Pool::average([1, 1]).dilation([MAX, MAX]));
    }
    Pool::ceil { accepts: pool(Pool::max([2, 2]).ceil()); returns: pool(Pool::average([1, 1]).stride([MAX, 3]).ceil()); }
    Pool::without_padding_in_means { accepts: pool(Pool::average([2, 2]).padding([1, 1]).without_padding_in_means()); }
    Pool::forward {
        refuses "pool: the input must be [samples, channels, ..]": module([2, 2], |_| Pool::max([2, 2]));
        accepts: module([0, 2, 5, 5], |_| Pool::max([2, 2]));
        refuses "pool": module([1, 2, 0, 5], |_| Pool::average([2, 2]));
        refuses "memory": module([1, 2, HUGE], |_| Pool::max([2]));
        refuses "memory": module([1, 2, HUGE], |_| Pool::average([2]));
    }
    GlobalPool::forward {
        returns: module([2], |_| GlobalPool(Pooling::Max));
        refuses "extent 0": module([2, 2, 0], |_| GlobalPool(Pooling::Max));
        refuses "memory": module([HUGE, 2, 1], |_| GlobalPool(Pooling::Average));
    }
    AdaptivePool::forward {
        refuses "adaptive_pool": module([1, 2, 5], |_| AdaptivePool { pooling: Pooling::Max, output_size: [0] });
        refuses "35184372088832": module([1, 2, 5], |_| AdaptivePool { pooling: Pooling::Max, output_size: [HUGE] });
        refuses "18446744073709551615": module([1, 2, 5], |_| AdaptivePool { pooling: Pooling::Average, output_size: [MAX] });
        refuses "adaptive_pool": module([1, 2], |_| AdaptivePool { pooling: Pooling::Average, output_size: [1] });
        refuses "[1, 2, 0]": module([1, 2, 0], |_| AdaptivePool { pooling: Pooling::Max, output_size: [1] });
        refuses "output_size is 17592186044416": module([1, 2, HUGE], |_| AdaptivePool { pooling: Pooling::Max, output_size: [HUGE / 2] });
    }
}
