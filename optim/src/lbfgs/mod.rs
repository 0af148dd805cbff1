//! L-BFGS, for functions that are evaluated without noise.

mod descent;
mod history;
mod line_search;

use autodiff::{Error, Gradients, ParamVec, Params, Real};

use crate::settings;
use descent::{Workspace, descend};
use history::Pair;

/// L-BFGS (Nocedal 1980; Liu and Nocedal 1989) with a line search for the strong Wolfe conditions: minimizes a smooth function that
/// has the same value whenever it is evaluated at the same point. For the noisy losses of mini-batches, use an
/// [`Optimizer`](crate::Optimizer).
///
/// An iteration moves the parameters to `p + α d`, with `d = −H g`. The matrix H approximates the inverse Hessian: it starts as
/// `sᵀy/yᵀy` times the identity and is corrected by the last m pairs of steps `s` and changes of the gradient `y`, as in algorithms
/// 7.4 and 7.5 of Nocedal and Wright (2006). A pair without positive curvature `sᵀy` is skipped. The step α satisfies
/// `f(p + α d) ≤ f(p) + c₁ α gᵀd` and `|∇f(p + α d)ᵀd| ≤ c₂ |gᵀd|` with c₁ = 10⁻⁴ and c₂ = 0.9 (algorithms 3.5 and 3.6); usually
/// α = 1 does, and an iteration takes one evaluation.
///
/// The function is a closure that fills the gradients and returns the value. [`Lbfgs::minimize`] iterates until it converges,
/// [`Lbfgs::step`] does one iteration. [`optim::minimize`](crate::minimize()) is for functions of a tensor. Defaults: a history of
/// 10 pairs, at most 1000 iterations, a gradient tolerance of 10⁻⁵ and a value tolerance of 10⁻⁹.
///
/// A penalty is part of the function; see [`Penalty::term`](crate::Penalty::term). All parameters are trained.
///
/// # Examples
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use optim::Lbfgs;
///
/// let mut params = Params::<f64>::new(0);
/// let w = params.scope("w").parameter("value", [2], |values, _| values.fill(1.0));
/// let mut tape = Tape::new();
/// let descent = Lbfgs::new().minimize(&mut params, |params, grads| {
///     let t = tape.start(params, Mode::Train);
///     let loss = (t.param(w) - 3.0).square().sum(..);
///     loss.backward(grads)?;
///     loss.item()
/// })?;
/// assert!(descent.ended.is_converged());
/// assert!(params.flat().iter().all(|w| (w - 3.0).abs() < 1e-5));
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Lbfgs<T: Real> {
    settings: Settings,
    /// Made in the first [`Lbfgs::step`].
    workspace: Option<Workspace<T>>,
}

/// The settings of [`Lbfgs`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Settings {
    history: usize,
    max_iterations: usize,
    gradient_tolerance: f64,
    value_tolerance: f64,
}

/// How far a descent by [`Lbfgs`] has come, and why it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descent<T> {
    /// The value of the function at the parameters.
    pub value: T,
    /// The maximum norm of the gradient there: its largest absolute entry.
    pub gradient_norm: f64,
    /// The number of iterations.
    pub iterations: usize,
    /// The number of evaluations of the function, each with its gradient.
    pub evaluations: usize,
    /// Why it ended.
    pub ended: Ended,
}

/// Why a descent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The maximum norm of the gradient is at most the gradient tolerance.
    Gradient,
    /// The last iteration lowered the value by at most the value tolerance, relative to the value; or what is left to gain is lost in
    /// rounding.
    Value,
    /// The number of iterations reached its maximum.
    MaxIterations,
    /// No lower point was found, also along the gradient: the gradient is wrong, the function is not smooth or has no minimum, or
    /// rounding hides the decrease.
    NoDecrease,
}

impl Ended {
    /// Whether a tolerance is met.
    pub fn is_converged(self) -> bool {
        matches!(self, Ended::Gradient | Ended::Value)
    }
}

impl Settings {
    fn check(&self) -> Result<(), Error> {
        settings::at_least_one("history", self.history as u64)?;
        settings::at_least_one("max_iterations", self.max_iterations as u64)?;
        settings::not_negative("gradient_tolerance", self.gradient_tolerance)?;
        settings::not_negative("value_tolerance", self.value_tolerance)
    }
}

impl<T: Real> Default for Lbfgs<T> {
    fn default() -> Self {
        Lbfgs::new()
    }
}

impl<T: Real> Lbfgs<T> {
    /// L-BFGS with the default settings.
    pub fn new() -> Self {
        let settings = Settings { history: 10, max_iterations: 1000, gradient_tolerance: 1e-5, value_tolerance: 1e-9 };
        Lbfgs { settings, workspace: None }
    }

