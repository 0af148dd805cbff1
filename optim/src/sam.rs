//! Sharpness-aware minimization.

use autodiff::op::norm;
use autodiff::{Error, Gradients, ParamVec, Params, Real};

use crate::moved::Moved;
use crate::optimizer::Optimizer;
use crate::rules::Rule;
use crate::settings;

/// Sharpness-aware minimization (Foret et al. 2021): an optimizer steps from the parameters `p` along the gradient at
/// `p + ρ g/‖g‖`, where `g` is the gradient at `p`. This seeks minima whose neighborhood has a low loss as well.
///
/// [`Sam::step`] works with any [`Optimizer`] and any way of computing gradients, and evaluates the loss twice. Frozen parameters
/// are not moved, and do not count in the norm. Penalties and transformations of the optimizer see the second gradient only.
///
/// It has no state: a run is resumed by resuming its optimizer.
///
/// # Examples
///
/// ```
/// use autodiff::{Mode, Params, Tape};
/// use optim::{Sam, Sgd};
///
/// let mut params = Params::<f64>::new(0);
/// let w = params.scope("w").parameter("value", [1], |values, _| values.fill(2.0));
/// let (mut tape, mut sgd, mut sam) = (Tape::new(), Sgd::new(0.25), Sam::new(0.5));
/// let loss = sam.step(&mut sgd, &mut params, |params, grads| {
///     let t = tape.start(params, Mode::Train);
///     let loss = t.param(w).square().sum(..);
///     loss.backward(grads)?;
///     loss.item()
/// })?;
/// // The gradient at 2.5 is 5.
/// assert_eq!((loss, params.flat()), (4.0, &[0.75][..]));
/// # Ok::<(), autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sam<T: Real> {
    rho: f64,
    workspace: Option<Workspace<T>>,
}

/// The memory of a step, for the layout of its parameters.
#[derive(Clone, Debug)]
struct Workspace<T: Real> {
    point: ParamVec<T>,
    /// Of the parameters as they are, and where they are moved to.
    grads: [Gradients<T>; 2],
}

impl<T: Real> Workspace<T> {
    fn new(params: &Params<T>) -> Result<Self, Error> {
        Ok(Workspace { point: params.zeros()?, grads: [params.try_gradients()?, params.try_gradients()?] })
    }
}

impl<T: Real> Sam<T> {
    /// Moves parameters by a distance of `rho`; 0.05 is usual. With 0 it is the optimizer itself.
    pub fn new(rho: f64) -> Self {
        Sam { rho, workspace: None }
    }

    /// Checks that ρ is finite and not negative; every step calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] otherwise.
    pub fn check(&self) -> Result<(), Error> {
        settings::not_negative_in::<T>("rho", self.rho)
    }

    /// One step of `optimizer`. Returns the loss at `params`. `evaluate` fills the gradients by a backward pass and returns the loss;
    /// it is called for the parameters as they are and again where they are moved to, with the same random draws.
    ///
    /// State updates, such as running statistics, are those of the first evaluation.
    ///
    /// # Errors
    /// Any error of `evaluate`; those of [`Optimizer::step`]; ρ out of range; too little memory. A step that gives an error changes
    /// nothing: the parameters have the bits they had, as they have when `evaluate` panics.
    pub fn step<R: Rule<T>>(
        &mut self,
        optimizer: &mut Optimizer<T, R>,
        params: &mut Params<T>,
        mut evaluate: impl FnMut(&Params<T>, &mut Gradients<T>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.check()?;
        optimizer.check()?;
        let own = self.workspace.take().filter(|own| own.point.has_layout_of(params.values()));
        let own = match own {
            Some(own) => own,
            None => Workspace::new(params)?,
        };
        let Workspace { point, grads: [here, there] } = self.workspace.insert(own);
        // What an evaluation does not fill must not be taken for its gradient.
        here.zero();
        let loss = evaluate(params, here)?;
        params.check_commit(here)?;
        here.check_filled()?;
        optimizer.clear_frozen(params, here);
        here.check_finite()?;
        let length = norm(here.flat());
        let distance = if length > 0.0 { self.rho / length } else { 0.0 };
        point.flat_mut().copy_from_slice(params.flat());
        there.zero();
        let mut moved = Moved::new(params, point);
        moved.along(here.flat(), distance);
        evaluate(moved.params(), there)?;
        moved.params().check_commit(there)?;
        there.check_filled()?;
        drop(moved);
        // Adding nothing but the state updates, which replace those of the second evaluation.
        here.flat_mut().fill(T::ZERO);
        there.add(here)?;
        optimizer.step(params, there)?;
        Ok(loss)
    }
}
