//! Errors name the user's line, whatever lies between it and the operation: trait objects, vectors, closures of ours.

use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;

use autodiff::{Dual, Error, Mode, ParamId, Params, Real, Scope, Tape, Tensor, Var, transform};
use nn::ensemble::{AdaBoost, Bag, GradientBoosting, Trained, monte_carlo};
use nn::loss::{
    Absolute, BinaryLog, CrossEntropy, Hinge, Huber, KlDivergence, Loss, MulticlassHinge, OneVsRestHinge, Reduction,
    Squared, SquaredHinge,
};
use nn::*;

/// Where the error says that the mistake is; it must be this file.
fn line(error: &Error) -> u32 {
    let text = error.to_string();
    let (Error::Operation { location, .. } | Error::NotFinite { location, .. }) = error else { panic!("{text}") };
    assert_eq!(location.file(), file!(), "{text}");
    location.line()
}

fn values(shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, |k| 0.1 + ((k * 7) % 11) as f64 / 10.0)
}

type Scoped<'p> = Scope<'p, f64>;
type Boxed = Box<dyn Module<f64>>;
type Made = Box<dyn Kept>;

/// A name, how the module is made, and the shape of a value.
type Row = (&'static str, fn(Scoped<'_>) -> Made, &'static [usize]);

/// Calls a module, and gives the line of the call.
type Call<'a> = dyn for<'t> Fn(Var<'t, f64>) -> (Var<'t, f64>, u32) + 'a;

/// A module of a type that is known here: called as such, and boxed.
trait Kept {
    fn call<'t>(&self, x: Var<'t, f64>) -> (Var<'t, f64>, u32);
    fn boxed(self: Box<Self>) -> Boxed;
}

impl<M: Module<f64> + 'static> Kept for M {
    fn call<'t>(&self, x: Var<'t, f64>) -> (Var<'t, f64>, u32) {
        (M::forward(self, x), line!())
    }
    fn boxed(self: Box<Self>) -> Boxed {
        self
    }
}

/// A module of this crate, called inside a module of somebody else.
struct Inner(Box<dyn Module<f64>>);

impl Module<f64> for Inner {
    fn forward<'t>(&self, x: Var<'t, f64>) -> Var<'t, f64> {
        self.0.forward(x)
    }
}

fn recurrent(dropout: f64) -> RecurrentSettings {
    RecurrentSettings { layers: 2, bidirectional: true, dropout, ..RecurrentSettings::default() }
}

fn transformer() -> TransformerSettings {
    TransformerSettings { final_norm: true, causal: true, ..TransformerSettings::new(4, 2) }
}

