//! Every operation inside of `derivatives`, `second_derivatives` and `gradient` has the derivatives that forward mode gives to second
//! order, and gradients flow through them.

use autodiff::op::{AnyScalar, Op};
use autodiff::{Dual, Error, Mode, Params, Real, Recording, Tape, Tensor, Var};

use crate::laws::support::{Drawn, sweep};

type Second = Dual<Dual<f64>>;

/// The operation of a case in each scalar.
trait InScalar: Real {
    fn of(op: &dyn AnyScalar) -> Box<dyn Op<Self>>;
}

impl InScalar for Dual<f64> {
    fn of(op: &dyn AnyScalar) -> Box<dyn Op<Self>> {
        op.dual()
    }
}

impl InScalar for Second {
    fn of(op: &dyn AnyScalar) -> Box<dyn Op<Self>> {
        op.second()
    }
}

/// A case, whose differentiable inputs are packed into one array, and the others into another.
struct Packed<'d> {
    drawn: &'d Drawn,
    x: Tensor<f64>,
    rest: Tensor<f64>,
}

impl<'d> Packed<'d> {
    fn new(drawn: &'d Drawn) -> Self {
        let elements = |wanted: bool| {
            let inputs = drawn.inputs.iter().enumerate().filter(|&(k, _)| is_wanted(drawn, k) == wanted);
            Tensor::from(inputs.flat_map(|(_, input)| input.data().to_vec()).collect::<Vec<_>>())
        };
        Packed { drawn, x: elements(true), rest: elements(false) }
    }

    /// The operation, and two others on its output, as one axis.
    fn output<'t, D: InScalar>(&self, t: &'t Recording<'t, D>, x: Var<'t, D>, rest: Var<'t, D>) -> Var<'t, D> {
        let mut first = [0, 0];
        let mut piece = |(k, input): (usize, &Tensor<f64>)| {
            let (from, first) = if is_wanted(self.drawn, k) { (x, &mut first[0]) } else { (rest, &mut first[1]) };
            let start = *first;
            *first += input.shape().size();
            from.narrow(0, start..*first).reshape(input.shape())
        };
        let inputs: Vec<_> = self.drawn.inputs.iter().enumerate().map(&mut piece).collect();
        let y = t.apply(D::of(&*self.drawn.case.op), &inputs);
        (y.tanh() * y).reshape([-1])
    }

    /// Numbers like those of `x`, for a direction or weights.
    fn numbers(&self, size: usize, seed: usize) -> Tensor<f64> {
        Tensor::from_fn([size], |k| ((k * 37 + 29 * seed) % 101) as f64 / 50.0 - 1.0)
    }

    /// The value, the derivatives along v and along u, and the derivative along u of that along v, by forward mode.
    fn forward(&self, v: &Tensor<f64>, u: &Tensor<f64>) -> Result<[Vec<f64>; 4], Error> {
        let (params, mut tape) = (Params::default(), Tape::new());
        let t = tape.start(&params, Mode::Train);
        let moved = |k: usize| Dual::new(Dual::new(self.x.data()[k], v.data()[k]), Dual::new(u.data()[k], 0.0));
        let [x, rest] =
            [Tensor::from_fn(self.x.shape(), moved), Tensor::from_fn(self.rest.shape(), |k| self.constant(k))];
        let y = self.output(&t, t.input(&x), t.input(&rest)).value()?;
        let component = |of: fn(&Second) -> f64| y.data().iter().map(of).collect();
        Ok([
            component(|y| y.value.value),
            component(|y| y.value.tangent),
            component(|y| y.tangent.value),
            component(|y| y.tangent.tangent),
        ])
    }

    fn constant(&self, k: usize) -> Second {
        Dual::new(Dual::new(self.rest.data()[k], 0.0), Dual::new(0.0, 0.0))
    }
}

fn is_wanted(drawn: &Drawn, input: usize) -> bool {
    drawn.case.op.double().differentiable(input)
}

/// An inner product, and the sum of its absolute terms.
fn dot(a: &[f64], b: &[f64]) -> (f64, f64) {
    let terms = a.iter().zip(b).map(|(a, b)| a * b);
    (terms.clone().sum(), terms.map(f64::abs).sum())
}

/// Whether two sums of inner products agree, within rounding.
fn agree(what: &str, found: &[(f64, f64)], expected: &[(f64, f64)]) -> Result<(), String> {
    let total = |sums: &[(f64, f64)]| sums.iter().fold((0.0, 0.0), |(sum, size), term| (sum + term.0, size + term.1));
    let ((found, of_found), (expected, of_expected)) = (total(found), total(expected));
    let size = of_found.max(of_expected);
    if !size.is_finite() || (found - expected).abs() <= 1e-9 * (size + 1e-3) {
        return Ok(());
    }
    Err(format!("{what}: {found}, by forward mode {expected}"))
}

fn equal(what: &str, found: &Tensor<f64>, expected: &[f64]) -> Result<(), String> {
    let alike = |(x, y): (&f64, &f64)| (x - y).abs() <= 1e-12 * (x.abs() + 1e-3) || x == y || x.is_nan() && y.is_nan();
    match found.data().len() == expected.len() && found.data().iter().zip(expected).all(alike) {
        true => Ok(()),
        false => Err(format!("{what}: {:?}, by forward mode {expected:?}", found.data())),
    }
}

