//! Predictions, layer by layer.

use autodiff::Error;

use super::network::{MeanField, Norm, Position, require};
use super::response::Map;
use super::{batch, recursion, whitening};

/// What theory predicts of one layer. A quantity is `None` where no theory is known.
///
/// Of a plain layer, lengths and gradients are those of z = W h + b; of a residual layer, those of its output h.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prediction {
    /// ‖δₗ‖/‖δₗ₊₁‖, root mean squares over samples; `None` at the top.
    pub ratio: Option<f64>,
    /// The mean square, averaged over samples.
    pub q: Option<f64>,
    /// The cosine of two samples, averaged over pairs.
    pub correlation: Option<f64>,
    /// The standard deviation of log(ratio²) of one sample in one network of this width, given q.
    pub spread: Option<f64>,
}

impl MeanField {
    /// Predicts layers 1 to `depth`. `lengths` are the mean squares of a number of samples at layer 1, of z₁ or, if layers are
    /// residual, of h₁, and `correlation` is their mean pairwise cosine there.
    ///
    /// Gradients start at the top layer with independent random cotangents of equal norm, one a sample.
    ///
    /// # Errors
    /// If a setting is out of its range, or the activation fails.
    pub fn predict(&self, depth: usize, lengths: &[f64], correlation: f64) -> Result<Vec<Prediction>, Error> {
        self.check()?;
        for &length in lengths {
            require("length", length, |q| q.is_finite() && q >= 0.0, "a number from 0 up")?;
        }
        require("lengths", lengths.len() as f64, |count| count > 0.0, "at least one")?;
        require("correlation", correlation, |c| (-1.0..=1.0).contains(&c), "from −1 to 1")?;
        let unknown = vec![Prediction::default(); depth];
        let inside = self.norm_position == Position::Before;
        match self.norm {
            Norm::Batch { samples } if inside => {
                let known = batch::predict(self, samples, depth, lengths, correlation)?;
                Ok(known.unwrap_or(unknown))
            }
            Norm::Zca if inside => Ok(whitening::predict(self, depth)?.unwrap_or(unknown)),
            _ if self.branch.is_some() && !inside && self.norm != Norm::None => Ok(unknown),
            _ => match Map::new(self)? {
                Some(map) => recursion::predict(self, &map, depth, lengths, correlation),
                None => Ok(unknown),
            },
        }
    }
}

/// A number that is not finite predicts nothing.
pub(super) fn finite(x: f64) -> Option<f64> {
    Some(x).filter(|x| x.is_finite())
}