/// Every module of the crate, with the shape of a value that it refuses.
fn modules() -> Vec<Row> {
    fn conv<const N: usize>(scope: Scoped<'_>, settings: ConvSettings<N>) -> Made {
        Box::new(Conv::with(scope, 2, 2, [3; N], settings))
    }
    fn norm_scope(mut scope: Scoped<'_>, make: impl Fn(Scoped<'_>) -> Linear) -> Linear {
        make(scope.child("inner"))
    }
    vec![
        ("linear", |s| Box::new(Linear::new(s, 3, 4)), &[2, 5]),
        ("linear, weight norm", |mut s| Box::new(Linear::new(s.child("a"), 3, 4).weight_norm(s.child("b"))), &[2, 5]),
        ("linear, drop connect", |s| Box::new(Linear::new(s, 3, 4).drop_connect(2.0)), &[2, 3]),
        ("conv 1", |s| conv::<1>(s, ConvSettings::default()), &[1, 5, 9]),
        ("conv 2", |s| conv::<2>(s, ConvSettings::default()), &[1, 5, 9, 9]),
        ("conv 1 of a scalar", |s| conv::<1>(s, ConvSettings::default()), &[]),
        (
            "conv, circular",
            |s| conv::<2>(s, ConvSettings { padding: Padding::Circular([7; 2]), ..ConvSettings::default() }),
            &[1, 2, 5, 5],
        ),
        (
            "conv, circular, of a matrix",
            |s| conv::<1>(s, ConvSettings { padding: Padding::Circular([1]), ..ConvSettings::default() }),
            &[2, 5],
        ),
        ("conv, groups", |s| conv::<2>(s, ConvSettings { groups: 2, ..ConvSettings::default() }), &[1, 3, 5, 5]),
        ("conv transpose 1", |s| Box::new(ConvTranspose1d::new(s, 2, 3, [3])), &[1, 5, 9]),
        ("conv transpose 2", |s| Box::new(ConvTranspose2d::new(s, 2, 3, [3; 2])), &[1, 5, 9, 9]),
        ("conv transpose 2 of a matrix", |s| Box::new(ConvTranspose2d::new(s, 2, 3, [3; 2])), &[5, 9]),
        ("max pool", |_| Box::new(Pool::max([3; 2])), &[1, 1, 2, 9]),
        ("average pool", |_| Box::new(Pool::average([2])), &[1, 4]),
        ("adaptive pool", |_| Box::new(AdaptivePool { pooling: Pooling::Max, output_size: [2; 2] }), &[1, 4]),
        (
            "adaptive pool of nothing",
            |_| Box::new(AdaptivePool { pooling: Pooling::Max, output_size: [2] }),
            &[1, 1, 0],
        ),
        ("global pool", |_| Box::new(GlobalPool(Pooling::Max)), &[1, 1, 0]),
        ("batch norm", |s| Box::new(BatchNorm::new(s, 3)), &[4, 2]),
        ("layer norm", |s| Box::new(LayerNorm::new(s, [3])), &[4, 2]),
        ("group norm", |s| Box::new(GroupNorm::new(s, 4, 2)), &[4, 2]),
        ("group norm, groups", |s| Box::new(GroupNorm::new(s, 4, 3)), &[2, 4]),
        ("instance norm", |s| Box::new(InstanceNorm::new(s, 4)), &[4, 2]),
        ("rms norm", |s| Box::new(RmsNorm::new(s, 4)), &[4, 2]),
        ("whiten norm", |s| Box::new(WhitenNorm::new(s, 4, Whitening::Zca)), &[4, 2]),
        ("whiten norm, groups", |s| Box::new(WhitenNorm::grouped(s, 4, 3, Whitening::NewtonSchulz(3))), &[2, 4]),
        ("softmax", |_| Box::new(Softmax { axis: 2 }), &[2, 2]),
        ("log softmax", |_| Box::new(LogSoftmax { axis: 2 }), &[2, 2]),
        ("glu", |_| Box::new(Glu { axis: 1 }), &[2, 3]),
        ("prelu", |s| Box::new(PRelu::per_channel(s, 3)), &[2, 2]),
        ("maxout", |s| Box::new(Maxout::new(s, 3, 4, 2)), &[2, 5]),
        ("maxout without pieces", |s| Box::new(Maxout::new(s, 3, 4, 0)), &[2, 3]),
        ("dropout", |_| Box::new(Dropout::new(1.5)), &[2, 2]),
        ("alpha dropout", |_| Box::new(Dropout::alpha(1.5)), &[2, 2]),
        ("activation, then linear", |s| Box::new((Tanh, Linear::new(s, 3, 4))), &[2, 5]),
        ("residual", |s| Box::new(Residual::new(Linear::new(s, 3, 4)).scaled(0.5)), &[2, 3]),
        ("vector in a residual", |s| Box::new(Residual::new(vec![Linear::new(s, 3, 4)])), &[2, 5]),
        ("option", |s| Box::new(Some(norm_scope(s, |s| Linear::new(s, 3, 4)))), &[2, 5]),
        ("embedding", |s| Box::new(Embedding::with_padding(s, 3, 2, 0)), &[2, 5]),
        ("learned positions", |s| Box::new(LearnedPositions::new(s, 3, 2)), &[5, 2]),
        ("sinusoidal positions", |_| Box::new(SinusoidalPositions), &[5]),
        ("rnn", |s| Box::new(Rnn::new(s, 2, 3)), &[2, 4, 3]),
        ("gru", |s| Box::new(Gru::new(s, 2, 3)), &[2, 4]),
        ("lstm", |s| Box::new(Lstm::new(s, 2, 3)), &[2, 4, 3]),
        ("lstm, dropout", |s| Box::new(Lstm::with(s, 2, 3, recurrent(1.5))), &[2, 4, 2]),
        ("attention", |s| Box::new(MultiHeadAttention::new(s, 4, 2)), &[2, 3, 5]),
        ("attention, rotary", |s| Box::new(MultiHeadAttention::new(s, 6, 2).rotary(10.0)), &[2, 3, 6]),
        ("encoder layer", |s| Box::new(TransformerEncoderLayer::new(s, &transformer())), &[2, 3, 5]),
        ("encoder", |s| Box::new(TransformerEncoder::new(s, 2, &transformer())), &[2, 4]),
        ("resnet", |s| Box::new(ResNet::new(s, &ResNetSettings::small(1, 3, vec![(2, 1), (4, 1)]))), &[1, 2, 8, 8]),
        ("resnet of a matrix", |s| Box::new(ResNet::new(s, &ResNetSettings::small(1, 3, vec![(2, 1)]))), &[1, 2]),
        (
            "boxes in boxes",
            |s| Box::new(vec![Box::new(vec![Box::new(Linear::new(s, 3, 4)) as Boxed]) as Boxed]),
            &[2, 5],
        ),
    ]
}

