//! Layers but for convolutions: extents, settings and values that do not fit are refused where they are registered or where
//! they run.

use autodiff::{Shape, Tensor};
use nn::functional::*;
use nn::*;

use super::given::*;
use super::harness::cases;

type Answer = Result<Tensor<f64>, autodiff::Error>;

fn small(stages: &[(usize, usize)]) -> ResNetSettings {
    ResNetSettings::small(3, 10, stages.to_vec())
}

fn dense(shape: impl Into<Shape>, change: impl FnOnce(Linear) -> Linear) -> Answer {
    module(shape, |p| change(Linear::new(p.scope("fc"), 3, 2)))
}

cases! {
    Linear::new {
        refuses "fc.weight of shape [1, 35184372088832]: out of memory": registered(|p| Linear::new(p.scope("fc"), HUGE, 1));
        refuses "fc.weight of shape [18446744073709551615, 18446744073709551615]": registered(|p| Linear::new(p.scope("fc"), MAX, MAX));
        refuses "fc.bias of shape [35184372088832]": registered(|p| Linear::new(p.scope("fc"), 0, HUGE));
        returns: registered(|p| Linear::new(p.scope("fc"), 0, 0));
        refuses "is registered twice": registered(|p| [0, 1].map(|_| Linear::new(p.scope("fc"), 1, 1)));
    }
    Linear::with {
        refuses "fc.weight": registered(|p| Linear::with(p.scope("fc"), 2, 2, Initial::Constant(NAN), Initial::Constant(0.0)));
        refuses "fc.bias": registered(|p| Linear::with(p.scope("fc"), 2, 2, Initial::HeNormal, Initial::Uniform { low: -INF, high: INF }));
        refuses "fc.weight": registered(|p| Linear::with(p.scope("fc"), 2, 2, Initial::Normal { variance: -1.0 }, Initial::Identity));
    }
    Linear::forward {
        refuses "[2, 4] × [3, 2]": dense([2, 4], |l| l);
        refuses "scalar": dense([], |l| l);
        accepts: dense([0, 3], |l| l);
        refuses "memory": dense([HUGE, 3], |l| l);
        refuses "other Params": { let mut l = None; registered(|p| l = Some(Linear::new(p.scope("fc"), 3, 2))); module([2, 3], |_| l.unwrap()) };
    }
    linear::linear {
        refuses "[2, 4] × [3, 2]": of_two([&[2, 4], &[2, 3]], |x, w| linear(x, w, None));
        refuses "on two tapes": across(|x, w| linear(x, w, None));
        refuses "linear: the bias is [3]: must be [fan_out]": of_two([&[2, 2], &[3]], |x, b| linear(x, x, Some(b)));
        refuses "memory": of_two([&[HUGE, 3], &[2, 3]], |x, w| linear(x, w, None));
        accepts: of_two([&[0, 3], &[2, 3]], |x, w| linear(x, w, None));
    }
    Linear::weight_norm {
        refuses "fc.magnitude: is registered twice": module([2, 3], |p| {
            Linear::new(p.scope("fc"), 3, 2).weight_norm(p.scope("fc")).weight_norm(p.scope("fc"))
        });
        refuses "other Params": { let l = Linear::new(model().0.scope("a"), 3, 2); module([2, 3], |p| l.weight_norm(p.scope("b"))) };
        returns: module([2, 0], |p| Linear::new(p.scope("fc"), 0, 2).weight_norm(p.scope("fc")));
    }
    Linear::drop_connect {
        refuses "NaN": dense([2, 3], |l| l.drop_connect(NAN));
        refuses "rate is 1: must": dense([2, 3], |l| l.drop_connect(1.0));
        refuses "-0.5": dense([2, 3], |l| l.drop_connect(-0.5));
    }

    BatchNorm::new {
        refuses "bn.weight of shape [35184372088832]": registered(|p| BatchNorm::new(p.scope("bn"), HUGE));
        refuses "bn.weight of shape [18446744073709551615]": registered(|p| BatchNorm::new(p.scope("bn"), MAX));
        returns: module([2, 0], |p| BatchNorm::new(p.scope("bn"), 0));
    }
    BatchNorm::with_scale { refuses "bn.weight": registered(|p| BatchNorm::with_scale(p.scope("bn"), 2, NAN)); }
    BatchNorm::epsilon {
        refuses "NaN": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).epsilon(NAN));
        refuses "-1": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).epsilon(-1.0));
        refuses "inf": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).epsilon(INF));
    }
    BatchNorm::momentum {
        refuses "NaN": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).momentum(NAN));
        refuses "5": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).momentum(5.0));
        refuses "-1": module([3, 2], |p| BatchNorm::new(p.scope("bn"), 2).momentum(-1.0));
    }
    BatchNorm::forward {
        refuses "batch_norm": module([3, 4], |p| BatchNorm::new(p.scope("bn"), 2));
        refuses "batch_norm": module([2], |p| BatchNorm::new(p.scope("bn"), 2));
        refuses "batch_norm": module([1, 2], |p| BatchNorm::new(p.scope("bn"), 2));
        refuses "memory": module([HUGE, 2], |p| BatchNorm::new(p.scope("bn"), 2));
        returns: module([0, 2], |p| BatchNorm::new(p.scope("bn"), 2));
    }
    batch::batch_norm {
        refuses "epsilon is NaN": of([3, 2], |x| batch_norm(x, None, NAN).value);
        refuses "there are parameters for 3 channels": of_two([&[3, 2], &[3]], |x, w| batch_norm(x, Some([w, w]), 0.1).value);
        refuses "weight and bias must be [channels], found [3, 2]": of_two([&[3, 2], &[3, 2]], |x, w| batch_norm(x, Some([w, w]), 0.1).value);
        refuses "on two tapes": across(|x, w| batch_norm(x, Some([w.sum(1), w.sum(1)]), 0.1).value);
        refuses "expected more than 1 value": of([1, 2], |x| batch_norm(x, None, 0.1).mean);
        accepts: of([3, 2], |x| batch_norm(x, None, 0.1).variance);
        returns: of([], |x| batch_norm(x, None, 0.1).value);
        returns: of([3, 0], |x| batch_norm(x, None, 0.1).value);
        refuses "memory": of([HUGE, 2], |x| batch_norm(x, None, 0.1).value);
    }
    batch::batch_norm_inference {
        refuses "epsilon is -1": of_two([&[3, 2], &[2]], |x, m| batch_norm_inference(x, [m, m], None, -1.0));
        refuses "there are parameters for 3 channels": of_two([&[3, 2], &[3]], |x, m| batch_norm_inference(x, [m, m], None, 0.1));
        refuses "on two tapes": across(|x, m| batch_norm_inference(x, [m.sum(1), m.sum(1)], None, 0.1));
        accepts: of_two([&[3, 2], &[2]], |x, m| batch_norm_inference(x, [m, m.square()], Some([m, m]), 0.1));
        returns: of_two([&[], &[2]], |x, m| batch_norm_inference(x, [m, m], None, 0.1));
    }
    layer::layer_norm {
        refuses "epsilon is inf": of([2, 3], |x| layer_norm(x, &[3].into(), None, INF));
        refuses "the last extents must be [18446744073709551615, 2]": of([2, 3], |x| layer_norm(x, &[MAX, 2].into(), None, 0.1));
        refuses "[2, 3]": of_two([&[2, 3], &[2]], |x, w| layer_norm(x, &[3].into(), Some([w, w]), 0.1));
        refuses "on two tapes": across(|x, w| layer_norm(x, &[2].into(), Some([w, w]), 0.1));
        accepts: of([2, 3], |x| layer_norm(x, &[2, 3].into(), None, 0.1));
    }
    layer::rms_norm {
        refuses "epsilon is NaN": of([2, 3], |x| rms_norm(x, &[3].into(), None, NAN));
        refuses "the last extents must be [4]": of([2, 3], |x| rms_norm(x, &[4].into(), None, 0.1));
        refuses "the weight is [2, 2]: must be [2]": across(|x, w| rms_norm(x, &[2].into(), Some(w), 0.1));
        refuses "on two tapes": across(|x, w| rms_norm(x, &[2].into(), Some(w.sum(1)), 0.1));
        accepts: of([2, 3], |x| rms_norm(x, &[].into(), None, 0.1));
    }
    group::group_norm {
        refuses "2 channels do not divide into 3 groups": of([2, 2, 2], |x| group_norm(x, 3, None, 0.1));
        refuses "into 0 groups": of([2, 2, 2], |x| group_norm(x, 0, None, 0.1));
        refuses "the input must be [samples, channels, ..]": of([2], |x| group_norm(x, 1, None, 0.1));
        refuses "there are parameters for 3 channels": of_two([&[2, 4], &[3]], |x, w| group_norm(x, 2, Some([w, w]), 0.1));
        refuses "on two tapes": across(|x, w| group_norm(x, 1, Some([w.sum(1), w.sum(1)]), 0.1));
    }
    group::instance_norm {
        refuses "expected more than 1 value per group": of([2, 3], |x| instance_norm(x, None, 0.1));
        refuses "the input must be": of([], |x| instance_norm(x, None, 0.1));
        accepts: of([2, 3, 2], |x| instance_norm(x, None, 0.1));
    }
    WhitenNorm::new {
        refuses "memory": registered(|p| WhitenNorm::new(p.scope("wn"), HUGE, Whitening::Zca));
        refuses "memory": registered(|p| WhitenNorm::new(p.scope("wn"), 1 << 33, Whitening::Zca));
        refuses "1099511627776": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::NewtonSchulz(1 << 40)));
        refuses "18446744073709551615": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::NewtonSchulz(MAX)));
        returns: module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::NewtonSchulz(0)));
        returns: module([4, 0], |p| WhitenNorm::new(p.scope("wn"), 0, Whitening::Zca));
    }
    WhitenNorm::grouped {
        refuses "3": module([4, 4], |p| WhitenNorm::grouped(p.scope("wn"), 4, 3, Whitening::Zca));
        refuses "0": module([4, 4], |p| WhitenNorm::grouped(p.scope("wn"), 4, 0, Whitening::Zca));
        refuses "18446744073709551615": module([4, 4], |p| WhitenNorm::grouped(p.scope("wn"), 4, MAX, Whitening::Zca));
    }
    WhitenNorm::epsilon {
        refuses "NaN": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca).epsilon(NAN));
        refuses "-1": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca).epsilon(-1.0));
    }
    WhitenNorm::momentum {
        refuses "NaN": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca).momentum(NAN));
        refuses "2": module([4, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca).momentum(2.0));
    }
    WhitenNorm::forward {
        refuses "whiten": module([4, 3], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca));
        refuses "memory": module([HUGE, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca));
        returns: module([0, 2], |p| WhitenNorm::new(p.scope("wn"), 2, Whitening::Zca));
    }
    LayerNorm::new {
        refuses "ln.weight of shape [35184372088832]": registered(|p| LayerNorm::new(p.scope("ln"), [HUGE]));
        refuses "ln.weight": registered(|p| LayerNorm::new(p.scope("ln"), [MAX, MAX]));
        returns: module([2, 3], |p| LayerNorm::new(p.scope("ln"), []));
        returns: module([2, 0], |p| LayerNorm::new(p.scope("ln"), [0]));
    }
    LayerNorm::epsilon {
        refuses "NaN": module([2, 3], |p| LayerNorm::new(p.scope("ln"), [3]).epsilon(NAN));
        refuses "-1": module([2, 3], |p| LayerNorm::new(p.scope("ln"), [3]).epsilon(-1.0));
    }
    LayerNorm::forward { refuses "layer_norm: the last extents must be [3]": module([3, 2], |p| LayerNorm::new(p.scope("ln"), [3])); }
    RmsNorm::new { refuses "rms.weight of shape [35184372088832]": registered(|p| RmsNorm::new(p.scope("rms"), HUGE)); }
    RmsNorm::epsilon {
        refuses "NaN": module([2, 3], |p| RmsNorm::new(p.scope("rms"), 3).epsilon(NAN));
        refuses "-1": module([2, 3], |p| RmsNorm::new(p.scope("rms"), 3).epsilon(-1.0));
    }
    RmsNorm::forward {
        refuses "rms_norm": module([2, 4], |p| RmsNorm::new(p.scope("rms"), 3));
        refuses "rms_norm": module([], |p| RmsNorm::new(p.scope("rms"), 3));
    }
    GroupNorm::new {
        refuses "gn.weight of shape [35184372088832]": registered(|p| GroupNorm::new(p.scope("gn"), HUGE, 1));
        refuses "3": module([2, 4], |p| GroupNorm::new(p.scope("gn"), 4, 3));
        refuses "0": module([2, 4], |p| GroupNorm::new(p.scope("gn"), 4, 0));
        refuses "18446744073709551615": module([2, 4], |p| GroupNorm::new(p.scope("gn"), 4, MAX));
    }
    GroupNorm::epsilon { refuses "NaN": module([2, 4], |p| GroupNorm::new(p.scope("gn"), 4, 2).epsilon(NAN)); }
    GroupNorm::forward {
        refuses "group_norm": module([2, 3], |p| GroupNorm::new(p.scope("gn"), 4, 2));
        refuses "group_norm": module([4], |p| GroupNorm::new(p.scope("gn"), 4, 2));
    }
    InstanceNorm::new { refuses "in.weight of shape [35184372088832]": registered(|p| InstanceNorm::new(p.scope("in"), HUGE)); }
    InstanceNorm::epsilon { refuses "NaN": module([2, 4, 3], |p| InstanceNorm::new(p.scope("in"), 4).epsilon(NAN)); }
    InstanceNorm::forward { refuses "[2, 3, 3]": module([2, 3, 3], |p| InstanceNorm::new(p.scope("in"), 4)); }

    Dropout::new {
        refuses "NaN": module([2], |_| Dropout::new(NAN));
        refuses "rate is 1: must": module([2], |_| Dropout::new(1.0));
        refuses "-0.1": module([2], |_| Dropout::new(-0.1));
    }
    dropout::dropout { refuses "rate is NaN": of([2], |x| dropout(x, NAN)); refuses "rate is 1: must": of([2], |x| dropout(x, 1.0)); accepts: of([], |x| dropout(x, 0.5)); }
    dropout::channel_dropout { refuses "rate is -1": of([2, 2], |x| channel_dropout(x, -1.0)); accepts: of([2], |x| channel_dropout(x, 0.5)); }
    dropout::stochastic_depth { refuses "rate is inf": of([2, 2], |x| stochastic_depth(x, INF)); accepts: of([0, HUGE], |x| stochastic_depth(x, 0.5)); }
    dropout::alpha_dropout { refuses "rate is NaN": of([2], |x| alpha_dropout(x, NAN)); refuses "memory": of([HUGE], |x| alpha_dropout(x, 0.5)); }
    Dropout::channels { refuses "inf": module([2, 2, 2], |_| Dropout::channels(INF)); returns: module([], |_| Dropout::channels(0.5)); }
    Dropout::samples { refuses "-inf": module([2, 2], |_| Dropout::samples(-INF)); returns: module([], |_| Dropout::samples(0.5)); }
    Dropout::alpha { refuses "NaN": module([2, 2], |_| Dropout::alpha(NAN)); refuses "1": module([2], |_| Dropout::alpha(1.0)); }
    Dropout::in_evaluation { refuses "2": module([2], |_| Dropout::new(2.0).in_evaluation()); }
    Dropout::forward { refuses "memory": module([HUGE], |_| Dropout::new(0.5)); accepts: module([0, HUGE], |_| Dropout::new(0.5)); }

    Softmax::forward { refuses "axis 2": module([2, 3], |_| Softmax { axis: 2 }); refuses "axis 18446744073709551615": module([2], |_| Softmax { axis: MAX }); }
    LogSoftmax::forward { refuses "axis 0": module([], |_| LogSoftmax { axis: 0 }); }
    Glu::forward {
        refuses "glu: axis 1 must have an even extent": module([2, 3], |_| Glu { axis: 1 });
        refuses "axis 18446744073709551615": module([2, 4], |_| Glu { axis: MAX });
        accepts: module([2, 0], |_| Glu { axis: 1 });
    }
    PRelu::new { accepts: module([0, HUGE], |p| PRelu::new(p.scope("prelu"))); }
    PRelu::per_channel {
        refuses "prelu.": registered(|p| PRelu::per_channel(p.scope("prelu"), HUGE));
        refuses "[2, 3]": module([2, 3], |p| PRelu::per_channel(p.scope("prelu"), 0));
    }
    learned::prelu {
        refuses "the slopes are [2, 2]": of_two([&[2, 2], &[2, 2]], |x, slope| prelu(x, slope));
        refuses "the slopes are [3]": of_two([&[2, 2], &[3]], |x, slope| prelu(x, slope));
        refuses "on two tapes": across(|x, slope| prelu(x, slope.sum(1)));
        accepts: of_two([&[], &[1]], |x, slope| prelu(x, slope));
    }
    PRelu::forward {
        refuses "[2, 3]": module([2, 3], |p| PRelu::per_channel(p.scope("prelu"), 4));
        refuses "[3]": module([3], |p| PRelu::per_channel(p.scope("prelu"), 3));
        refuses "memory": module([HUGE], |p| PRelu::new(p.scope("prelu")));
    }
    Maxout::new {
        refuses "memory": registered(|p| Maxout::new(p.scope("fc"), 1, HUGE, 2));
        refuses "memory": registered(|p| Maxout::new(p.scope("fc"), 1, MAX, 2));
        refuses "0": module([2, 3], |p| Maxout::new(p.scope("fc"), 3, 2, 0));
    }
    Maxout::with {
        refuses "fc.weight": registered(|p| Maxout::with(p.scope("fc"), 2, 2, 2, Initial::Constant(NAN), Initial::Constant(0.0)));
    }
    Maxout::forward { refuses "[2, 4]": module([2, 4], |p| Maxout::new(p.scope("fc"), 3, 2, 2)); refuses "scalar": module([], |p| Maxout::new(p.scope("fc"), 3, 2, 2)); }

    Checkpointed::forward {
        refuses "memory": module([HUGE], |_| Checkpointed(vec![Tanh]));
        accepts: module([2, 3], |_| Checkpointed(Vec::<Tanh>::new()));
    }
    Residual::new { refuses "[2, 3] × [2, 2]": module([2, 3], |p| Residual::new(Linear::new(p.scope("fc"), 3, 2))); }
    Residual::projected {
        refuses "[2, 4]": module([2, 3], |p| {
            Residual::new(Linear::new(p.scope("a"), 3, 2)).projected(Linear::new(p.scope("b"), 3, 4))
        });
    }
    Residual::then { refuses "axis 9": module([2, 3], |_| Residual::new(Tanh).then(Softmax { axis: 9 })); }
    Residual::scaled { refuses "scale is NaN": module([2, 3], |_| Residual::new(Tanh).scaled(NAN)); }
    Residual::plain { accepts: module([2, 3], |_| Residual::new(Tanh).plain()); }
    Residual::forward { refuses "memory": module([HUGE], |_| Residual::new(Tanh)); }
    ResNetSettings::cifar {
        refuses "nothing": ResNetSettings::cifar(0, 3, 10);
        refuses "nothing": ResNetSettings::cifar(2, 3, 10);
        refuses "nothing": ResNetSettings::cifar(MAX, 3, 10);
    }
    ResNetSettings::resnet18 { refuses "stem.conv.weight": registered(|p| ResNet::new(p.scope(""), &ResNetSettings::resnet18(HUGE, 1))); }
    ResNetSettings::small {
        refuses "1.0.": registered(|p| ResNet::new(p.scope("net"), &small(&[(1, 1), (HUGE, 1)])));
        returns: module([1, 3, 4, 4], |p| ResNet::new(p.scope("net"), &small(&[])));
        returns: module([1, 3, 4, 4], |p| ResNet::new(p.scope("net"), &small(&[(0, 0), (0, 1)])));
    }
    ResNetSettings::plain { returns: module([2, 3, 4, 4], |p| ResNet::new(p.scope("net"), &small(&[(2, 1)]).plain())); }
    ResNet::new {
        refuses "is registered twice": registered(|p| [0, 1].map(|_| ResNet::new(p.scope("net"), &small(&[(2, 1)]))));
        refuses "memory": registered(|p| ResNet::new(p.scope("net"), &ResNetSettings::small(MAX, MAX, vec![(2, 1)])));
    }
    ResNet::forward {
        refuses "[1, 4, 4, 4]": module([1, 4, 4, 4], |p| ResNet::new(p.scope("net"), &small(&[(2, 1)])));
        refuses "[samples, channels, ..] with 2 axes after": module([3], |p| ResNet::new(p.scope("net"), &small(&[(2, 1)])));
        returns: module([1, 3, 0, 0], |p| ResNet::new(p.scope("net"), &small(&[(2, 1)])));
    }
    Box::forward { refuses "axis 9": module([2], |_| Box::new(Softmax { axis: 9 }) as Box<dyn Module<f64>>); }
    Vec::forward { refuses "axis 9": module([2], |_| vec![Softmax { axis: 0 }, Softmax { axis: 9 }]); accepts: module([2], |_| Vec::<Softmax>::new()); }
    M::forward { refuses "axis 9": module([2], |_| &Softmax { axis: 9 }); }
    Option::forward { refuses "axis 9": module([2], |_| Some(Softmax { axis: 9 })); accepts: module([2], |_| None::<Softmax>); }
}
