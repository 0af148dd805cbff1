//! What holds no element is done at once, however far its other extents reach; and no extents overflow a shape rule.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use autodiff::{Mode, Params, Recording, Shape, Tape, Tensor, Var};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use crate::laws::support::{Drawn, sweep};

/// Far more steps than any test has time for.
const HUGE: usize = 1 << 40;

/// The extents of a case, each once.
fn extents(drawn: &Drawn) -> Vec<usize> {
    let mut all: Vec<usize> = drawn.inputs.iter().flat_map(|x| x.shape().to_vec()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn mapped(drawn: &Drawn, map: impl Fn(usize) -> usize) -> Vec<Shape> {
    drawn.inputs.iter().map(|x| x.shape().iter().map(|&extent| map(extent)).collect()).collect()
}

/// Runs an operation forward and backward on nothing, of these shapes.
fn run(drawn: &Drawn, shapes: &[Shape]) {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    let leaves: Vec<_> = shapes.iter().map(|shape| t.variable(&Tensor::full(shape, 0.0))).collect();
    let y = t.apply(drawn.case.op.double(), &leaves);
    let mut grads = params.gradients();
    if let Ok(cotangent) = y.value() {
        let _ = y.backward_with(&cotangent, &mut grads); // an operation without a gradient says so
    }
}

#[test]
fn operations_on_nothing_return_at_once() {
    let running = Arc::new(Mutex::new(Vec::new()));
    let (sender, receiver) = mpsc::channel::<()>();
    let seen = Arc::clone(&running);
    let sweeping = std::thread::spawn(move || {
        sweep("on nothing, at once", 200, |drawn| {
            let all = extents(drawn);
            for &none in &all {
                for &huge in all.iter().filter(|&&huge| huge != none) {
                    let map = |extent| match extent {
                        _ if extent == none => 0,
                        _ if extent == huge => HUGE,
                        _ => extent,
                    };
                    let shapes = mapped(drawn, map);
                    // A value of that many elements could not be made.
                    if shapes.iter().all(|shape| shape.checked_size() == Some(0)) {
                        let this = format!("{:?} of {shapes:?}", drawn.case.op);
                        seen.lock().unwrap().push(this.clone());
                        run(drawn, &shapes);
                        seen.lock().unwrap().retain(|other| *other != this);
                    }
                }
            }
            Ok(())
        });
        let _ = sender.send(());
    });
    // What hangs would do so for days: the limit is far above what a busy machine takes.
    let ended = receiver.recv_timeout(Duration::from_secs(120));
    let hangs = || running.lock().unwrap().clone();
    assert!(ended != Err(mpsc::RecvTimeoutError::Timeout), "these walk the extents beside the zero: {:?}", hangs());
    assert!(sweeping.join().is_ok());
}

#[test]
fn lines_without_elements_are_not_walked() {
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let t = tape.start(&params, Mode::Train);
    for (shape, axis) in [([0, HUGE], 0), ([HUGE, 0], 1)] {
        let x = t.variable(&Tensor::full(shape, 0.0));
        for y in [x.softmax(axis), x.log_softmax(axis), x.cumsum(axis), x.flip(axis), x.square(), x + x] {
            assert_eq!(y.value().unwrap().shape()[..], shape);
            y.sum(..).backward(&mut params.gradients()).unwrap();
        }
    }
    let x = t.variable(&Tensor::full([HUGE, 0, 3], 0.0));
    assert_eq!(x.matmul(t.input(&Tensor::full([3, 2], 1.0))).value().unwrap().shape()[..], [HUGE, 0, 2]);
    let nothing = t.input(&Tensor::full([0], 0.0));
    assert_eq!(x.index_select(2, nothing).value().unwrap().shape()[..], [HUGE, 0, 0]);
}

/// Extents whose products and sums leave `usize`, in shapes that a broadcast can have.
#[test]
fn no_extents_overflow_a_shape_rule() {
    sweep("extents of any size: a shape or an error", 500, |drawn| {
        let mut random = StdRng::seed_from_u64(drawn.seed);
        let all = extents(drawn);
        let sizes = [0, 1, 2, 1 << 31, HUGE, 1 << 62, 1 << 63, usize::MAX - 1, usize::MAX];
        let to: Vec<usize> = all
            .iter()
            .map(|&extent| if random.random() { extent } else { *sizes.choose(&mut random).unwrap_or(&extent) })
            .collect();
        let shapes = mapped(drawn, |extent| all.binary_search(&extent).map_or(extent, |k| to[k]));
        if shapes.iter().any(|shape| shape.checked_size().is_none()) {
            return Ok(());
        }
        let (op, shapes) = (drawn.case.op.double(), shapes.iter().collect::<Vec<_>>());
        if op.shape(&shapes).is_ok() {
            let _ = op.saved(&shapes); // a number of values that may well not fit, which is refused where they are allotted
        }
        Ok(())
    });
}

#[test]
fn results_that_do_not_fit_are_refused_with_operation_and_shapes() {
    type Make = for<'t> fn(&'t Recording<'t, f64>, Var<'t, f64>) -> Var<'t, f64>;
    let cases: [(&str, Make); 14] = [
        ("prod", |_, one| one.broadcast_to([1 << 63]).prod(..)),
        ("matmul", |_, one| one.broadcast_to([HUGE, 1]).matmul(one.broadcast_to([1, HUGE]))),
        ("add", |_, one| one.broadcast_to([HUGE, 1]) + one.broadcast_to([1, HUGE])),
        ("mul", |_, one| one.broadcast_to([HUGE]).outer(one.broadcast_to([HUGE]))),
        ("one_hot", |_, one| one.broadcast_to([4]).one_hot(1 << 60)),
        ("one_hot", |_, one| one.broadcast_to([4]).one_hot(1 << 63)),
        ("pad", |_, one| one.broadcast_to([4]).pad(0, usize::MAX, 1, 0.0)),
        ("pad", |_, one| one.broadcast_to([4]).pad(0, 1 << 62, 1 << 62, 0.0)),
        ("repeat", |_, one| one.broadcast_to([4]).repeat(0, usize::MAX)),
        ("repeat", |_, one| one.broadcast_to([4]).repeat(0, 1 << 61)),
        ("concatenate", |t, one| t.concatenate([one.broadcast_to([1 << 63]); 2], 0)),
        ("symmetric_function", |_, one| one.broadcast_to([1 << 31, 1 << 31]).inverse_sqrt(1.0)),
        ("solve", |_, one| one.broadcast_to([HUGE, 1, 1, 1]).solve(one.broadcast_to([HUGE, 1, 1]))),
        ("cholesky", |_, one| one.broadcast_to([1 << 31, 1 << 31]).cholesky()),
    ];
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    for (name, make) in cases {
        let t = tape.start(&params, Mode::Train);
        let message = make(&t, t.variable(&Tensor::scalar(1.0))).value().unwrap_err().to_string();
        assert!(message.starts_with(name) && message.contains('['), "{name}: {message}");
    }
}