/// Every module of the crate that records operations, with the shape of a value that it takes.
fn accepting() -> Vec<Row> {
    vec![
        ("weight norm", |mut s| Box::new(Linear::new(s.child("a"), 3, 4).weight_norm(s.child("b"))), &[2, 3]),
        ("drop connect", |s| Box::new(Linear::new(s, 3, 4).drop_connect(0.5)), &[2, 3]),
        ("conv 1", |s| Box::new(Conv1d::new(s, 2, 3, [3])), &[1, 2, 9]),
        (
            "conv 2, circular",
            |s| {
                let settings = ConvSettings { padding: Padding::Circular([1; 2]), ..ConvSettings::default() };
                Box::new(Conv2d::with(s, 2, 3, [3; 2], settings))
            },
            &[1, 2, 5, 5],
        ),
        ("conv transpose 1", |s| Box::new(ConvTranspose1d::new(s, 2, 3, [3])), &[1, 2, 9]),
        ("conv transpose 2", |s| Box::new(ConvTranspose2d::new(s, 2, 3, [3; 2])), &[1, 2, 5, 5]),
        ("max pool", |_| Box::new(Pool::max([3; 2]).padding([1; 2])), &[1, 1, 9, 9]),
        ("average pool", |_| Box::new(Pool::average([3; 2]).padding([1; 2])), &[1, 1, 9, 9]),
        ("adaptive pool", |_| Box::new(AdaptivePool { pooling: Pooling::Max, output_size: [2; 2] }), &[1, 1, 5, 5]),
        ("global pool", |_| Box::new(GlobalPool(Pooling::Average)), &[1, 1, 5, 5]),
        ("batch norm", |s| Box::new(BatchNorm::new(s, 3)), &[4, 3, 2]),
        ("layer norm", |s| Box::new(LayerNorm::new(s, [3])), &[4, 3]),
        ("group norm", |s| Box::new(GroupNorm::new(s, 4, 2)), &[3, 4, 2]),
        ("instance norm", |s| Box::new(InstanceNorm::new(s, 4)), &[3, 4, 2]),
        ("rms norm", |s| Box::new(RmsNorm::new(s, 4)), &[3, 4]),
        ("zca", |s| Box::new(WhitenNorm::new(s, 2, Whitening::Zca)), &[4, 2]),
        ("newton", |s| Box::new(WhitenNorm::grouped(s, 4, 2, Whitening::NewtonSchulz(3))), &[5, 4, 2]),
        ("softmax", |_| Box::new(Softmax { axis: 1 }), &[2, 2]),
        ("glu", |_| Box::new(Glu { axis: 1 }), &[2, 4]),
        ("prelu", |s| Box::new(PRelu::per_channel(s, 3)), &[2, 3]),
        ("maxout", |s| Box::new(Maxout::new(s, 3, 4, 2)), &[2, 3]),
        ("dropout", |_| Box::new(Dropout::channels(0.5)), &[2, 2]),
        ("alpha dropout", |_| Box::new(Dropout::alpha(0.5)), &[2, 2]),
        ("activations", |_| Box::new(Activation::ALL.to_vec()), &[2, 2]),
        ("learned positions", |s| Box::new(LearnedPositions::new(s, 3, 2)), &[3, 2]),
        ("sinusoidal positions", |_| Box::new(SinusoidalPositions), &[3, 2]),
        ("rnn", |s| Box::new(Rnn::new(s, 2, 3)), &[2, 4, 2]),
        ("gru", |s| Box::new(Gru::with(s, 2, 3, recurrent(0.5))), &[2, 4, 2]),
        ("lstm", |s| Box::new(Lstm::with(s, 2, 3, recurrent(0.5))), &[2, 4, 2]),
        ("attention", |s| Box::new(MultiHeadAttention::new(s, 4, 2).causal().rotary(10.0).dropout(0.5)), &[2, 3, 4]),
        ("encoder", |s| Box::new(TransformerEncoder::new(s, 2, &transformer())), &[2, 3, 4]),
        ("resnet", |s| Box::new(ResNet::new(s, &ResNetSettings::small(1, 3, vec![(2, 1), (4, 1)]))), &[2, 1, 8, 8]),
    ]
}

