//! A program computes elementwise operations on large arrays together, a block at a time, with the bits of a tape.

use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op};
use autodiff::{Error, Mode, Params, Program, Real, Shape, Tape, Tensor, Var, input, variable};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rayon::ThreadPoolBuilder;

/// An instruction: which operation, and the positions of its inputs among the values so far.
type Instruction = (usize, usize, usize);

const OPERATIONS: usize = 13;

/// The values that the instructions compute from `inputs`.
fn computed<'t>(inputs: &[Var<'t, f32>], instructions: &[Instruction]) -> Vec<Var<'t, f32>> {
    let mut values = inputs.to_vec();
    for &(operation, a, b) in instructions {
        let (x, y) = (values[a % values.len()], values[b % values.len()]);
        values.push(match operation {
            0 => x + y,
            1 => x * y,
            2 => x - y,
            3 => x.tanh(),
            4 => x.relu(),
            5 => x.square() * 0.25,
            6 => x.greater(y).select(x, -y),
            7 => (x * 0.1).exp(),
            8 => x.mul_add(y, x),
            9 => x.sin(),
            // A view in the midst of a chain, of all elements or of some.
            10 => x.flatten(0..).abs().reshape(x.shape().unwrap()),
            11 => x.transpose(0, 1).contiguous().transpose(0, 1).sigmoid(),
            // What is not elementwise ends a chain.
            _ => x.log_softmax(1) * 0.5,
        });
    }
    values
}

#[derive(Clone, Debug)]
struct Case {
    shape: [usize; 2],
    instructions: Vec<Instruction>,
    /// The positions of the outputs among the instructions; backward starts from the first.
    outputs: [usize; 2],
}

fn cases() -> impl Strategy<Value = Case> {
    let shape = prop_oneof![Just([1, 8192]), Just([3, 4001]), Just([130, 257]), Just([64, 127])];
    let instructions = proptest::collection::vec((0..OPERATIONS, 0..40_usize, 0..40_usize), 2..30);
    (shape, instructions, 0..40_usize, 0..40_usize).prop_map(|(shape, instructions, root, other)| {
        let outputs = [root, other].map(|output| output % instructions.len());
        Case { shape, instructions, outputs }
    })
}

/// The bits of outputs and gradients, or why there are none.
type Bits = Result<Vec<Vec<u32>>, String>;

fn bits(tensors: Vec<Tensor<f32>>) -> Vec<Vec<u32>> {
    tensors.iter().map(|tensor| tensor.data().iter().map(|x| x.to_bits()).collect()).collect()
}

/// The reason of an error, without the place where it was found.
fn reason(error: Error) -> String {
    error.to_string().split(" at ").next().unwrap_or_default().to_owned()
}

fn data(shape: [usize; 2]) -> [Tensor<f32>; 3] {
    [3, 5, 7].map(|seed| Tensor::from_fn(shape, |k| ((k * 37 + seed * k / 11 + seed) % 211) as f32 / 100.0 - 1.0))
}

fn outputs_of<'t>(inputs: &[Var<'t, f32>], case: &Case) -> [Var<'t, f32>; 2] {
    let values = computed(inputs, &case.instructions);
    case.outputs.map(|output| values[inputs.len() + output])
}

fn on_a_tape(case: &Case) -> Bits {
    let (params, [x, y, z]) = (Params::default(), data(case.shape));
    let (mut tape, mut grads) = (Tape::new(), params.gradients());
    let t = tape.start(&params, Mode::Train);
    let leaves = [t.variable(&x), t.variable(&y), t.input(&z)];
    let outputs = outputs_of(&leaves, case);
    let cotangent = outputs[0].value().map_err(reason)?;
    outputs[0].backward_with(&cotangent, &mut grads).map_err(reason)?;
    let gradient = |leaf: Var<'_, f32>| grads.of(leaf).unwrap_or(Tensor::full([1], f32::INFINITY));
    Ok(bits(vec![cotangent, outputs[1].value().map_err(reason)?, gradient(leaves[0]), gradient(leaves[1])]))
}

