//! The networks that theory distinguishes.

use autodiff::Error;

use super::nonlinearity::Nonlinearity;

/// A normalization layer with scale 1 and shift 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Norm {
    /// No normalization.
    None,
    /// Layer normalization over all units.
    Layer,
    /// RMS normalization over all units: the mean is not subtracted.
    Rms,
    /// Group normalization.
    Group {
        /// Units of a group.
        size: usize,
    },
    /// Batch normalization in training.
    Batch {
        /// Samples of the batch.
        samples: usize,
    },
    /// ZCA whitening in training, of all units together and over more samples than units.
    Zca,
    /// Whitening by Newton–Schulz iteration.
    NewtonSchulz,
}

/// Where a layer normalizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before the activation: φ(norm(z)).
    Before,
    /// After the activation: norm(φ(z)).
    After,
}

/// A network of equal layers at initialization, as mean-field theory sees it.
///
/// A *plain* layer is `z = W h + b`, followed by `h = dropout(φ(norm(z)))` or, with [`Position::After`],
/// `h = dropout(norm(φ(z)))`. A *residual* layer is `h ← h + α dropout(W φ(norm(h)) + b)`.
#[derive(Clone, Debug)]
pub struct MeanField {
    /// The activation φ.
    pub activation: Nonlinearity,
    /// σw²: fan-in times the variance of a hidden weight.
    pub weight_variance: f64,
    /// σb²: the variance of a bias.
    pub bias_variance: f64,
    /// Whether hidden weights are orthogonal instead of independent.
    pub orthogonal: bool,
    /// The probability that inverted dropout keeps a value: 1 without dropout.
    pub keep: f64,
    /// The normalization.
    pub norm: Norm,
    /// Where it is.
    pub norm_position: Position,
    /// The scale α of a residual branch; `None` for plain layers.
    pub branch: Option<f64>,
    /// Units of a layer.
    pub width: usize,
}

impl MeanField {
    /// Plain layers without dropout and normalization, with independent weights.
    pub fn plain(activation: Nonlinearity, [weight_variance, bias_variance]: [f64; 2], width: usize) -> Self {
        MeanField {
            activation,
            weight_variance,
            bias_variance,
            orthogonal: false,
            keep: 1.0,
            norm: Norm::None,
            norm_position: Position::Before,
            branch: None,
            width,
        }
    }

    /// # Errors
    /// If a setting is out of its range.
    pub(super) fn check(&self) -> Result<(), Error> {
        let not_negative = |x: f64| x.is_finite() && x >= 0.0;
        require("weight_variance", self.weight_variance, not_negative, "a number from 0 up")?;
        require("bias_variance", self.bias_variance, not_negative, "a number from 0 up")?;
        require("keep", self.keep, |p| p > 0.0 && p <= 1.0, "above 0 and at most 1")?;
        require("branch", self.branch.unwrap_or(1.0), f64::is_finite, "a finite number")?;
        require("width", self.width as f64, |width| width > 0.0, "positive")
    }
}

/// # Errors
/// If the value of the setting is not in its range.
pub(super) fn require(
    name: &'static str,
    value: f64,
    valid: impl Fn(f64) -> bool,
    requirement: &'static str,
) -> Result<(), Error> {
    if valid(value) { Ok(()) } else { Err(Error::Setting { name, value: value.to_string(), requirement }) }
}