#[test]
fn every_operation_of_a_module_has_the_line_that_calls_the_module() {
    for (name, make, shape) in accepting() {
        for boxed in [false, true] {
            let mut params = Params::new(1);
            let made = make(params.scope("m"));
            let mut tape = Tape::new();
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&values(shape));
            let (y, due) = if boxed { (made.boxed().forward(x), line!()) } else { made.call(x) };
            let loss = y.sum(..);
            let own = line!() - 1;
            for line in t.profile(loss, 1).unwrap().lines {
                let known = [due, own].map(|line| format!("{}:{line}", file!()));
                assert!(known.contains(&line.location), "{name}: {:?} at {}", line.operations, line.location);
            }
        }
    }
}

#[test]
fn modules_behind_a_box_a_vector_and_other_pointers_name_the_line_that_calls_them() {
    for (name, make, shape) in modules() {
        let mut params = Params::new(1);
        let direct = make(params.scope("direct"));
        let made = make(params.scope("m")).boxed();
        let shared: Arc<dyn Module<f64>> = Arc::from(make(params.scope("arc")).boxed());
        let counted: Rc<dyn Module<f64>> = Rc::from(make(params.scope("rc")).boxed());
        let listed = vec![make(params.scope("vec")).boxed()];
        let bare: &dyn Module<f64> = &*made;
        let mut tape = Tape::new();
        let refused = |run: &Call<'_>, tape: &mut Tape<f64>| {
            let t = tape.start(&params, Mode::Train);
            let (y, due) = run(t.variable(&values(shape)));
            let error = y.value().err().unwrap_or_else(|| panic!("{name} takes {shape:?}"));
            assert_eq!(line(&error), due, "{name}: {error}");
        };
        refused(&|x| direct.call(x), &mut tape);
        refused(&|x| (made.forward(x), line!()), &mut tape);
        refused(&|x| (shared.forward(x), line!()), &mut tape);
        refused(&|x| (counted.forward(x), line!()), &mut tape);
        refused(&|x| (listed.forward(x), line!()), &mut tape);
        refused(&|x| ((&bare).forward(x), line!()), &mut tape);
        refused(&|x| ((&bare, Tanh).forward(x), line!()), &mut tape);
    }
}

#[test]
fn a_layer_called_by_a_module_of_somebody_else_names_the_line_there() {
    let mut params = Params::new(1);
    let model: Box<dyn Module<f64>> = Box::new(Inner(Box::new(Linear::new(params.scope("fc1"), 3, 4))));
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let error = model.forward(t.input(&values(&[2, 5]))).value().unwrap_err();
    // The nearest line outside the crate, not that of the outermost call.
    let inner = include_str!("lines.rs").lines().position(|line| line.contains("self.0.forward(x)")).unwrap() + 1;
    assert_eq!(line(&error), inner as u32, "{error}");
    assert!(error.to_string().contains("(fc1.weight)"), "{error}");
    // What was noted for a call does not outlive it.
    let t = tape.start(&params, Mode::Train);
    let _ = model.forward(t.input(&values(&[2, 3])));
    assert_eq!(line(&t.input(&values(&[2])).sum(3).value().unwrap_err()), line!());
}

#[test]
fn values_recorded_behind_a_box_have_the_users_line_in_every_error() {
    let mut params = Params::<f64>::new(1);
    let model: Vec<Boxed> =
        vec![Box::new(Linear::new(params.scope("fc1"), 2, 2)), Box::new(Pool::max([2]).padding([1]))];
    params.set(params.id("fc1.bias").unwrap(), &[f64::INFINITY, 0.0].into()).unwrap();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let y = model.forward(t.input(&values(&[1, 2, 2])));
    assert_eq!(line(&y.check_finite().unwrap_err()), line!() - 1);
}

