//! What activation and normalization do to one sample's pre-activation of a given length.

use autodiff::Error;

use super::correlation::Kernel;
use super::gaussian::{self, Moments};
use super::network::{MeanField, Norm, Position};
use super::nonlinearity::Nonlinearity;
use super::sphere::Sphere;

/// The map f from a pre-activation to the activation that the next weights read, before dropout, where it treats each
/// sample on its own: φ, φ(norm(·)) or norm(φ(·)).
#[derive(Debug)]
pub(super) enum Map {
    /// φ
    Bare,
    /// φ after a normalization: the same at every length but for the slope, which is divided by it.
    Before {
        /// The response at length 1.
        unit: Response,
        /// The kernel at length 1.
        kernel: Kernel,
    },
    /// φ before a normalization of all units.
    After {
        /// Whether the mean is subtracted.
        centered: bool,
    },
}

/// The response of units to a pre-activation z ~ N(0, q).
#[derive(Clone, Copy, Debug)]
pub(super) struct Response {
    /// E\[f²\]
    pub(super) square: f64,
    /// The mean of ‖fᵀ' ξ‖² over units, for a gradient ξ of independent entries of variance 1.
    pub(super) slope_square: f64,
    /// N times the variance of the logarithm of that mean, for N units.
    pub(super) noise: f64,
}

impl Map {
    /// The map of the network, if theory knows it.
    pub(super) fn new(net: &MeanField) -> Result<Option<Self>, Error> {
        let (sphere, centered) = match net.norm {
            Norm::None => return Ok(Some(Map::Bare)),
            Norm::Layer => (Sphere { size: net.width, centered: true }, true),
            Norm::Rms => (Sphere { size: net.width, centered: false }, false),
            Norm::Group { size } if size <= net.width => (Sphere { size, centered: true }, true),
            Norm::Group { .. } | Norm::Batch { .. } | Norm::Zca | Norm::NewtonSchulz => return Ok(None),
        };
        match net.norm_position {
            // The inverse variance of fewer values has no variance itself.
            Position::Before if sphere.dimension() > 4.0 => {
                let unit = normalized(&net.activation, sphere)?;
                Ok(Some(Map::Before { unit, kernel: Kernel::new(&net.activation, 1.0)? }))
            }
            // The empirical variance of a few values of φ has no closed form.
            Position::After if sphere.size == net.width => Ok(Some(Map::After { centered })),
            Position::Before | Position::After => Ok(None),
        }
    }

    /// The response to the length q.
    pub(super) fn response(&self, activation: &Nonlinearity, q: f64) -> Result<Response, Error> {
        match *self {
            Map::Bare => bare(activation, q),
            Map::Before { unit, .. } => Ok(Response { slope_square: unit.slope_square / q, ..unit }),
            Map::After { centered } => {
                let moments = gaussian::moments(activation, q)?;
                let variance = if centered { moments.variance() } else { moments.square };
                let slope_square = moments.slope_square / variance;
                // The empirical variance scatters as well.
                let noise = 3.0 * moments.kappa() - 1.0 + moments.fourth / (variance * variance);
                Ok(Response { square: 1.0, slope_square, noise })
            }
        }
    }

    /// E\[f f\] of two samples whose pre-activations have length q, as a function of their correlation.
    pub(super) fn kernel(&self, activation: &Nonlinearity, q: f64) -> Result<Kernel, Error> {
        match self {
            Map::Bare => Kernel::new(activation, q),
            Map::Before { kernel, .. } => Ok(kernel.clone()),
            Map::After { centered } => Ok(Kernel::new(activation, q)?.normalized(*centered)),
        }
    }
}

/// The response of φ alone. The length of a deep network may underflow; slopes then are those just beside 0.
fn bare(activation: &Nonlinearity, q: f64) -> Result<Response, Error> {
    const SMALL: f64 = 1e-60;
    let moments = gaussian::moments(activation, q.max(SMALL))?;
    let square = if q < SMALL { gaussian::moments(activation, q)?.square } else { moments.square };
    Ok(Response { square, slope_square: moments.slope_square, noise: 3.0 * moments.kappa() - 1.0 })
}

/// The response of φ to a normalized group of N(0, 1) values.
///
/// The group is y = √size u on a [`Sphere`] of dimension n, and the Jacobian of its normalization (√size/r) P, where P projects on
/// what is orthogonal to u and, if the mean is subtracted, to 1; r² ~ χ²ₙ is independent of u, and E\[1/r²\] = 1/(n − 2).
fn normalized(activation: &Nonlinearity, sphere: Sphere) -> Result<Response, Error> {
    let marginal = sphere.marginal(activation)?;
    let Moments { square, slope_square, .. } = marginal.moments;
    let (size, n) = (sphere.size as f64, sphere.dimension());
    let projected = slope_square * n / size - marginal.slope_square_y_square / size;
    // A group's values share r, whose inverse square has the relative mean square (n − 2)/(n − 4).
    let group = (n - 2.0) / (n - 4.0) * (1.0 + (3.0 * marginal.moments.kappa() - 1.0) / size) - 1.0;
    Ok(Response { square, slope_square: size / (n - 2.0) * projected, noise: group * size })
}