fn in_a_program(case: &Case) -> Bits {
    let (params, [x, y, z]) = (Params::default(), data(case.shape));
    let declared = [variable("x", case.shape), variable("y", case.shape), input("z", case.shape)];
    let mut program = Program::record(&params, Mode::Train, declared, |_, inputs| outputs_of(&inputs, case)).unwrap();
    let mut grads = params.gradients();
    // The first run leaves other values wherever memory is used again.
    program.forward(&params, [&z, &x, &y]).unwrap().backward_with(&x, &mut grads).map_err(reason)?;
    let run = program.forward(&params, [&x, &y, &z]).map_err(reason)?;
    let cotangent = run.output(0).map_err(reason)?;
    run.backward_with(&cotangent, &mut grads).map_err(reason)?;
    run.check_finite_gradients(&grads).unwrap();
    let gradient = |name| run.gradient(name, &grads).unwrap_or(Tensor::full([1], f32::INFINITY));
    Ok(bits(vec![cotangent, run.output(1).map_err(reason)?, gradient("x"), gradient("y")]))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn chains_have_the_bits_of_a_tape_on_any_number_of_threads(case in cases(), threads in 1..4_usize) {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let on_a_tape = on_a_tape(&case);
        let known = |reason: &String| reason.starts_with("backward: nothing it depends on needs a gradient");
        prop_assert!(on_a_tape.as_ref().map_or_else(known, |_| true), "{on_a_tape:?}");
        prop_assert!(pool.install(|| in_a_program(&case)) == on_a_tape);
    }
}

#[test]
fn a_program_for_forward_alone_has_the_same_outputs_and_no_backward() {
    let case = Case { shape: [130, 257], instructions: (0..12).map(|k| (k, k, k + 1)).collect(), outputs: [11, 5] };
    let (params, [x, y, z]) = (Params::default(), data(case.shape));
    let declared = || [variable("x", case.shape), variable("y", case.shape), input("z", case.shape)];
    let mut whole = Program::record(&params, Mode::Train, declared(), |_, inputs| outputs_of(&inputs, &case)).unwrap();
    let mut forward =
        Program::record_forward(&params, Mode::Train, declared(), |_, inputs| outputs_of(&inputs, &case)).unwrap();
    let outputs = |program: &mut Program<f32>| {
        let run = program.forward(&params, [&x, &y, &z]).unwrap();
        bits([0, 1].map(|output| run.output(output).unwrap()).to_vec())
    };
    assert!(outputs(&mut forward) == outputs(&mut whole));
    let message = forward.forward(&params, [&x, &y, &z]).unwrap().backward(&mut params.gradients()).unwrap_err();
    assert!(message.to_string().contains("recorded by record_forward"), "{message}");
}

/// The identity, which refuses negative numbers.
#[derive(Clone, Copy, Debug)]
struct Refuses;

impl<T: Real> Op<T> for Refuses {
    fn name(&self) -> &'static str {
        "refuses"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        Ok(inputs[0].clone())
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        let negative = inputs.view(0).iter().find(|&x| x < T::ZERO);
        negative.map_or(Ok(()), |x| Err(Mismatch::new(format!("{x} is negative"))))
    }
    fn is_elementwise(&self) -> bool {
        true
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        inputs.view(0).copy_to(output);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        if let Some(grad) = grads.view(0) {
            grad.add(cotangent);
        }
    }
}

#[test]
fn an_operation_in_a_chain_refuses_the_first_bad_value_at_its_line() {
    let params = Params::<f64>::default();
    let size = 50_000;
    let mut program = Program::record(&params, Mode::Train, [variable("x", [size])], |t, [x]| {
        [t.apply(Refuses, [t.apply(Refuses, [x]) - 1.0])]
    })
    .unwrap();
    let line = line!() - 3;
    let with = |bad: &[(usize, f64)]| {
        let mut x = Tensor::full([size], 2.0);
        bad.iter().for_each(|&(k, value)| x.data_mut()[k] = value);
        x
    };
    let mut grads = params.gradients();
    program.forward(&params, [&with(&[])]).unwrap().backward_with(&with(&[]), &mut grads).unwrap();
    for threads in [1, 3] {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut message = |bad: &[(usize, f64)]| {
            let x = with(bad);
            pool.install(|| program.forward(&params, [&x]).map(drop).unwrap_err().to_string())
        };
        let second = message(&[(40_000, 0.25), (30_000, 0.5)]);
        assert!(second.starts_with("refuses: -0.5 is negative"), "{second}");
        assert!(second.contains(&format!("chains.rs:{line}")), "{second}");
        // The operation that comes first in the program, wherever its value lies.
        let first = message(&[(49_999, -3.0), (10, 0.5)]);
        assert!(first.starts_with("refuses: -3 is negative"), "{first}");
    }
}
