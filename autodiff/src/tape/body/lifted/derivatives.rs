//! Directional derivatives as values of a recording.

use std::marker::PhantomData;
use std::panic::Location;

use super::{add_component, copy_component, setting, write_component};
use crate::array::Shape;
use crate::error::Mismatch;
use crate::kernel::with_unset_scratch;
use crate::op::{Frame, InputGrads, Inputs, Op, Reads};
use crate::params::Lifted;
use crate::scalar::{Dual, Real};
use crate::tape::body::Body;
use crate::tape::body::record::Recorded;
use crate::tape::{Recording, Var};

/// Runs a body at its first input plus Σ ε · direction; its result is every component of the body's, one after the other.
#[derive(Debug)]
struct Derivatives<T, D: Real> {
    body: Body<D>,
    /// The number of directions, which are operands after the first.
    directions: usize,
    of: PhantomData<T>,
}

impl<T: Real, D: Lifted<T>> Derivatives<T, D> {
    /// The operand that is this input of the body, or after those this parameter.
    fn operand(&self, input: usize) -> usize {
        if input == 0 { 0 } else { input + self.directions }
    }

    /// The operands that an input of the body consists of, each with its component.
    fn operands(&self, input: usize) -> impl Iterator<Item = (usize, usize)> + use<T, D> {
        let directions = if input == 0 { self.directions } else { 0 };
        std::iter::once((self.operand(input), 0)).chain((0..directions).map(|k| (1 + k, 1 << k)))
    }
}

impl<T: Real, D: Lifted<T>> Op<T> for Derivatives<T, D> {
    fn name(&self) -> &'static str {
        "derivatives"
    }
    /// The components of the result, and after them the new values of states.
    fn shape(&self, _: &[&Shape]) -> Result<Shape, Mismatch> {
        let components = self.body.shape(0).size().checked_mul(D::COUNT);
        let size = components.and_then(|components| components.checked_add(self.body.size_from(1)));
        size.map(|size| [size].into()).ok_or_else(|| Mismatch::new("the derivatives are too many"))
    }
    /// The arenas of the body.
    fn saved(&self, _: &[&Shape]) -> usize {
        self.body.lengths().iter().sum::<usize>().saturating_mul(D::COUNT)
    }
    fn differentiable(&self, operand: usize) -> bool {
        self.body.is_reached(operand.saturating_sub(self.directions))
    }
    fn reads(&self) -> Reads {
        Reads::NOTHING
    }
    fn forward(&self, inputs: Inputs<'_, T>, output: &mut [T], saved: &mut [T]) {
        let Some(setting) = setting::<T, D>(inputs) else { return };
        let (values, saves) = D::elements_mut(saved).split_at_mut(self.body.lengths()[0]);
        let load = |input, to: &mut [D]| {
            to.fill(D::ZERO);
            self.operands(input).for_each(|(operand, at)| write_component(inputs.view(operand), at, to));
        };
        if !self.body.compute(setting, (values, saves), load) {
            return;
        }
        let size = self.body.shape(0).size();
        let (components, states) = output.split_at_mut(D::COUNT * size);
        self.body.output(0, setting, values).with_dense(|result| {
            (0..D::COUNT).for_each(|at| copy_component(result, at, &mut components[at * size..][..size]));
        });
        self.body.write_states(setting, values, states);
    }
    /// Let y be the function of x over the ring of dual numbers. The sum over components p of ȳₚ yₚ is the last component of c·y,
    /// where c has the component ȳₚ at the complement of p. So pulling c, by the same rules as ever, gives a gradient whose component
    /// at the complement of p is that of xₚ.
    fn backward(&self, at: Frame<'_, T>, cotangent: &[T], grads: &mut InputGrads<'_, T>) {
        let Some(setting) = setting::<T, D>(at.inputs) else { return };
        let (size, last) = (self.body.shape(0).size(), D::COUNT - 1);
        let arenas = D::elements(at.saved).split_at(self.body.lengths()[0]);
        with_unset_scratch(size, |complement: &mut [D]| {
            for (k, element) in D::components_mut(complement).chunks_exact_mut(D::COUNT).enumerate() {
                element.iter_mut().enumerate().for_each(|(p, to)| *to = cotangent[(last - p) * size + k]);
            }
            self.body.pull_lifted(setting, arenas, complement, |input, gradient| {
                for (operand, p) in self.operands(input) {
                    if let Some(grad) = grads.view(operand) {
                        add_component(gradient, last ^ p, grad);
                    }
                }
            });
        });
    }
}

