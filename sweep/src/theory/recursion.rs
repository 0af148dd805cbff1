//! Lengths, correlations and gradients where layers treat each sample on its own.

use autodiff::Error;

use super::correlation::Kernel;
use super::network::MeanField;
use super::prediction::{Prediction, finite};
use super::response::{Map, Response};

/// Maximum number of groups that samples are put into by length.
const GROUPS: usize = 8;

/// Samples of about the same length.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// Their share of all samples.
    share: f64,
    /// Their mean square at the current layer.
    q: f64,
}

/// What one layer does to samples of one length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// χ: by how much it multiplies the squared norm of a gradient.
    pub(super) chi: f64,
    /// The length at the next layer.
    pub(super) next: f64,
    /// N times the variance of log χ in a network of N units.
    pub(super) noise: f64,
}

impl Step {
    /// The step at length q (Poole 2016, Schoenholz 2017; residual: Yang and Schoenholz 2017). Dropout that keeps a share p
    /// divides second moments by p, forward and backward.
    pub(super) fn new(net: &MeanField, map: &Map, q: f64) -> Result<Self, Error> {
        let response = map.response(&net.activation, q)?;
        let weights = net.weight_variance / net.keep;
        let slope = weights * response.slope_square;
        let (signal, bias) = (weights * response.square, net.bias_variance);
        let noise = gradient_noise(net, &response);
        Ok(match net.branch {
            None => Step { chi: slope, next: signal + bias, noise },
            Some(scale) => {
                let growth = scale * scale * slope;
                let next = q + scale * scale * (signal + bias / net.keep);
                // The gradients of the two paths are uncorrelated: twice their product has mean 0 and adds to the variance.
                let noise = (4.0 * growth + growth * growth * noise) / (1.0 + growth).powi(2);
                Step { chi: 1.0 + growth, next, noise }
            }
        })
    }
}

/// N times the variance of the log squared norm of a gradient that passed one layer: 3κ − 1, or 3κ − 3 if the weights
/// preserve norms. Dropout multiplies κ by 1/p.
fn gradient_noise(net: &MeanField, response: &Response) -> f64 {
    let dropped = (response.noise + 1.0) / net.keep - 1.0;
    if net.orthogonal { (dropped - 2.0).max(0.0) } else { dropped }
}

/// Predicts layers 1 to `depth`.
pub(super) fn predict(
    net: &MeanField,
    map: &Map,
    depth: usize,
    lengths: &[f64],
    correlation: f64,
) -> Result<Vec<Prediction>, Error> {
    let mut groups = group(lengths);
    let mut pair = Pair { c: correlation, kernel: None };
    let (mut predictions, mut log_chi) = (Vec::new(), Vec::new());
    for _ in 0..depth {
        let steps = steps(net, map, &groups)?;
        let q = mean(&groups, groups.iter().map(|group| group.q));
        let noise = mean(&groups, steps.iter().map(|step| step.noise));
        predictions.push(Prediction {
            ratio: None,
            q: finite(q),
            correlation: finite(pair.c),
            spread: finite((noise / net.width as f64).sqrt()),
        });
        log_chi.push(steps.iter().map(|step| step.chi.ln()).collect());
        pair.advance(net, map, q)?;
        groups.iter_mut().zip(&steps).for_each(|(group, step)| group.q = step.next);
    }
    let ratios = ratios(&groups, &log_chi);
    predictions.iter_mut().zip(ratios).for_each(|(prediction, ratio)| prediction.ratio = finite(ratio));
    Ok(predictions)
}

/// Samples sorted by length, in groups of equal number.
fn group(lengths: &[f64]) -> Vec<Group> {
    let mut sorted = lengths.to_vec();
    sorted.sort_by(f64::total_cmp);
    let chunks = sorted.chunks(sorted.len().div_ceil(GROUPS).max(1));
    let groups = chunks.map(|chunk| Group {
        share: chunk.len() as f64 / sorted.len() as f64,
        q: chunk.iter().sum::<f64>() / chunk.len() as f64,
    });
    groups.collect()
}

/// The step of each group; equal lengths are computed once.
fn steps(net: &MeanField, map: &Map, groups: &[Group]) -> Result<Vec<Step>, Error> {
    let mut steps: Vec<Step> = Vec::new();
    for (k, group) in groups.iter().enumerate() {
        let known = groups[..k].iter().zip(&steps).rev().find(|(other, _)| close(other.q, group.q));
        let step = match known {
            Some((_, &step)) => step,
            None => Step::new(net, map, group.q)?,
        };
        steps.push(step);
    }
    Ok(steps)
}

/// Two samples of average length.
struct Pair {
    /// The cosine of their pre-activations.
    c: f64,
    /// The kernel at the length of the last layer.
    kernel: Option<(f64, Kernel)>,
}

impl Pair {
    /// The cosine at the next layer. Dropout of two samples is independent, so it lowers the cosine.
    fn advance(&mut self, net: &MeanField, map: &Map, q: f64) -> Result<(), Error> {
        let kernel = match self.kernel.take() {
            Some((at, kernel)) if close(at, q) => kernel,
            _ => map.kernel(&net.activation, q)?,
        };
        let (weights, bias) = (net.weight_variance, net.bias_variance);
        let signal = weights * kernel.value(self.c) + bias;
        let square = weights * kernel.value(1.0) / net.keep;
        self.c = match net.branch {
            None => signal / (square + bias),
            Some(scale) => {
                let scale = scale * scale;
                (self.c * q + scale * signal) / (q + scale * (square + bias / net.keep))
            }
        };
        self.kernel = Some((q, kernel));
        Ok(())
    }
}

/// √(mean over samples of Π χ from this layer to the top / that from the next), in logarithms; NaN at the top.
fn ratios(groups: &[Group], log_chi: &[Vec<f64>]) -> Vec<f64> {
    let mut to_top = vec![0.0; groups.len()];
    let mut above = f64::NAN;
    let mut ratios = Vec::new();
    for layer in (0..log_chi.len()).rev() {
        let log_mean = log_mean_exp(groups, &to_top);
        ratios.push(((log_mean - above) / 2.0).exp());
        above = log_mean;
        if let Some(below) = layer.checked_sub(1) {
            to_top.iter_mut().zip(&log_chi[below]).for_each(|(sum, chi)| *sum += chi);
        }
    }
    ratios.reverse();
    ratios
}

/// The logarithm of the mean of exponentials.
fn log_mean_exp(groups: &[Group], logarithms: &[f64]) -> f64 {
    let largest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + mean(groups, logarithms.iter().map(|x| (x - largest).exp())).ln()
}

fn mean(groups: &[Group], values: impl Iterator<Item = f64>) -> f64 {
    groups.iter().zip(values).map(|(group, value)| group.share * value).sum()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs()
}