fn said<T>(result: Result<T, Error>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Calls `law` with a case that has something to derive, directions v and u, and what forward mode gives.
fn lifted(name: &str, law: impl Fn(&Packed<'_>, [&Tensor<f64>; 2], &[Vec<f64>; 4]) -> Result<(), String> + Sync) {
    sweep(name, 60, |drawn| {
        let packed = Packed::new(drawn);
        if packed.x.data().is_empty() {
            return Ok(());
        }
        let [v, u] = [1, 2].map(|seed| packed.numbers(packed.x.data().len(), seed));
        // What an operation refuses is refused in derivatives too, which `tests/lifted.rs` shows.
        packed.forward(&v, &u).map_or(Ok(()), |forward| law(&packed, [&v, &u], &forward))
    });
}

#[test]
fn derivatives_of_every_operation_are_those_of_forward_mode() {
    lifted("derivatives, and gradients through them", |packed, [v, u], forward| {
        let (params, mut tape) = (Params::default(), Tape::new());
        let t = tape.start(&params, Mode::Train);
        let ([x, along], rest) = ([&packed.x, v].map(|x| t.variable(x)), t.input(&packed.rest));
        let [y, slope] = t.derivatives(x, along, [rest], |t, x, [rest]| packed.output(t, x, rest));
        let [value, of_v, of_u, both] = forward;
        equal("value", &said(y.value())?, value)?;
        equal("derivative", &said(slope.value())?, of_v)?;
        let [a, b] = [3, 4].map(|seed| packed.numbers(value.len(), seed));
        let mut grads = params.gradients();
        said(((y * t.input(&a)).sum(..) + (slope * t.input(&b)).sum(..)).backward(&mut grads))?;
        let [of_x, of_along] = [said(grads.of(x))?, said(grads.of(along))?];
        agree("gradient to x", &[dot(of_x.data(), u.data())], &[dot(a.data(), of_u), dot(b.data(), both)])?;
        agree("gradient to the direction", &[dot(of_along.data(), u.data())], &[dot(b.data(), of_u)])
    });
}

#[test]
fn second_derivatives_of_every_operation_are_those_of_forward_mode() {
    lifted("second derivatives, and gradients through them", |packed, [v, u], forward| {
        let (params, mut tape) = (Params::default(), Tape::new());
        let t = tape.start(&params, Mode::Train);
        let ([x, along_v, along_u], rest) = ([&packed.x, v, u].map(|x| t.variable(x)), t.input(&packed.rest));
        let components = t.second_derivatives(x, [along_v, along_u], [rest], |t, x, [rest]| packed.output(t, x, rest));
        for (component, expected) in components.iter().zip(forward) {
            equal("component", &said(component.value())?, expected)?;
        }
        let [value, of_v, of_u, both] = forward;
        let [_, _, _, twice] = said(packed.forward(u, u))?;
        let weights = [3, 4, 5].map(|seed| packed.numbers(value.len(), seed));
        let weighted = |k: usize| (components[k] * t.input(&weights[k])).sum(..);
        let mut grads = params.gradients();
        said((weighted(0) + weighted(1) + weighted(2)).backward(&mut grads))?;
        let [of_x, of_along_v] = [said(grads.of(x))?, said(grads.of(along_v))?];
        let [a, b, c] = weights.each_ref().map(|weights| weights.data());
        agree("gradient to x", &[dot(of_x.data(), u.data())], &[dot(a, of_u), dot(b, both), dot(c, &twice)])?;
        agree("gradient to a direction", &[dot(of_along_v.data(), v.data())], &[dot(b, of_v)])?;
        said((components[3] * t.input(&weights[0])).sum(..).backward(&mut grads))?;
        let [of_along_v, of_along_u] = [said(grads.of(along_v))?, said(grads.of(along_u))?];
        agree("of second order, to v", &[dot(of_along_v.data(), u.data())], &[dot(a, &twice)])?;
        agree("of second order, to u", &[dot(of_along_u.data(), u.data())], &[dot(a, both)])
    });
}

#[test]
fn gradients_of_every_operation_are_those_of_forward_mode() {
    lifted("gradients, and gradients through them", |packed, [v, u], forward| {
        let (params, mut tape) = (Params::default(), Tape::new());
        let t = tape.start(&params, Mode::Train);
        let (x, rest) = (t.variable(&packed.x), t.input(&packed.rest));
        let [value, _, of_u, both] = forward;
        let weights = packed.numbers(value.len(), 3);
        let [slope] = t.gradient([x], [rest, t.variable(&weights)], |t, [x], [rest, weights]| {
            (packed.output(t, x, rest) * weights).sum(..)
        });
        agree("gradient", &[dot(said(slope.value())?.data(), u.data())], &[dot(weights.data(), of_u)])?;
        let mut grads = params.gradients();
        said((slope * t.input(v)).sum(..).backward(&mut grads))?;
        let of_x = said(grads.of(x))?;
        agree("gradient to x", &[dot(of_x.data(), u.data())], &[dot(weights.data(), both)])
    });
}
