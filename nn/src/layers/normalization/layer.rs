//! Normalizations over the last axes of each sample.

use autodiff::{Axes, ParamId, Real, Scope, Shape, Var, keepdim};

use smallvec::SmallVec;

use super::affine::Affine;
use super::variance::{check_count, check_finite_variance};
use crate::initializers::Initial;
use crate::invalid::invalid_input;
use crate::module::Module;
use crate::settings::{Check, not_negative};

/// Layer normalization (Ba, Kiros and Hinton 2016) over the last axes:
/// `y = weight · (x − mean) / √(variance + ε) + bias`, with a weight and a bias for each element of those axes.
///
/// # Shapes
/// Input and output `[.., shape..]`, where `shape` holds the extents of the last axes.
///
/// Parameters: `weight` (1 at first) and `bias` (0), of this shape. Default: ε = 10⁻⁵.
///
/// # Errors
/// Recorded on the tape: other last extents; a shape of one value, whose variance is always 0; values whose variance is
/// infinite in the scalar; an ε that is negative or not finite.
#[derive(Clone, Debug)]
pub struct LayerNorm {
    shape: Shape,
    affine: Affine,
    epsilon: f64,
}

impl LayerNorm {
    /// A layer over last axes of this shape.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        LayerNorm { affine: Affine::new(&mut scope, shape.clone(), 1.0), shape, epsilon: 1e-5 }
    }

    /// With this ε, at least 0, added to variances.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        LayerNorm { epsilon, ..self }
    }

    /// The weights, of the shape of the last axes.
    pub fn weight(&self) -> ParamId {
        self.affine.weight
    }

    /// The biases, of the shape of the last axes.
    pub fn bias(&self) -> ParamId {
        self.affine.bias
    }
}

impl<T: Real> Module<T> for LayerNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        layer_norm(x, &self.shape, Some(self.affine.record(x)), self.epsilon)
    }
}

/// Root-mean-square normalization (Zhang and Sennrich 2019) over the last axis: `y = weight · x / √(mean(x²) + ε)`.
///
/// # Shapes
/// Input and output `[.., features]`.
///
/// Parameter: `weight`, `[features]`, 1 at first. Default: ε = 10⁻⁵.
///
/// # Errors
/// Recorded on the tape: another last extent; values whose mean square is infinite in the scalar; an ε that is negative or
/// not finite.
#[derive(Clone, Copy, Debug)]
pub struct RmsNorm {
    features: usize,
    weight: ParamId,
    epsilon: f64,
}

impl RmsNorm {
    /// A layer over a last axis of this extent.
    pub fn new<T: Real>(mut scope: Scope<'_, T>, features: usize) -> Self {
        let weight = Initial::Constant(1.0).register(&mut scope, "weight", &[features], &[features]);
        RmsNorm { features, weight, epsilon: 1e-5 }
    }

    /// With this ε, at least 0, added to mean squares.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> Self {
        RmsNorm { epsilon, ..self }
    }

    /// The weights, `[features]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }
}

impl<T: Real> Module<T> for RmsNorm {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        rms_norm(x, &[self.features].into(), Some(x.recording().param(self.weight)), self.epsilon)
    }
}

/// The last axes of a value, which must have the extents `shape`.
fn last_axes(shape: &Shape, found: &Shape) -> Result<Axes, String> {
    let first = found.rank().checked_sub(shape.rank()).filter(|&first| found[first..] == shape[..]);
    let axes = first.map(|first| Axes::from(&(first..found.rank()).collect::<SmallVec<[usize; 4]>>()[..]));
    axes.ok_or_else(|| format!("the last extents must be {shape}"))
}

/// An error unless the weight has this shape. A value without a shape carries its own error.
fn check_weight<T: Real>(weight: Option<Var<'_, T>>, shape: &Shape) -> Check {
    match weight.map(|weight| weight.shape()) {
        Some(Ok(found)) if found != *shape => Err(format!("the weight is {found}: must be {shape}")),
        _ => Ok(()),
    }
}

/// Layer normalization: the function of a [`LayerNorm`] layer.
///
/// # Shapes
/// `x` and the result are `[.., shape..]`; the weight and the bias of `affine` have this shape, or one that broadcasts to it.
#[track_caller]
#[must_use]
pub fn layer_norm<'t, T: Real>(
    x: Var<'t, T>,
    shape: &Shape,
    affine: Option<[Var<'t, T>; 2]>,
    epsilon: f64,
) -> Var<'t, T> {
    let Ok(found) = x.shape() else { return x };
    let size = shape.iter().fold(1, |size, &extent| extent.saturating_mul(size));
    let checked = not_negative::<T>("epsilon", epsilon)
        .and_then(|()| check_count("sample", size))
        .and_then(|()| last_axes(shape, &found));
    match checked {
        Ok(axes) => {
            let normal = x.normalize(affine, axes, epsilon);
            check_finite_variance("layer_norm", normal.variance, affine.map_or(x, |[weight, _]| weight));
            normal.value
        }
        Err(reason) => invalid_input("layer_norm", reason, x),
    }
}

/// Root-mean-square normalization: the function of an [`RmsNorm`] layer, over any number of last axes.
///
/// # Shapes
/// `x` and the result are `[.., shape..]`; `weight` has this shape.
#[track_caller]
#[must_use]
pub fn rms_norm<'t, T: Real>(x: Var<'t, T>, shape: &Shape, weight: Option<Var<'t, T>>, epsilon: f64) -> Var<'t, T> {
    let Ok(found) = x.shape() else { return x };
    let checked = not_negative::<T>("epsilon", epsilon)
        .and_then(|()| check_weight(weight, shape))
        .and_then(|()| last_axes(shape, &found));
    let axes = match checked {
        Ok(axes) => axes,
        Err(reason) => return invalid_input("rms_norm", reason, x),
    };
    let square = x.square().mean(keepdim(axes));
    check_finite_variance("rms_norm", square, weight.unwrap_or(x));
    let normal = x / (square + epsilon).sqrt();
    match weight {
        Some(weight) => normal * weight,
        None => normal,
    }
}
