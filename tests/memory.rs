//! Memory that is not there is an error that says what it was for: the process goes on. The allocator of these
//! tests refuses what is larger than a limit, so that memory runs out where a test wants it to.

use crate::allocator::within;
use autodiff::ops::{Conv2d, ConvGeometry};
use autodiff::{Error, Gradients, Mode, Params, Program, Shape, Tape, Tensor, Var, input, variable};

const MIB: usize = 1 << 20;

fn message<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.unwrap_err().to_string()
}

/// The message of the first mistake of `build`, with at most 64 MiB at a time.
fn mistake(build: impl for<'t> Fn(Var<'t, f64>) -> Var<'t, f64>) -> String {
    let params = Params::default();
    let mut tape = Tape::new();
    within(64 * MIB, || {
        let t = tape.start(&params, Mode::Train);
        message(build(t.variable(&Tensor::scalar(1.0))).value())
    })
}

#[test]
fn a_scalar_stretched_past_memory_cannot_be_read_or_computed_with() {
    let read = mistake(|x| x.broadcast_to([1 << 45]));
    assert_eq!(read, "a tensor of shape [35184372088832]: out of memory (281474976710656 bytes asked for)");
    let computed = mistake(|x| x.broadcast_to([1 << 45]).exp());
    assert!(
        computed.starts_with("exp: the result [35184372088832] does not fit into memory: [35184372088832] at tests")
    );
    let product = mistake(|x| x.broadcast_to([1 << 62]).prod(..));
    assert!(product.starts_with("prod: the result [] does not fit into memory"), "{product}");
}

#[test]
fn a_gradient_arena_past_memory_is_an_error_of_backward() {
    let params = Params::default();
    let x = Tensor::full([MIB], 0.5);
    let (mut tape, mut grads) = (Tape::<f64>::new(), params.gradients());
    let mut run = |limit, grads: &mut Gradients<f64>| {
        within(limit, || {
            let t = tape.start(&params, Mode::Train);
            let x = t.variable(&x);
            let loss = x.sigmoid().tanh().sum(..);
            (loss.backward(grads), grads.of(x))
        })
    };
    // The values alone are 24 MiB; growing as a vector does, they ask for 32. The gradients are as large again.
    assert!(run(usize::MAX, &mut grads).0.is_ok());
    let (backward, gradient) = run(9 * MIB, &mut params.gradients());
    let error = message(backward);
    assert_eq!(error, "the gradients of a recording: out of memory (25165832 bytes asked for)");
    assert!(message(gradient).contains("no backward pass"));
}

#[test]
fn a_program_for_forward_alone_keeps_nothing_for_backward() {
    let params = Params::<f64>::default();
    let inputs = || [variable("x", [MIB])];
    within(64 * MIB, || {
        let whole = Program::record(&params, Mode::Eval, inputs(), |_, [x]| {
            [(0..20).fold(x, |x, _| x.tanh().softmax(0)).sum(..)]
        });
        assert!(message(whole).contains("values of a program: out of memory"));
        let forward = Program::record_forward(&params, Mode::Eval, inputs(), |_, [x]| {
            [(0..20).fold(x, |x, _| x.tanh().softmax(0)).sum(..)]
        });
        let mut forward = forward.unwrap();
        let run = forward.forward(&params, [&Tensor::full([MIB], 0.5)]).unwrap();
        assert!((run.output(0).unwrap().data()[0] - 1.0).abs() < 1e-9);
    });
}

#[test]
fn data_parameters_and_programs_past_memory_are_errors() {
    let data = Tensor::full([4 * MIB], 1.0);
    let params = Params::<f64>::default();
    let mut tape = Tape::new();
    let error = within(MIB, || message(tape.start(&params, Mode::Train).input(&data).value()));
    assert!(error.starts_with("input: the result [4194304] does not fit into memory at tests/memory.rs:"), "{error}");

    let mut large = Params::<f32>::new(0);
    let id = large.scope("fc").parameter("weight", [1 << 45, 2], |_, _| unreachable!());
    let expected = "parameter fc.weight of shape [35184372088832, 2]: out of memory (562949953421312 bytes asked for)";
    assert_eq!(message(large.check()), expected);
    assert_eq!(message(Tape::new().start(&large, Mode::Train).param(id).value()), expected);
    let mut endless = Params::<f32>::new(0);
    endless.scope("fc").parameter("weight", [1 << 33, 1 << 31], |_, _| unreachable!());
    assert!(message(endless.check()).ends_with("out of memory (too much asked for)"));

    for shape in [[1 << 45, 1], [1 << 33, 1 << 31], [usize::MAX, usize::MAX]] {
        let error = message(Program::record(&params, Mode::Train, [input("x", shape)], |_, [x]| [x.sum(..)]));
        assert!(error.contains("memory"), "{error}");
    }
}