#[test]
fn losses_name_the_line_that_calls_them_also_behind_a_box() {
    type Made = Box<dyn Loss<f64>>;
    let labels: &[usize] = &[3];
    let cases: Vec<(Made, &[usize])> = vec![
        (Box::new(CrossEntropy::new()), labels),
        (Box::new(CrossEntropy::new().class_weights([1.0; 4]).ignore_index(7).label_smoothing(0.5)), labels),
        (Box::new(CrossEntropy::from_log_probabilities()), labels),
        (Box::new(MulticlassHinge), labels),
        (Box::new(OneVsRestHinge), labels),
        (Box::new(Hinge), &[2, 4]),
        (Box::new(SquaredHinge), &[2, 4]),
        (Box::new(BinaryLog::default()), &[2, 4]),
        (Box::new(KlDivergence), &[2, 4]),
        (Box::new(Squared), &[3, 4]),
        (Box::new(Absolute), &[3, 4]),
        (Box::new(Huber::default()), &[3, 4]),
        (Box::new(Huber { delta: 0.0 }), &[2, 4]),
        (Box::new(BinaryLog { positive_weight: -1.0 }), &[2, 4]),
    ];
    let params = Params::new(1);
    let mut tape = Tape::new();
    for (loss, targets) in &cases {
        let t = tape.start(&params, Mode::Train);
        let (x, y) = (t.variable(&values(&[2, 4])), t.input(&Tensor::full(*targets, -0.5)));
        let error = loss.reduced(x, y, Reduction::Mean).value().unwrap_err();
        assert_eq!(line(&error), line!() - 1, "{error}");
        let t = tape.start(&params, Mode::Train);
        let (x, y) = (t.variable(&values(&[2, 4])), t.input(&Tensor::full(*targets, -0.5)));
        let error = loss.unreduced(x, y).value().unwrap_err();
        assert_eq!(line(&error), line!() - 1, "{error}");
        let bare: &dyn Loss<f64> = &**loss;
        let t = tape.start(&params, Mode::Train);
        let (x, y) = (t.variable(&values(&[2, 4])), t.input(&Tensor::full(*targets, -0.5)));
        let error = (&bare).reduced(x, y, Reduction::Sum).value().unwrap_err();
        assert_eq!(line(&error), line!() - 1, "{error}");
    }
}

#[test]
fn the_functions_for_the_usual_losses_name_the_line_that_calls_them() {
    use nn::loss::*;
    type Mean = for<'t> fn(Var<'t, f64>, Var<'t, f64>) -> (Var<'t, f64>, u32);
    let cases: [Mean; 11] = [
        |x, y| (cross_entropy(x, y), line!()),
        |x, y| (negative_log_likelihood(x, y), line!()),
        |x, y| (hinge(x, y), line!()),
        |x, y| (squared_hinge(x, y), line!()),
        |x, y| (multiclass_hinge(x, y), line!()),
        |x, y| (one_vs_rest_hinge(x, y), line!()),
        |x, y| (binary_log(x, y), line!()),
        |x, y| (kl_divergence(x, y), line!()),
        |x, y| (squared(x, y), line!()),
        |x, y| (absolute(x, y), line!()),
        |x, y| (huber(x, y, 1.0), line!()),
    ];
    let params = Params::new(1);
    let mut tape = Tape::new();
    for mean in cases {
        let t = tape.start(&params, Mode::Train);
        let (loss, due) = mean(t.variable(&values(&[2, 4])), t.input(&values(&[3])));
        let error = loss.value().unwrap_err();
        assert_eq!(line(&error), due, "{error}");
    }
}