    /// The number m of pairs that approximate the Hessian, 10 by default. They take `2 m` times the memory of the parameters.
    #[must_use]
    pub fn history(mut self, pairs: usize) -> Self {
        self.settings.history = pairs;
        self
    }

    /// The most iterations of [`Lbfgs::minimize`], 1000 by default.
    #[must_use]
    pub fn max_iterations(mut self, iterations: usize) -> Self {
        self.settings.max_iterations = iterations;
        self
    }

    /// A descent ends where no entry of the gradient is larger than this, 10⁻⁵ by default.
    #[must_use]
    pub fn gradient_tolerance(mut self, tolerance: f64) -> Self {
        self.settings.gradient_tolerance = tolerance;
        self
    }

    /// A descent ends when an iteration lowers the value `f` by no more than this times `|f|`, 10⁻⁹ by default.
    #[must_use]
    pub fn value_tolerance(mut self, tolerance: f64) -> Self {
        self.settings.value_tolerance = tolerance;
        self
    }

    /// Checks all settings; every descent calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range.
    pub fn check(&self) -> Result<(), Error> {
        self.settings.check()
    }

    /// Minimizes a function, from the parameters on. `evaluate` fills the gradients by a backward pass and returns the value.
    ///
    /// State updates, such as running statistics, are committed after each iteration. Random draws, such as dropout's, are the same
    /// in all evaluations; the count of steps on which they depend grows by the number of iterations at the end.
    ///
    /// # Errors
    /// Any error of `evaluate`; a setting out of range; a parameter that is infinite or NaN; a function that is so, or whose gradient
    /// is, at the start; gradients that `evaluate` does not fill; too little memory. The parameters are then those of the last whole
    /// iteration.
    pub fn minimize<F>(&self, params: &mut Params<T>, evaluate: F) -> Result<Descent<T>, Error>
    where
        F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    {
        self.check()?;
        descend(&self.settings, &mut Workspace::new(params)?, params, evaluate)
    }

    /// One iteration, with the history of the iterations before it. For loops of one's own, which look at each iteration or stop by
    /// a criterion of their own.
    ///
    /// The result is that of [`Lbfgs::minimize`] with one iteration at most: [`Ended::MaxIterations`] says that another may go
    /// further. The function is evaluated once more than in an iteration of [`Lbfgs::minimize`], where the step starts: it may differ
    /// from step to step, for example by its samples.
    ///
    /// # Errors
    /// As [`Lbfgs::minimize`], and parameters other than in the first step. A step that gives an error changes no parameter.
    pub fn step<F>(&mut self, params: &mut Params<T>, evaluate: F) -> Result<Descent<T>, Error>
    where
        F: FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    {
        self.check()?;
        let settings = Settings { max_iterations: 1, ..self.settings };
        if self.workspace.as_ref().is_some_and(|own| !own.has_layout_of(params)) {
            if self.pairs().next().is_some() {
                let reason = "its pairs belong to other Params, or to these before the last parameter was registered";
                return Err(Error::ForeignParams { what: "lbfgs", reason: reason.into() });
            }
            self.workspace = None;
        }
        let workspace = match &mut self.workspace {
            Some(workspace) => workspace,
            none => none.insert(Workspace::new(params)?),
        };
        descend(&settings, workspace, params, evaluate)
    }

    /// The pairs of step and change of the gradient that [`Lbfgs::step`] keeps, the oldest first: all of its state.
    pub fn pairs(&self) -> impl Iterator<Item = [&ParamVec<T>; 2]> {
        let own = self.workspace.iter().flat_map(|workspace| &workspace.history.pairs);
        own.map(|pair| [&pair.step, &pair.change])
    }

    /// Continues as [`Lbfgs::step`] would with these pairs of step and change of the gradient, the oldest first, each in the order of
    /// [`Params::flat`].
    ///
    /// # Errors
    /// A pair of another length than the parameters, or without positive curvature; too little memory. Nothing is changed then.
    pub fn resume<'p>(
        &mut self,
        params: &Params<T>,
        pairs: impl IntoIterator<Item = [&'p [T]; 2]>,
    ) -> Result<(), Error> {
        let refuse = |reason: String| Err(Error::InvalidInput { what: "lbfgs", reason });
        let mut workspace = Workspace::new(params)?;
        for (index, values) in pairs.into_iter().enumerate() {
            let mut pair = Pair::new(params)?;
            for (values, own) in values.into_iter().zip([&mut pair.step, &mut pair.change]) {
                let own = own.flat_mut();
                if values.len() != own.len() {
                    return refuse(format!("pair {index} has {} values, the parameters {}", values.len(), own.len()));
                }
                own.copy_from_slice(values);
            }
            if !pair.measure() {
                return refuse(format!("pair {index} has no positive curvature"));
            }
            workspace.history.pairs.push_back(pair);
        }
        self.workspace = Some(workspace);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
