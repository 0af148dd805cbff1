//! A checkpoint computes what it contains once more in backward, and has the bits that it has without.

use autodiff::ops::Distribution;
use autodiff::{Mode, ParamId, Params, Program, Recording, StateId, Tape, Tensor, Var, check, transform, variable};

/// Two layers of weights, a draw and a state.
struct Model {
    weights: [ParamId; 2],
    state: StateId,
}

fn model(params: &mut Params<f64>) -> Model {
    let mut weight = |name: &str| {
        params.scope(name).parameter("weight", [6, 6], |values, _| {
            values.iter_mut().enumerate().for_each(|(k, value)| *value = ((k * 37) % 11) as f64 / 20.0 - 0.25);
        })
    };
    let weights = [weight("first"), weight("second")];
    Model { weights, state: params.scope("norm").state("mean", &Tensor::full([6], 0.0)) }
}

/// How a layer is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Itself,
    Checkpoint,
    TwoCheckpoints,
}

impl Model {
    fn layer<'t>(&self, t: &'t Recording<'t, f64>, x: Var<'t, f64>, weight: usize) -> Var<'t, f64> {
        let y = x.matmul(t.param(self.weights[weight])).tanh();
        let mean = t.state(self.state) * 0.9 + y.mean(0) * 0.1;
        t.update(self.state, mean);
        y * t.random([5, 6], Distribution::Bernoulli(0.7)) + x
    }

    /// A loss in which the inputs of the checkpoint are used before, in it and after.
    fn loss<'t>(&self, t: &'t Recording<'t, f64>, x: Var<'t, f64>, by: By) -> Var<'t, f64> {
        let h = self.layer(t, x.sin(), 0);
        let inner = |by: By, h: Var<'t, f64>| match by {
            By::Itself => self.layer(t, h, 1) * h,
            By::Checkpoint => t.checkpoint([h], |t, [h]| self.layer(t, h, 1) * h),
            By::TwoCheckpoints => t.checkpoint([h], |t, [h]| t.checkpoint([h, h], |t, [h, g]| self.layer(t, h, 1) * g)),
        };
        let y = inner(by, h);
        (y * h + self.layer(t, y, 1).square()).sum(..) * 0.01
    }
}

/// The bits of the loss, the gradients, the states and what the parameters are after two steps.
fn trained(by: By, recorded: bool) -> Vec<u64> {
    let mut params = Params::<f64>::new(3);
    let model = model(&mut params);
    let x = Tensor::from_fn([5, 6], |k| ((k * 29) % 17) as f64 / 9.0 - 0.8);
    let mut grads = params.gradients();
    let mut tape = Tape::new();
    let mut program =
        Program::record(&params, Mode::Train, [variable("x", [5, 6])], |t, [x]| [model.loss(t, x, by)]).unwrap();
    let mut bits = Vec::new();
    for _ in 0..2 {
        let (loss, gradient) = match recorded {
            true => {
                let run = program.forward(&params, [&x]).unwrap();
                run.backward(&mut grads).unwrap();
                (run.output(0).unwrap(), run.gradient("x", &grads).unwrap())
            }
            false => {
                let t = tape.start(&params, Mode::Train);
                let leaf = t.variable(&x);
                let loss = model.loss(&t, leaf, by);
                loss.backward(&mut grads).unwrap();
                (loss.value().unwrap(), grads.of(leaf).unwrap())
            }
        };
        let step: Vec<f64> = params.flat().iter().zip(grads.flat()).map(|(w, g)| w - 0.1 * g).collect();
        params.commit(&grads).unwrap();
        params.flat_mut().copy_from_slice(&step);
        let state = params.state(model.state).unwrap();
        bits.extend(
            loss.data().iter().chain(gradient.data()).chain(grads.flat()).chain(state.data()).map(|x| x.to_bits()),
        );
    }
    bits
}

#[test]
fn a_checkpoint_has_the_bits_that_its_contents_have() {
    let expected = trained(By::Itself, false);
    assert!(expected.iter().any(|&bits| f64::from_bits(bits) != 0.0));
    for recorded in [false, true] {
        for by in [By::Itself, By::Checkpoint, By::TwoCheckpoints] {
            assert!(trained(by, recorded) == expected, "{by:?}, recorded: {recorded}");
        }
    }
}

/// The message of what `build` records of one variable in a checkpoint and reads.
fn refused(build: impl for<'b> Fn(&'b Recording<'b, f64>, Var<'b, f64>) -> Var<'b, f64>) -> String {
    let params = Params::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&[0.5, 1.0].into());
    t.checkpoint([x], |t, [x]| build(t, x)).value().unwrap_err().to_string()
}

#[test]
fn a_mistake_inside_of_a_checkpoint_has_its_line() {
    let line = line!() + 1;
    let shapes = refused(|t, x| x + t.constant(&[1.0, 2.0, 3.0].into()));
    assert!(shapes.starts_with("add: shapes do not broadcast: [2] × [3] at"), "{shapes}");
    assert!(shapes.ends_with(&format!("checkpoint.rs:{line}:33")), "{shapes}");
    let line = line!() + 1;
    let value = refused(|t, x| x.index_select(0, t.constant(&[7.0].into())));
    assert!(value.starts_with("index_select: ") && value.contains(&format!("checkpoint.rs:{line}:")), "{value}");
    let read = refused(|t, x| {
        assert!(x.value().unwrap_err().to_string().contains("a value read here would be frozen"));
        t.input(&[1.0, 2.0].into()) + x
    });
    assert!(read.contains("keep it with constant()"), "{read}");
}

#[test]
fn what_has_no_gradient_has_none_through_a_checkpoint() {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let x = t.variable(&[0.5, 1.0].into());
    let y = x * t.checkpoint([x], |_, [x]| x.detach() * 2.0);
    let mut grads = params.gradients();
    y.sum(..).backward(&mut grads).unwrap();
    assert_eq!(grads.of(x).unwrap().data(), &[1.0, 2.0]);
    let blocked = t.checkpoint([x], |_, [x]| x.greater(x * 0.5)).sum(..).backward(&mut grads);
    let message = blocked.unwrap_err().to_string();
    assert!(message.contains("greater") && message.contains("it has none"), "{message}");
}

#[test]
fn tangents_go_through_a_checkpoint_of_what_needs_no_gradient() {
    let square = |x: Tensor<f64>| transform::jvp(|x| x.recording().checkpoint([x], |_, [x]| x * x), &x, &x).unwrap().1;
    assert_eq!(square([3.0, 1.0].into()).data(), &[18.0, 2.0]);
}

#[test]
fn the_checker_finds_nothing_in_a_checkpoint() {
    check::function(
        |[x, w]| x.recording().checkpoint([x, w], |_, [x, w]| (x.matmul(w).tanh() * x).exp()),
        [[[0.3, -0.4], [0.8, 0.1]].into(), [[0.5, -0.2], [0.7, 0.4]].into()],
    )
    .unwrap()
    .assert();
}
