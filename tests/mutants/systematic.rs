//! The same mistakes made to many operations: backward is handed another cotangent, or none.

use autodiff::check::Diagnosis;
use autodiff::op::AnyScalar;
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::{Real, Shape, Tensor, ops, scalar_op};

use crate::mutants::table::{Mutant, kill, table};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    Sign,
    Half,
    DroppedTerm,
    Zero,
    OffByOne,
    NotANumber,
    Twice,
    NotLinear,
}

const MISTAKES: [Mistake; 8] = [
    Mistake::Sign,
    Mistake::Half,
    Mistake::DroppedTerm,
    Mistake::Zero,
    Mistake::OffByOne,
    Mistake::NotANumber,
    Mistake::Twice,
    Mistake::NotLinear,
];

/// A right operation whose backward makes a mistake.
#[derive(Clone, Debug)]
struct Wrong<O> {
    mistake: Mistake,
    of: O,
}

impl<T: Real, O: Op<T> + Clone> Op<T> for Wrong<O> {
    fn name(&self) -> &'static str {
        "wrong"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        self.of.shape(inputs)
    }
    fn saved(&self, inputs: &[&Shape]) -> usize {
        self.of.saved(inputs)
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        self.of.check(inputs)
    }
    fn differentiable(&self, input: usize) -> bool {
        self.of.differentiable(input)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        self.of.forward(inputs, output, saved);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let times = |factor: f64| cotangent.iter().map(|&g| g * T::from_f64(factor)).collect::<Vec<T>>();
        let mut changed = times(1.0);
        match self.mistake {
            Mistake::Zero => return,
            Mistake::Sign => changed = times(-1.0),
            Mistake::Half => changed = times(0.5),
            Mistake::NotANumber => changed = times(f64::NAN),
            Mistake::Twice => self.of.backward(at, cotangent, grads),
            Mistake::DroppedTerm => changed.iter_mut().take(1).for_each(|g| *g = T::ZERO),
            Mistake::OffByOne if !changed.is_empty() => changed.rotate_left(1),
            Mistake::OffByOne => {}
            Mistake::NotLinear => changed.iter_mut().for_each(|g| *g = *g * *g),
        }
        self.of.backward(at, &changed, grads);
    }
}

/// The mutants of one operation, at a drawn case.
fn mutants_of<O>(of: O, inputs: &[Tensor<f64>]) -> Vec<Mutant>
where
    Wrong<O>: AnyScalar + 'static,
    O: Clone,
{
    let one = |mistake: Mistake| Mutant {
        origin: "systematic",
        mistake: match mistake {
            Mistake::Sign => "sign flipped",
            Mistake::Half => "half",
            Mistake::DroppedTerm => "first entry dropped",
            Mistake::Zero => "no gradient",
            Mistake::OffByOne => "index off by one",
            Mistake::NotANumber => "NaN",
            Mistake::Twice => "added twice",
            Mistake::NotLinear => "cotangent squared",
        },
        op: Box::new(Wrong { mistake, of: of.clone() }),
        inputs: inputs.to_vec(),
        expected: match mistake {
            Mistake::Sign => Some(Diagnosis::SignFlipped),
            Mistake::Half => Some(Diagnosis::Factor(0.5)),
            Mistake::Twice => Some(Diagnosis::Factor(2.0)),
            Mistake::Zero => Some(Diagnosis::Zero),
            Mistake::NotANumber => Some(Diagnosis::NotFinite),
            Mistake::NotLinear => Some(Diagnosis::NotLinear),
            Mistake::DroppedTerm | Mistake::OffByOne => None,
        },
    };
    MISTAKES.into_iter().map(one).collect()
}

/// Doubles what lies densely in memory, as its author's tests hand it, and panics otherwise.
#[derive(Clone, Debug)]
struct DenseOnly;

impl<T: Real> Op<T> for DenseOnly {
    fn name(&self) -> &'static str {
        "dense_only"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|[x]| x.clone())
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        let Some(x) = inputs.view(0).dense() else { panic!("strided") };
        x.iter().zip(output).for_each(|(&x, y)| *y = x + x);
    }
    fn backward(&self, _: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        grad.add(&cotangent.iter().map(|&g| g + g).collect::<Vec<T>>());
    }
}

scalar_op! { SoftplusNaive, |x| (T::ONE + x.exp()).ln(), |_z| [x.sigmoid()] }
scalar_op! { AtOutput, |x| x.sin(), |z| [z.cos()] }

/// The mistakes of this file.
pub(crate) fn mutants() -> Vec<Mutant> {
    let x = || Tensor::from([[0.7, 1.9, 0.3], [1.2, 0.4, 0.9]]);
    let y = || Tensor::from([[0.2, 1.4, 0.6], [1.1, 0.3, 0.8]]);
    let weights = || Tensor::from([[0.7, -0.3], [1.2, 0.9], [0.5, -1.4]]);
    let mut mutants = Vec::new();
    mutants.extend(mutants_of(ops::Tanh {}, &[x()]));
    mutants.extend(mutants_of(ops::Exp {}, &[x()]));
    mutants.extend(mutants_of(ops::Gelu {}, &[x()]));
    mutants.extend(mutants_of(ops::LeakyRelu { slope: 0.1 }, &[x()]));
    mutants.extend(mutants_of(ops::Sqrt {}, &[x()]));
    mutants.extend(mutants_of(ops::Mul {}, &[x(), y()]));
    mutants.extend(mutants_of(ops::Div {}, &[x(), y()]));
    mutants.extend(mutants_of(ops::Matmul {}, &[x(), weights()]));
    mutants.extend(mutants_of(ops::Softmax { axis: 1 }, &[x()]));
    mutants.extend(mutants_of(ops::LogSoftmax { axis: 0 }, &[x()]));
    mutants.extend(mutants_of(ops::Sum { axes: 0.into() }, &[x()]));
    mutants.extend(mutants_of(ops::Variance { axes: 1.into(), correction: 0 }, &[x()]));
    mutants.extend(mutants_of(ops::Cumsum { axis: 1 }, &[x()]));
    mutants.extend(mutants_of(ops::Concatenate { axis: 0 }, &[x(), y()]));
    mutants.extend(table! {
        "systematic":
        "overflows": SoftplusNaive, [x()], Some(Diagnosis::OverflowInSingle);
        "slope at the output": AtOutput, [x()], Some(Diagnosis::WrongPoint);
        "panics if strided": DenseOnly, [x()], Some(Diagnosis::Panicked("strided".into()));
    });
    mutants
}

#[test]
fn systematic_mistakes_in_many_operations_are_found() {
    kill("systematic mistakes", mutants());
}

#[test]
fn a_kink_is_reported_and_not_accused() {
    use autodiff::check;
    let report = check::op(&ops::Relu {}, [[0.0, 1.0, -1.0].into()]).unwrap();
    report.assert();
    assert!(!report.kinks.is_empty(), "{report}");
    let report = check::op(&ops::Abs {}, [[0.0].into()]).unwrap();
    report.assert();
    assert!(!report.kinks.is_empty(), "{report}");
}
