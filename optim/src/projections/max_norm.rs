//! Max-norm.

use autodiff::op::norm;
use autodiff::{Error, Real, Shape};

use super::Projection;
use crate::norm::scale_to_norm;
use crate::settings;

/// Max-norm regularization (Srebro, Rennie and Jaakkola 2005): scales the incoming weights of each unit down to a Euclidean norm
/// of at most `limit`.
///
/// The incoming weights of unit `i` are `weight[i, ..]`: a row of a dense layer, a filter of a convolution. Parameters with fewer
/// than two axes have none and are left as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxNorm(pub f64);

impl<T: Real> Projection<T> for MaxNorm {
    fn name(&self) -> &'static str {
        "max_norm"
    }

    fn check(&self) -> Result<(), Error> {
        settings::positive("max_norm", self.0)
    }

    fn check_shape(&self, shape: &Shape) -> Result<(), &'static str> {
        if shape.rank() > 1 { Ok(()) } else { Err("bounds parameters of two or more axes") }
    }

    fn project_parameter(&self, _: f64, shape: &Shape, values: &mut [T]) {
        let fan_in = shape[1..].iter().product::<usize>().max(1);
        for unit in values.chunks_mut(fan_in) {
            let own = norm(unit);
            scale_to_norm(unit, own, self.0);
        }
    }
}
