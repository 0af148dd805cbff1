//! A scan is its step, once for each row: values, gradients and draws, whatever it keeps.

use autodiff::ops::Distribution;
use autodiff::{Keep, Mode, ParamId, Params, Program, Recording, Tape, Tensor, Var, check, variable};
use rayon::ThreadPoolBuilder;

const STEPS: usize = 11;

/// How a recurrent network is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    Unrolled,
    Scan(Keep),
}

/// A layer `h' = tanh(x W + h U + b)`, which is carried, with an output of another shape.
struct Cell([ParamId; 3]);

impl Cell {
    fn new(params: &mut Params<f64>) -> Self {
        let mut weight = |name: &str, shape: &[usize]| {
            params.scope("cell").parameter(name, shape, |values, _| {
                values.iter_mut().enumerate().for_each(|(k, value)| *value = ((k * 37) % 19) as f64 / 20.0 - 0.45);
            })
        };
        Cell([weight("input", &[3, 4]), weight("carried", &[4, 4]), weight("bias", &[4])])
    }

    fn step<'t>(
        &self,
        t: &'t Recording<'t, f64>,
        [h, c]: [Var<'t, f64>; 2],
        x: Var<'t, f64>,
    ) -> ([Var<'t, f64>; 2], Var<'t, f64>) {
        let [w, u, b] = self.0.map(|id| t.param(id));
        let next = (x.matmul(w) + h.matmul(u) + b).tanh();
        let count = c + next.mean(..);
        ([next, count], next.sum(1) * c)
    }

    /// A loss of all outputs and of what the last step carries.
    fn loss<'t>(&self, t: &'t Recording<'t, f64>, [start, x]: [Var<'t, f64>; 2], by: By) -> Var<'t, f64> {
        let count = t.constant(&Tensor::scalar(0.5));
        let (h, c, y) = match by {
            By::Unrolled => {
                let (mut carry, mut outputs) = ([start, count], Vec::new());
                for k in 0..STEPS {
                    let (next, y) = self.step(t, carry, x.index(0, k));
                    outputs.push(y);
                    carry = next;
                }
                (carry[0], carry[1], t.stack(outputs, 0))
            }
            By::Scan(keep) => {
                let ([h, c], y) = t.scan([start, count], [x], keep, |t, carry, [x]| self.step(t, carry, x));
                (h, c, y)
            }
        };
        (y.square() * 0.1).sum(..) + h.sin().sum(..) * c
    }
}

/// The loss and all gradients.
fn found(by: By, recorded: bool) -> Vec<f64> {
    let mut params = Params::<f64>::new(3);
    let cell = Cell::new(&mut params);
    let data = |shape: &[usize], seed: usize| Tensor::from_fn(shape, |k| ((k * 29 + seed) % 17) as f64 / 9.0 - 0.8);
    let (start, x) = (data(&[2, 4], 1), data(&[STEPS, 2, 3], 5));
    let mut grads = params.gradients();
    let all = |loss: Tensor<f64>, gradients: [Tensor<f64>; 2], grads: &[f64]| {
        loss.data().iter().chain(gradients[0].data()).chain(gradients[1].data()).chain(grads).copied().collect()
    };
    if recorded {
        let inputs = [variable("start", start.shape()), variable("x", x.shape())];
        let mut program =
            Program::record(&params, Mode::Train, inputs, |t, inputs| [cell.loss(t, inputs, by)]).unwrap();
        program.forward(&params, [&start, &data(&[STEPS, 2, 3], 9)]).unwrap().backward(&mut grads).unwrap();
        let run = program.forward(&params, [&start, &x]).unwrap();
        run.backward(&mut grads).unwrap();
        let gradients = ["start", "x"].map(|name| run.gradient(name, &grads).unwrap());
        return all(run.output(0).unwrap(), gradients, grads.flat());
    }
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaves = [t.variable(&start), t.variable(&x)];
    let loss = cell.loss(&t, leaves, by);
    loss.backward(&mut grads).unwrap();
    all(loss.value().unwrap(), leaves.map(|leaf| grads.of(leaf).unwrap()), grads.flat())
}

#[test]
fn a_scan_is_its_step_for_each_row() {
    let expected = found(By::Unrolled, false);
    let scanned = found(By::Scan(Keep::All), false);
    for (found, expected) in scanned.iter().zip(&expected) {
        assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{found} and {expected}");
    }
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for keep in [Keep::All, Keep::Segments] {
            for recorded in [false, true] {
                let found = pool.install(|| found(By::Scan(keep), recorded));
                assert!(found == scanned, "{keep:?}, recorded: {recorded}, {threads} threads");
            }
        }
    }
}

