//! The iterations of L-BFGS: a direction, a line search along it, and a pair for the history.

use std::cell::Cell;

use autodiff::op::{dispatch, norm};
use autodiff::{Error, Gradients, ParamVec, Params, Real};

use super::history::History;
use super::line_search::{Point, search};
use super::{Descent, Ended, Settings};
use crate::moved::Moved;
use crate::norm::dot;

/// The error of a computed value, in rounding errors.
const NOISE: f64 = 100.0;

/// The memory of a descent, for the layout of its parameters.
#[derive(Clone, Debug)]
pub(super) struct Workspace<T: Real> {
    pub(super) history: History<T>,
    /// Where the iteration starts.
    point: ParamVec<T>,
    /// The gradient there.
    gradient: ParamVec<T>,
    direction: ParamVec<T>,
    /// Those of the last evaluation.
    grads: Gradients<T>,
}

impl<T: Real> Workspace<T> {
    pub(super) fn new(params: &Params<T>) -> Result<Self, Error> {
        let [point, gradient, direction] = [params.zeros()?, params.zeros()?, params.zeros()?];
        Ok(Workspace { history: History::new(), point, gradient, direction, grads: params.try_gradients()? })
    }

    pub(super) fn has_layout_of(&self, params: &Params<T>) -> bool {
        self.point.has_layout_of(params.values())
    }
}

/// The function, and how often it was evaluated.
struct Objective<F> {
    function: F,
    evaluations: usize,
}

impl<F> Objective<F> {
    fn evaluate<T: Real>(&mut self, params: &Params<T>, grads: &mut Gradients<T>) -> Result<T, Error>
    where
        F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    {
        self.evaluations += 1;
        // A function that forgets backward would else be taken to have the gradient of the last point.
        grads.zero();
        let value = (self.function)(params, grads)?;
        grads.check_layout(params)?;
        grads.check_filled()?;
        Ok(value)
    }
}

/// Minimizes `function` from `params` on. The parameters are those of the last whole iteration, also after an error.
pub(super) fn descend<T: Real, F>(
    settings: &Settings,
    workspace: &mut Workspace<T>,
    params: &mut Params<T>,
    function: F,
) -> Result<Descent<T>, Error>
where
    F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
{
    let (first, mut iterations) = (params.step(), 0);
    let descent = iterate(settings, workspace, params, Objective { function, evaluations: 0 }, &mut iterations);
    params.set_step(first.saturating_add(iterations as u64));
    descent
}

fn iterate<T: Real, F>(
    settings: &Settings,
    workspace: &mut Workspace<T>,
    params: &mut Params<T>,
    mut objective: Objective<F>,
    iterations: &mut usize,
) -> Result<Descent<T>, Error>
where
    F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
{
    params.check_finite()?;
    let step = params.step();
    let mut value = objective.evaluate(params, &mut workspace.grads)?;
    if !value.is_finite() {
        let reason = format!("the function is {} where the descent starts", value.to_f64());
        return Err(Error::InvalidInput { what: "lbfgs", reason });
    }
    workspace.grads.check_finite()?;
    params.check_commit(&workspace.grads)?;
    let mut gradient_norm = largest(workspace.grads.flat());
    let mut settled = false;
    let ended = loop {
        match () {
            () if gradient_norm <= settings.gradient_tolerance => break Ended::Gradient,
            () if settled => break Ended::Value,
            () if *iterations == settings.max_iterations => break Ended::MaxIterations,
            () => {}
        }
        let lower = match workspace.line(params, value, &mut objective)? {
            Ok(lower) => lower,
            Err(ended) => break ended,
        };
        workspace.history.record(
            [params.flat(), workspace.point.flat()],
            [workspace.grads.flat(), workspace.gradient.flat()],
            settings.history,
        );
        params.commit(&workspace.grads)?;
        // Random draws depend on the count of steps: the next iteration must find the same function.
        params.set_step(step);
        *iterations += 1;
        let [before, after] = [value, lower].map(T::to_f64);
        settled = before - after <= settings.value_tolerance * before.abs().max(after.abs());
        (value, gradient_norm) = (lower, largest(workspace.grads.flat()));
    };
    let (iterations, evaluations) = (*iterations, objective.evaluations);
    Ok(Descent { value, gradient_norm, iterations, evaluations, ended })
}

impl<T: Real> Workspace<T> {
    /// Moves `params`, which have this value and the gradient of the last evaluation, to a lower point, and gives the value there.
    /// If no lower point is found, the parameters stay where they were, and the descent ends for the reason given.
    fn line<F>(
        &mut self,
        params: &mut Params<T>,
        value: T,
        objective: &mut Objective<F>,
    ) -> Result<Result<T, Ended>, Error>
    where
        F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    {
        self.history.reserve(params)?;
        self.point.flat_mut().copy_from_slice(params.flat());
        self.gradient.flat_mut().copy_from_slice(self.grads.flat());
        loop {
            let (lower, predicted) = self.search(params, value, objective)?;
            match lower {
                Some(lower) => return Ok(Ok(lower)),
                None if self.history.pairs.is_empty() => return Ok(Err(Ended::NoDecrease)),
                // The decrease that the curvature predicts is too small to be seen.
                None if predicted <= NOISE * rounding::<T>() * value.to_f64().abs() => return Ok(Err(Ended::Value)),
                // The curvature of earlier iterations misleads: once more, along the gradient.
                None => self.history.clear(),
            }
        }
    }

    /// The value at a lower point, to which it moves `params`, if there is one; and the decrease that the slope predicts of the
    /// first trial.
    fn search<F>(
        &mut self,
        params: &mut Params<T>,
        value: T,
        objective: &mut Objective<F>,
    ) -> Result<(Option<T>, f64), Error>
    where
        F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    {
        let Workspace { history, point, gradient, direction, grads } = self;
        history.direction(gradient.flat(), direction.flat_mut());
        let slope = dot(gradient.flat(), direction.flat());
        if !(slope < 0.0 && slope.is_finite()) {
            return Ok((None, 0.0));
        }
        // Without curvature the first trial has length 1; with it, the direction has the length of a step.
        let first = if history.pairs.is_empty() { 1.0 / norm(gradient.flat()) } else { 1.0 };
        let predicted = -slope * first;
        let start = Point { step: 0.0, value: value.to_f64(), slope };
        let mut moved = Moved::new(params, point);
        let last = Cell::new((0.0, value));
        let mut evaluate = |step: f64| {
            moved.along(direction.flat(), step);
            let value = objective.evaluate(moved.params(), grads)?;
            last.set((step, value));
            let is_finite = value.is_finite() && T::all_finite(grads.flat());
            let value = if is_finite { value.to_f64() } else { f64::INFINITY };
            Ok(Point { step, value, slope: dot(grads.flat(), direction.flat()) })
        };
        let Some(found) = search(start, first, rounding::<T>(), &mut evaluate)? else {
            return Ok((None, predicted));
        };
        // A search that ran out of evaluations ends at an earlier point than the last.
        if last.get().0 != found.step {
            evaluate(found.step)?;
        }
        moved.params().check_commit(grads)?;
        moved.keep();
        Ok((Some(last.get().1), predicted))
    }
}

/// The relative rounding error of a number.
fn rounding<T: Real>() -> f64 {
    1.0 / T::LARGEST_EXACT_INTEGER
}

/// The largest absolute value of an entry.
fn largest<T: Real>(values: &[T]) -> f64 {
    dispatch(|| values.iter().fold(0.0, |largest: f64, x| largest.max(x.to_f64().abs())))
}
