//! Where lengths and correlations settle in deep plain networks (Poole 2016, Schoenholz 2017).

use autodiff::Error;

use super::correlation::Kernel;
use super::network::{MeanField, Norm};
use super::recursion::Step;
use super::response::Map;
use super::root::root;

/// Lengths beyond these count as 0 and ∞.
const RANGE: [f64; 2] = [1e-12, 1e12];

/// The fixed point of a plain network without normalization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FixedPoint {
    /// q*: the mean square of z.
    pub q: f64,
    /// χ: the factor on the squared norm of a gradient, a layer.
    pub chi: f64,
    /// c*: the stable correlation of two inputs of length q*; 1 in the ordered phase, where χ < 1.
    pub correlation: f64,
    /// χ at c*: the factor on a small deviation of the correlation, a layer.
    pub correlation_chi: f64,
}

impl FixedPoint {
    /// ξ = −1/ln χ at c*: the depth over which correlations settle; networks train up to about 6 ξ. Infinite at criticality.
    pub fn correlation_depth(&self) -> f64 {
        (1.0 / self.correlation_chi.ln()).abs()
    }

    /// 1/|ln χ|: the depth over which gradients change by a factor e, in squared norm. Infinite at criticality.
    pub fn gradient_depth(&self) -> f64 {
        (1.0 / self.chi.ln()).abs()
    }
}

/// A point of a phase diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhasePoint {
    /// σw²
    pub weight_variance: f64,
    /// σb²
    pub bias_variance: f64,
    /// The fixed point; `None` where lengths grow without bound.
    pub fixed_point: Option<FixedPoint>,
}

impl MeanField {
    /// The fixed point that lengths approach from `q`: 0 if they vanish, `q` itself if every length is preserved. `None` if
    /// they grow without bound, and for layers that are residual or normalized.
    ///
    /// # Errors
    /// If a setting is out of its range, or the activation fails.
    pub fn fixed_point(&self, q: f64) -> Result<Option<FixedPoint>, Error> {
        self.check()?;
        if self.branch.is_some() || self.norm != Norm::None {
            return Ok(None);
        }
        let Some(q) = self.settle(q)? else { return Ok(None) };
        let chi = Step::new(self, &Map::Bare, q)?.chi;
        // The limit of vanishing lengths, where correlations still have one.
        let kernel = Kernel::new(&self.activation, q.max(1e-60))?;
        let correlation = self.settle_correlation(&kernel);
        let correlation_chi = if correlation == 1.0 { chi } else { self.weight_variance * kernel.slope(correlation) };
        Ok(Some(FixedPoint { q, chi, correlation, correlation_chi }))
    }

    /// The fixed points for all pairs of these σw² and σb², with the other settings of this network, in rows of one σb².
    ///
    /// # Errors
    /// As [`MeanField::fixed_point`].
    pub fn phase_diagram(&self, weight_variances: &[f64], bias_variances: &[f64]) -> Result<Vec<PhasePoint>, Error> {
        let mut points = Vec::new();
        for &bias_variance in bias_variances {
            let mut start = 1.0;
            for &weight_variance in weight_variances {
                let net = MeanField { weight_variance, bias_variance, ..self.clone() };
                let fixed_point = net.fixed_point(start)?;
                start = fixed_point.map_or(1.0, |point| if point.q > 0.0 { point.q } else { 1.0 });
                points.push(PhasePoint { weight_variance, bias_variance, fixed_point });
            }
        }
        Ok(points)
    }

    /// The length that the map of lengths approaches from `start`; `None` if it is beyond the range.
    fn settle(&self, start: f64) -> Result<Option<f64>, Error> {
        let grows = |q: f64| -> Result<f64, Error> { Ok((Step::new(self, &Map::Bare, q)?.next / q).ln()) };
        let start = start.clamp(RANGE[0], RANGE[1]);
        let direction = grows(start)?;
        if direction.abs() < 1e-13 {
            return Ok(Some(start));
        }
        let factor = if direction > 0.0 { 2.0 } else { 0.5 };
        let mut q = start;
        while grows(q)? * direction > 0.0 {
            q *= factor;
            if q < RANGE[0] {
                return Ok(Some(0.0));
            }
            if q > RANGE[1] {
                return Ok(None);
            }
        }
        root([(q / factor).ln(), q.ln()], |log_q| grows(log_q.exp())).map(|log_q| Some(log_q.exp()))
    }

    /// The stable fixed point of c ↦ c', which is increasing and convex from 0 to 1: the lowest.
    fn settle_correlation(&self, kernel: &Kernel) -> f64 {
        let signal = |c: f64| self.weight_variance * kernel.value(c) + self.bias_variance;
        let square = self.weight_variance * kernel.value(1.0) / self.keep + self.bias_variance;
        let [mut low, mut high] = [0.0, 1.0];
        for _ in 0..53 {
            let c = (low + high) / 2.0;
            // A map that is the identity, up to rounding, keeps correlations: 1 stands for all.
            if signal(c) / square > c - 1e-14 { low = c } else { high = c }
        }
        if 1.0 - high < 1e-12 { 1.0 } else { low }
    }
}