#[test]
fn draws_differ_from_step_to_step_and_are_the_same_in_backward() {
    let params = Params::<f64>::new(7);
    let mut grads = params.gradients();
    let gradient = [Keep::All, Keep::Segments].map(|keep| {
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::full([10, 40], 1.0));
        let ([], y) = t.scan([], [x], keep, |t, [], [x]| ([], x * t.random([40], Distribution::Bernoulli(0.5))));
        y.sum(..).backward(&mut grads).unwrap();
        let (value, gradient) = (y.value().unwrap(), grads.of(x).unwrap());
        assert_eq!(value, gradient);
        let rows: Vec<&[f64]> = gradient.data().chunks(40).collect();
        assert!((1..10).all(|k| rows[k] != rows[k - 1]));
        gradient
    });
    assert_eq!(gradient[0], gradient[1]);
}

#[test]
fn a_scan_of_no_rows_is_its_beginning() {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    for keep in [Keep::All, Keep::Segments] {
        let (h, x) = (t.variable(&[1.0, 2.0].into()), t.variable(&Tensor::full([0, 2], 0.0)));
        let ([last], y) = t.scan([h], [x], keep, |_, [h], [x]| ([h * x], h));
        assert_eq!((last.value().unwrap(), y.shape().unwrap()[..].to_vec()), ([1.0, 2.0].into(), vec![0, 2]));
        let mut grads = params.gradients();
        last.square().sum(..).backward(&mut grads).unwrap();
        assert_eq!(grads.of(h).unwrap(), [2.0, 4.0].into());
    }
}

#[test]
fn mistakes_of_a_scan_say_what_is_wrong() {
    let mut params = Params::<f64>::default();
    let state = params.scope("norm").state("mean", &Tensor::full([2], 0.0));
    let mut tape = Tape::new();
    let mut message = |build: &dyn for<'t> Fn(&'t Recording<'t, f64>) -> Var<'t, f64>| {
        build(&tape.start(&params, Mode::Train)).value().unwrap_err().to_string()
    };
    let rows = |t: &'_ Recording<'_, f64>| Tensor::full([3, 2], if t.mode() == Mode::Train { 1.0 } else { 0.0 });
    let carried = message(&|t| {
        let (h, x) = (t.input(&[0.0].into()), t.input(&rows(t)));
        t.scan([h], [x], Keep::All, |_, [h], [x]| ([h + x], x)).1
    });
    assert!(carried.starts_with("scan: carried value 0 begins with shape [1] and becomes [2]"), "{carried}");
    let lengths = message(&|t| {
        let (x, y) = (t.input(&rows(t)), t.input(&[1.0].into()));
        t.scan([], [x, y], Keep::All, |_, [], [x, y]| ([], x + y)).1
    });
    assert!(lengths.starts_with("scan: the sequences have different lengths: [3, 2] × [1] at"), "{lengths}");
    let none = message(&|t| t.scan([t.input(&[1.0].into())], [], Keep::All, |_, [h], []| ([h], h)).1);
    assert!(none.starts_with("scan: takes at least one sequence: [1] at"), "{none}");
    let set = message(&|t| {
        t.scan([], [t.input(&rows(t))], Keep::All, |t, [], [x]| {
            t.update(state, x);
            ([], x)
        })
        .1
    });
    assert!(set.starts_with("scan: a step cannot set a state: carry it"), "{set}");
    let (inside, line) = (message(&|t| refused_inside(t)), line_of_refusal());
    assert!(inside.starts_with("index_select: ") && inside.contains(&format!("scan.rs:{line}:")), "{inside}");
}

/// A step with an index that is out of range.
fn refused_inside<'t>(t: &'t Recording<'t, f64>) -> Var<'t, f64> {
    let x = t.input(&Tensor::full([3, 2], 1.0));
    let index = Tensor::from([5.0]);
    t.scan([], [x], Keep::Segments, |t, [], [x]| {
        let index = t.constant(&index);
        ([], x.index_select(0, index))
    })
    .1
}

fn line_of_refusal() -> u32 {
    line!() - 6
}

#[test]
fn the_checker_finds_nothing_in_a_scan() {
    for keep in [Keep::All, Keep::Segments] {
        let scanned = check::function(
            |[h, x]| {
                let ([last], y) = h.recording().scan([h], [x], keep, |_, [h], [x]| {
                    let next = (h * x).sin() + x;
                    ([next], next * h)
                });
                y.sum(0) * last
            },
            [[0.3, -0.4].into(), [[0.8, 0.1], [0.5, -0.2], [0.9, 0.7], [-0.3, 0.2]].into()],
        );
        scanned.unwrap().assert();
    }
}
