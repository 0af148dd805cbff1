//! Gradient transformations: what an optimizer does to the gradient before its rule.

mod clip;
mod penalty;

use std::fmt::Debug;
use std::ops::Range;

use autodiff::{Error, Real, Shape};

pub use clip::{ClipEach, ClipNorm, ClipValue};
pub use penalty::{ElasticNet, L1, L2, Penalty};

/// A gradient transformation, applied before the optimizer's [`Rule`](crate::Rule).
///
/// [`Optimizer::transform`](crate::Optimizer::transform) adds one to an optimizer. Transformations see the gradient as those
/// before them left it, and only the parameters that their filter selects and that are not frozen.
///
/// A transformation has no state. A checkpoint stores its `Debug` text and is resumed only by an optimizer with the same text,
/// so `Debug` must show the settings and nothing else.
///
/// # Examples
///
/// The sign of the gradient in place of the gradient, signSGD (Bernstein 2018):
///
/// ```
/// use autodiff::{Error, Params, Real};
/// use optim::{GradientTransform, ParamFilter, SelectedGradients, Sgd};
///
/// #[derive(Debug)]
/// struct Sign;
///
/// impl<T: Real> GradientTransform<T> for Sign {
///     fn name(&self) -> &'static str {
///         "sign"
///     }
///
///     fn apply(&self, _step: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error> {
///         for parameter in gradients.iter_mut() {
///             for g in parameter.gradient {
///                 *g = if *g > T::ZERO { T::ONE } else if *g < T::ZERO { -T::ONE } else { T::ZERO };
///             }
///         }
///         Ok(())
///     }
/// }
///
/// let mut params = Params::<f64>::new(0);
/// params.scope("fc").parameter("weight", [3], |_, _| {});
/// let mut grads = params.gradients();
/// grads.flat_mut().copy_from_slice(&[0.2, -7.0, 0.0]);
/// Sgd::new(0.5).transform(Sign, ParamFilter::all()).step(&mut params, &grads)?;
/// assert_eq!(params.flat(), [-0.5, 0.5, 0.0]);
/// # Ok::<(), autodiff::Error>(())
/// ```
pub trait GradientTransform<T: Real>: Debug + Send + Sync {
    /// The name of the transformation in error messages.
    fn name(&self) -> &'static str;

    /// Checks the settings; every step calls it first.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of range.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whether a gradient of zero stays zero. Then a step visits only the parts of gradients that may differ from zero. False by
    /// default.
    fn keeps_zeros(&self) -> bool {
        false
    }

    /// Changes the selected gradients in place, in step number `step`, counted from 1.
    ///
    /// The optimizer checks the result: a gradient that becomes infinite or NaN is an error which names the transformation.
    ///
    /// # Errors
    /// Any error refuses the step, which then changes nothing.
    fn apply(&self, step: u64, gradients: &mut SelectedGradients<'_, T>) -> Result<(), Error>;
}

/// The parameters that a [`GradientTransform`] is for: those that its filter selects and that are not frozen.
#[derive(Debug)]
pub struct SelectedGradients<'s, T: Real> {
    params: &'s [Selection],
    /// The index of the transformation in its chain.
    transform: usize,
    values: &'s [T],
    gradient: &'s mut [T],
    /// The ranges of the flat vectors outside of which the gradient is zero.
    touched: &'s [Range<usize>],
}

/// A parameter that is not frozen, and the gradient transformations that are for it.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    /// Of the flat vector.
    pub(crate) range: Range<usize>,
    /// For each transformation of the chain, whether it is for this parameter.
    pub(crate) transforms: Vec<bool>,
}

/// One of the parameters of [`SelectedGradients`].
#[derive(Debug)]
pub struct ParamGradient<'s, T: Real> {
    /// The name of the parameter.
    pub name: &'s str,
    /// The shape of the parameter.
    pub shape: &'s Shape,
    /// The values of the parameter, in row-major order.
    pub values: &'s [T],
    /// Its gradient, in the same order.
    pub gradient: &'s mut [T],
    start: usize,
    touched: &'s [Range<usize>],
}

impl<T: Real> ParamGradient<'_, T> {
    /// The parts of the gradient that may differ from zero, in order: of an embedding, the rows that were read.
    pub fn parts(&mut self) -> impl Iterator<Item = &mut [T]> {
        let own = self.start..self.start + self.gradient.len();
        let (mut rest, mut start) = (&mut *self.gradient, self.start);
        within(self.touched, own).map(move |part| {
            let (_, tail) = std::mem::take(&mut rest).split_at_mut(part.start - start);
            let (own, tail) = tail.split_at_mut(part.len());
            (rest, start) = (tail, part.end);
            own
        })
    }
}

/// The parts of ascending ranges that are within another.
pub(crate) fn within(ranges: &[Range<usize>], other: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let first = ranges.partition_point(|range| range.end <= other.start);
    let ranges = ranges[first..].iter().take_while(move |range| range.start < other.end);
    ranges.map(move |range| range.start.max(other.start)..range.end.min(other.end))
}

impl<'s, T: Real> SelectedGradients<'s, T> {
    pub(crate) fn new(
        (params, transform): (&'s [Selection], usize),
        values: &'s [T],
        gradient: &'s mut [T],
        touched: &'s [Range<usize>],
    ) -> Self {
        SelectedGradients { params, transform, values, gradient, touched }
    }

    /// The selected parameters, in order of registration.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = ParamGradient<'_, T>> {
        let (transform, values, touched) = (self.transform, self.values, self.touched);
        let (mut rest, mut start) = (&mut *self.gradient, 0);
        self.params.iter().filter(move |param| param.transforms[transform]).map(move |param| {
            let (_, tail) = std::mem::take(&mut rest).split_at_mut(param.range.start - start);
            let (gradient, tail) = tail.split_at_mut(param.range.len());
            (rest, start) = (tail, param.range.end);
            let (name, shape, values) = (&*param.name, &param.shape, &values[param.range.clone()]);
            ParamGradient { name, shape, values, gradient, start: param.range.start, touched }
        })
    }
}
