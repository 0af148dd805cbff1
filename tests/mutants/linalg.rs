//! Mistakes in the pullbacks of linear algebra. The league has no counterparts of them.

use autodiff::check::{Check, Diagnosis};
use autodiff::op::{Frame, InputGrads, Inputs, Mismatch, Op, expect_inputs};
use autodiff::ops::{
    Cholesky, EigenvalueFunction, Eigh, Inverse, Slogdet, Solve, SolveTriangular, SymmetricFunction, Triangle,
};
use autodiff::{Real, Shape, Tensor, check};

use crate::mutants::table::{Mutant, kill, says, table};

/// What is pulled back instead of the cotangent.
#[derive(Clone, Copy, Debug)]
enum Pulled {
    /// The cotangent itself.
    Same,
    /// That of a square matrix, transposed.
    Transposed,
    /// Only its first elements, this many.
    First(usize),
    /// With this element added to the last.
    Added(usize),
}

/// A right operation, and the one that backward is taken from.
#[derive(Clone, Debug)]
struct Crossed<O> {
    forward: O,
    backward: O,
    pulled: Pulled,
}

impl<O: Clone> Crossed<O> {
    fn new(of: O, pulled: Pulled) -> Self {
        Crossed { forward: of.clone(), backward: of, pulled }
    }
}

impl<T: Real, O: Op<T> + Clone> Op<T> for Crossed<O> {
    fn name(&self) -> &'static str {
        "crossed"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        self.forward.shape(inputs)
    }
    fn saved(&self, inputs: &[&Shape]) -> usize {
        self.forward.saved(inputs)
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        self.forward.forward(inputs, output, saved);
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let (mut pulled, side) = (cotangent.to_vec(), cotangent.len().isqrt().max(1));
        match self.pulled {
            Pulled::Same => {}
            Pulled::Transposed => {
                pulled.iter_mut().enumerate().for_each(|(k, x)| *x = cotangent[k % side * side + k / side]);
            }
            Pulled::First(count) => pulled.iter_mut().skip(count).for_each(|x| *x = T::ZERO),
            Pulled::Added(element) => {
                if let Some(last) = pulled.last_mut() {
                    *last += cotangent[element];
                }
            }
        }
        self.backward.backward(at, &pulled, grads);
    }
}

fn mutants() -> Vec<Mutant> {
    use EigenvalueFunction::{Exp, Power};
    use Triangle::{Lower, UnitLower, Upper};
    let a = || Tensor::from([[3.0, 0.2, -0.1], [0.15, 6.0, 0.25], [-0.2, 0.1, 9.0]]);
    let b = || Tensor::from([[0.7, -0.3], [1.2, 0.9], [0.5, -1.4]]);
    let triangular = |forward, backward| Crossed {
        forward: SolveTriangular { triangle: forward },
        backward: SolveTriangular { triangle: backward },
        pulled: Pulled::Same,
    };
    let function = |forward, backward| Crossed {
        forward: SymmetricFunction { function: forward, shift: 0.0 },
        backward: SymmetricFunction { function: backward, shift: 0.0 },
        pulled: Pulled::Same,
    };
    table! {
        "linear algebra":
        "triangle above the diagonal": Crossed::new(Cholesky {}, Pulled::Transposed), [a()], None;
        "transpose forgotten": Crossed::new(Inverse {}, Pulled::Transposed), [a()], None;
        "only the first right side": Crossed::new(Solve {}, Pulled::First(1)), [a(), b()], None;
        "gradient of the sign": Crossed::new(Slogdet {}, Pulled::Added(0)), [a()], None;
        "eigenvectors constant": Crossed::new(Eigh {}, Pulled::First(3)), [a()], None;
        "other triangle": triangular(Lower, Upper), [a(), b()], None;
        "diagonal of ones": triangular(Lower, UnitLower), [a(), b()], None;
        "slope of another function": function(Power(0.5), Exp), [a()], None;
    }
}

#[test]
fn mistakes_of_linear_algebra_are_found() {
    kill("mistakes of linear algebra", mutants());
}

/// The largest element, whose gradient every tied one receives in full; refuses elements that are all equal and, if told so, an
/// input that does not lie densely.
#[derive(Clone, Debug)]
struct Largest {
    refuses_strides: bool,
}

fn largest<T: Real>(inputs: Inputs<'_, T>) -> T {
    inputs.view(0).iter().reduce(T::maximum).unwrap_or(T::ZERO)
}

impl<T: Real> Op<T> for Largest {
    fn name(&self) -> &'static str {
        "largest"
    }
    fn shape(&self, inputs: &[&Shape]) -> Result<Shape, Mismatch> {
        expect_inputs::<1>(inputs).map(|_| Shape::new(&[]))
    }
    fn check(&self, inputs: Inputs<'_, T>) -> Result<(), Mismatch> {
        if self.refuses_strides && inputs.view(0).dense().is_none() {
            return Err(Mismatch::new("strided"));
        }
        let first = inputs.view(0).iter().next();
        if inputs.view(0).iter().all(|x| Some(x) == first) { Err(Mismatch::new("all equal")) } else { Ok(()) }
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], _: &mut [T]) {
        output.fill(largest(inputs));
    }
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(grad) = grads.view(0) else { return };
        let largest = largest(at.inputs);
        let terms = at.inputs.view(0).iter().map(|x| if x == largest { cotangent[0] } else { T::ZERO });
        grad.add(&terms.collect::<Vec<T>>());
    }
}

#[test]
fn a_mistake_beside_points_that_are_refused_is_found() {
    let report = Check::new().op(&Largest { refuses_strides: false }, [[0.3, 1.2, 0.7].into()]).unwrap();
    assert!(says(&report, &Diagnosis::TieNotShared), "{report}");
    assert!(report.refused.iter().any(|line| line.contains("with all values equal: all equal")), "{report}");
    assert!(report.to_string().contains("refused: Largest"), "{report}");
}

#[test]
fn what_is_refused_for_its_layout_alone_is_an_error() {
    let refused = check::op(&Largest { refuses_strides: true }, [[[0.3, 1.2], [0.7, 0.5]].into()]);
    assert!(refused.unwrap_err().to_string().contains("largest: strided"));
}