#[test]
fn ensembles_name_the_line_that_calls_them() {
    let trained = || {
        let mut params = Params::<f64>::new(1);
        let model: Boxed = Box::new(Linear::new(params.scope("fc"), 3, 4));
        Trained { params, model }
    };
    let wide = values(&[2, 5]);
    let data = nn::data::Dataset::new(wide.clone(), &[0, 0]).unwrap();
    let member = trained();
    assert_eq!(line(&member.predict(&wide).unwrap_err()), line!());
    let bag = Bag { members: vec![trained()] };
    assert_eq!(line(&bag.average(&wide).unwrap_err()), line!());
    assert_eq!(line(&bag.vote(&wide).unwrap_err()), line!());
    let fit = AdaBoost::fit(&data, 2, |_, _, _| Ok(trained()));
    assert_eq!(line(&fit.err().unwrap()), line!() - 1);
    // A member that errs nowhere decides alone.
    let features = values(&[2, 3]);
    let chosen = nn::ensemble::vote(&[member.predict(&features).unwrap()]).unwrap();
    let labels: Vec<usize> = chosen.data().chunks(4).map(|row| row.iter().position(|&x| x == 1.0).unwrap()).collect();
    let data = nn::data::Dataset::new(features, &labels).unwrap();
    let ada = AdaBoost::fit(&data, 2, |_, _, _| Ok(trained())).ok().unwrap();
    assert_eq!(line(&ada.vote(&wide).unwrap_err()), line!());
    assert_eq!(line(&monte_carlo(&member.params, &member.model, &wide, 2).unwrap_err()), line!());
    let mut boosting = GradientBoosting::<f64, Boxed>::new([0.0].into(), 0.5);
    let result = boosting.boost(&wide, &wide, 1, |scores, _| scores, |_, _, _| Ok(trained()));
    assert_eq!(line(&result.unwrap_err()), line!() - 1);
    let mut params = Params::new(1);
    let layer: Linear = Linear::new(params.scope("fc"), 5, 4);
    let weights: [ParamId; 1] = [layer.weight()];
    let result = lsuv(&mut params, &weights, &wide, |x| vec![layer.forward(x).sum(3)]);
    assert_eq!(line(&result.unwrap_err()), line!() - 1);
}

#[test]
fn transforms_name_the_line_that_calls_them_and_functions_their_own() {
    use transform::*;
    fn not_scalar<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
        x * x
    }
    fn wrong<T: Real>(x: Var<'_, T>) -> Var<'_, T> {
        x.sum(7)
    }
    let own = include_str!("lines.rs").lines().position(|line| line.contains("x.sum(7)")).unwrap() as u32 + 1;
    let x = || values(&[2]);
    assert_eq!(line(&grad(|[x]| not_scalar(x), [&x()]).unwrap_err()), line!());
    assert_eq!(line(&grad(|[x]| wrong(x), [&x()]).unwrap_err()), own);
    assert_eq!(line(&value_and_grad(|[x]| not_scalar(x), [&x()]).unwrap_err()), line!());
    assert_eq!(line(&vjp(|[x]| not_scalar(x), [&x()], &values(&[3])).unwrap_err()), line!());
    assert_eq!(line(&jvp(wrong, &x(), &x()).unwrap_err()), own);
    assert_eq!(line(&jacobian(wrong, &x()).unwrap_err()), own);
    assert_eq!(line(&hvp(not_scalar, &x(), &x()).unwrap_err()), line!());
    assert_eq!(line(&hvp(wrong, &x(), &x()).unwrap_err()), own);
    assert_eq!(line(&hessian(not_scalar, &x()).unwrap_err()), line!());
    let mut params = Params::<f64>::new(1);
    let w = params.scope("w").parameter("value", [2], |values, _| values.fill(1.0));
    assert_eq!(line(&model_hvp(&params, &[1.0, 0.0], |t| t.param(w)).unwrap_err()), line!());
    assert_eq!(line(&model_hessian(&params, |t| t.param(w)).unwrap_err()), line!());
    // The leaf that a transform makes of an input has its line too.
    let seen = std::cell::Cell::new(None);
    let due = line!() + 1;
    let gradients = grad(|[x]| note_leaf(x, &seen), [&Tensor::from([f64::NAN])]);
    assert_eq!((gradients.unwrap().len(), seen.get()), (1, Some(due)));
}

fn note_leaf<'t>(x: Var<'t, f64>, seen: &std::cell::Cell<Option<u32>>) -> Var<'t, f64> {
    seen.set(x.check_finite().err().map(|error| line(&error)));
    x.sum(..)
}

#[test]
fn a_recording_attributes_only_what_the_library_itself_records() {
    let params = Params::<Dual<f64>>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let (here, due) = (Location::caller(), line!());
    // This file is not under the path: its lines stay.
    let error = t.at(here, "elsewhere/", || t.input(&Tensor::from([1.0]).cast()).sum(4)).value().unwrap_err();
    assert_eq!(line(&error), due + 2);
}