impl<'t, T: Real> Recording<'t, T> {
    /// The value of `function` at `x`, and its derivative along `direction`, both as values of this recording: gradients flow
    /// through them to `x`, the direction, `others` and the parameters that the function reads.
    ///
    /// The function computes in dual numbers, which every operation and module takes. `others` are inputs that do not move.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let (x, v) = (t.variable(&[2.0, 3.0].into()), t.input(&[1.0, 10.0].into()));
    /// let [y, slope] = t.derivatives(x, v, [], |_, x, []| x * x * x);
    /// assert_eq!((y.value()?, slope.value()?), ([8.0, 27.0].into(), [12.0, 270.0].into()));
    /// let mut grads = params.gradients();
    /// slope.sum(..).backward(&mut grads)?; // the second derivative times the direction
    /// assert_eq!(grads.of(x)?, [12.0, 180.0].into());
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Shapes
    /// The direction has that of `x`; both results have that of the function's.
    ///
    /// # Errors
    /// Recorded on the tape: a direction of another shape; a mistake in the function, with its own line; a pass set in it;
    /// shards that meet in it. An operation that is not generic over its scalar does not compile.
    #[track_caller]
    #[must_use]
    pub fn derivatives<'r, const N: usize>(
        &'r self,
        x: Var<'r, T>,
        direction: Var<'r, T>,
        others: [Var<'r, T>; N],
        function: impl for<'b> FnOnce(
            &'b Recording<'b, Dual<T>>,
            Var<'b, Dual<T>>,
            [Var<'b, Dual<T>>; N],
        ) -> Var<'b, Dual<T>>,
    ) -> [Var<'r, T>; 2] {
        self.along(x, [direction], others, function)
    }

    /// As [`Recording::derivatives`], along two directions v and w, which may be the same, and of second order: the value, the
    /// derivatives along v and along w, and the derivative along w of that along v. The function computes in dual numbers of dual
    /// numbers.
    ///
    /// ```
    /// use autodiff::{Mode, Params, Tape};
    ///
    /// let params = Params::<f64>::default();
    /// let mut tape = Tape::new();
    /// let t = tape.start(&params, Mode::Train);
    /// let (x, v) = (t.variable(&2.0.into()), t.input(&1.0.into()));
    /// let [y, slope, _, curvature] = t.second_derivatives(x, [v, v], [], |_, x, []| x * x * x);
    /// assert_eq!((y.item()?, slope.item()?, curvature.item()?), (8.0, 12.0, 12.0));
    /// # Ok::<(), autodiff::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Recording::derivatives`].
    #[track_caller]
    #[must_use]
    pub fn second_derivatives<'r, const N: usize>(
        &'r self,
        x: Var<'r, T>,
        directions: [Var<'r, T>; 2],
        others: [Var<'r, T>; N],
        function: impl for<'b> FnOnce(
            &'b Recording<'b, Dual<Dual<T>>>,
            Var<'b, Dual<Dual<T>>>,
            [Var<'b, Dual<Dual<T>>>; N],
        ) -> Var<'b, Dual<Dual<T>>>,
    ) -> [Var<'r, T>; 4] {
        self.along(x, directions, others, function)
    }

    /// The components of a function at `x` plus Σ ε · direction.
    #[track_caller]
    fn along<'r, D: Lifted<T>, const K: usize, const N: usize, const P: usize>(
        &'r self,
        x: Var<'r, T>,
        directions: [Var<'r, T>; K],
        others: [Var<'r, T>; N],
        function: impl for<'b> FnOnce(&'b Recording<'b, D>, Var<'b, D>, [Var<'b, D>; N]) -> Var<'b, D>,
    ) -> [Var<'r, T>; P] {
        let location = Location::caller();
        let moved: Vec<Var<'r, T>> = std::iter::once(x).chain(directions).collect();
        let all: Vec<Var<'r, T>> = moved.iter().chain(&others).copied().collect();
        if let Some(poisoned) = self.poisoned_by("derivatives", &all, location) {
            return [poisoned; P];
        }
        let (at, unlike) = (self.shape_of(x), directions.iter().find(|&&v| self.shape_of(v) != self.shape_of(x)));
        if let Some(v) = unlike {
            let mismatch = Mismatch::new("a direction has another shape than what moves along it");
            return [self.refuse("derivatives", mismatch, &Var::ids(&[x, *v]), location); P];
        }
        let mut leaves = vec![(at, moved.iter().any(|&var| self.needs_gradient(var)))];
        leaves.extend(others.iter().map(|&var| (self.shape_of(var), self.needs_gradient(var))));
        let recorded = D::params(self.params).and_then(|params| {
            Recorded::new(("derivatives", location), self, params, &leaves, |t, vars| {
                function(t, vars[0], std::array::from_fn(|k| vars[1 + k]))
            })
        });
        let recorded = match recorded {
            Ok(recorded) => recorded,
            Err(error) => return [self.poison(error); P],
        };
        // A direction has a gradient if what moves along it has one.
        let inputs: Vec<Var<'r, T>> = std::iter::once(x).chain(others).collect();
        let mut operands = recorded.operands(self, &inputs, location);
        let is_cut = |v: Var<'r, T>| !recorded.body.is_reached(0) && self.needs_gradient(v);
        operands.splice(1..1, directions.map(|v| if is_cut(v) { v.detach() } else { v }));
        let (shape, states) = (recorded.body.shape(0).clone(), recorded.states());
        let op = Derivatives { body: recorded.body, directions: K, of: PhantomData };
        let (packed, mut first) = (self.apply(op, operands), 0);
        let components = std::array::from_fn(|_| packed.piece(&mut first, &shape));
        self.note_states(packed, first, &states);
        components
    }
}