#[test]
fn a_convolution_whose_columns_are_past_memory_is_an_error_forward_and_backward() {
    let params = Params::default();
    let (x, weight) = (Tensor::full([1, 16, 64, 64], 0.5_f64), Tensor::full([1, 16, 7, 7], 0.1));
    // The strided adjoint, and a convolution to one channel, have columns.
    let geometry = ConvGeometry { padding: [[3, 3]; 2], stride: [2, 2], ..ConvGeometry::default() };
    let columns = 16 * 49 * 32 * 32 * size_of::<f64>();
    let expected = format!("conv2d: out of memory ({columns} bytes to work on asked for): [1, 16, 64, 64]");
    std::thread::scope(|scope| {
        // A thread has no buffers from earlier products yet.
        let forward = scope.spawn(|| {
            let mut tape = Tape::new();
            within(columns - 1, || {
                let t = tape.start(&params, Mode::Train);
                message(t.apply(Conv2d { geometry }, [t.input(&x), t.input(&weight)]).value())
            })
        });
        let error = forward.join().unwrap();
        assert!(error.starts_with(&expected), "{error}");
    });
    let mut program = Program::record(&params, Mode::Train, [variable("x", x.shape())], |t, [x]| {
        [t.apply(Conv2d { geometry }, [x, t.constant(&weight)]).sum(..)]
    })
    .unwrap();
    let run = program.forward(&params, [&x]).unwrap();
    let mut grads = params.gradients();
    // On a new thread, which has no buffers from forward.
    let error = std::thread::scope(|scope| {
        let pull = scope.spawn(|| within(columns - 1, || run.backward(&mut grads)));
        message(pull.join().unwrap())
    });
    assert!(error.starts_with(&expected), "{error}");
    assert!(run.gradient("x", &grads).is_err(), "a pass that stopped half-way has filled nothing");
    run.backward(&mut grads).unwrap();
}

#[test]
fn a_convolution_whose_padded_image_is_past_memory_is_an_error_of_backward() {
    let params = Params::default();
    let (x, weight) = (Tensor::full([1, 16, 64, 64], 0.5_f64), Tensor::full([16, 16, 7, 7], 0.1));
    let geometry = ConvGeometry { padding: [[3, 3]; 2], ..ConvGeometry::default() };
    let mut program = Program::record(&params, Mode::Train, [variable("w", weight.shape())], |t, [w]| {
        [t.apply(Conv2d { geometry }, [t.constant(&x), w]).sum(..)]
    })
    .unwrap();
    let mut grads = params.gradients();
    let run = program.forward(&params, [&weight]).unwrap();
    run.backward(&mut grads).unwrap();
    let padded = 16 * 70 * 70 * size_of::<f64>();
    // On a new thread, which has no buffers, while the gradients have theirs.
    let pull = || within(padded - 1, || run.backward(&mut grads));
    let error = message(std::thread::scope(|scope| scope.spawn(pull).join().unwrap()));
    // Without AVX2, it is the columns that are past memory.
    assert!(error.starts_with("conv2d: out of memory ("), "{error}");
    assert!(run.gradient("w", &grads).is_err(), "a pass that stopped half-way has filled nothing");
}

#[test]
fn ordinary_work_within_the_limit_is_done() {
    within(64 * MIB, || {
        let params = Params::<f32>::default();
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let x = t.variable(&Tensor::full(Shape::new(&[256, 256]), 0.01));
        assert!((x.matmul(x).sum(..).item().unwrap() - 1677.7216).abs() < 0.01);
    });
}
