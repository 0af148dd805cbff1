//! Batch normalization before the activation, at any size of the batch.
//!
//! Each unit's batch of B pre-activations is Gaussian, and after some layers all pairs of samples are equally correlated:
//! the centered batch has covariance v G, G = I − 11ᵀ/B (the fixed point of Yang 2019, who writes the rate as a series). So
//! the normalized batch is y = √B u with u uniform on the [`Sphere`] of mean zero, and the Jacobian of the normalization is
//! (√B/r) P with P = G − uuᵀ and r² ~ v χ²₍B₋₁₎, independent of u. As E\[1/χ²₍B₋₁₎\] = 1/(B − 3), a gradient whose covariance
//! over the batch is M leaves φ(BN(·)) with trace B/(v (B − 3)) E tr(P D M D P), D = diag φ'(y), again proportional to G.
//! For a linear φ the rate is (B − 2)/(B − 3), for a large batch E\[φ'²\]/Var φ.
//!
//! Samples that lie in fewer dimensions than B, or in clusters, are not equally correlated: gradients then grow faster in the
//! first few layers, until a nonlinear φ has evened out the correlations.

use autodiff::Error;

use super::network::MeanField;
use super::prediction::{Prediction, finite};
use super::sphere::Sphere;

/// Layers at the top whose gradients have not yet reached the rate.
const TOP: usize = 4;

/// What a batch of normalized values does to values and gradients.
#[derive(Clone, Copy, Debug)]
struct Batch {
    /// B
    size: f64,
    /// E\[φ(y)²\]
    square: f64,
    /// E\[φ(y) φ(y')\] of two samples
    cross: f64,
    /// E tr(P D² P), for M = I
    independent: f64,
    /// E tr(P D G D P), for M = G
    centered: f64,
    /// N times the variance of a layer's log rate in a network of N units
    noise: f64,
}

impl Batch {
    fn new(net: &MeanField, samples: usize) -> Result<Self, Error> {
        let sphere = Sphere { size: samples, centered: true };
        let (one, two) = (sphere.marginal(&net.activation)?, sphere.pair(&net.activation)?);
        let size = samples as f64;
        let diagonal = 1.0 - 1.0 / size;
        // E[d² Pₐₐ], with u² = y²/B.
        let projected = diagonal * one.moments.slope_square - one.slope_square_y_square / size;
        let off_diagonal = (two.slope + two.slope_y) / size;
        let kappa = one.moments.kappa() / net.keep;
        Ok(Batch {
            size,
            square: one.moments.square,
            cross: two.value,
            independent: size * projected,
            centered: (size - 1.0) * (projected + off_diagonal),
            noise: 3.0 * kappa * (size - 3.0) / (size - 5.0) - 1.0,
        })
    }

    /// The trace of the covariance, over the batch, of a gradient that enters with covariance `a` I + `b` G and passes dropout,
    /// weights of variance 1, φ and the normalization of batches of variance `v`. It leaves with a covariance proportional to G.
    fn trace(&self, keep: f64, [a, b]: [f64; 2], v: f64) -> f64 {
        // Dropout divides the diagonal by p and leaves the rest.
        let a = a / keep + b * (1.0 / keep - 1.0) * (1.0 - 1.0 / self.size);
        self.size / (v * (self.size - 3.0)) * (a * self.independent + b * self.centered)
    }
}

/// Predicts layers 1 to `depth`; `None` for a batch so small that the variance of the rate is infinite.
pub(super) fn predict(
    net: &MeanField,
    samples: usize,
    depth: usize,
    lengths: &[f64],
    correlation: f64,
) -> Result<Option<Vec<Prediction>>, Error> {
    if samples < 6 {
        return Ok(None);
    }
    let batch = Batch::new(net, samples)?;
    let q = lengths.iter().sum::<f64>() / lengths.len() as f64;
    Ok(Some(match net.branch {
        None => plain(net, &batch, depth, q, correlation),
        Some(scale) => residual(net, &batch, scale, depth, q, correlation),
    }))
}

/// One rate for all layers but the first and the top.
fn plain(net: &MeanField, batch: &Batch, depth: usize, q: f64, correlation: f64) -> Vec<Prediction> {
    let square = net.weight_variance * batch.square / net.keep + net.bias_variance;
    let covariance = net.weight_variance * batch.cross + net.bias_variance;
    let trace = batch.trace(net.keep, [0.0, 1.0], square - covariance);
    let rate = net.weight_variance * trace / (batch.size - 1.0);
    let spread = (batch.noise / net.width as f64).sqrt();
    let predictions = (1..=depth).map(|layer| {
        let known = layer > 1 && layer + TOP <= depth && rate.is_finite();
        let [q, correlation] = if layer == 1 { [q, correlation] } else { [square, covariance / square] };
        Prediction {
            ratio: known.then_some(rate.sqrt()),
            q: finite(q),
            correlation: finite(correlation),
            spread: known.then_some(spread),
        }
    });
    predictions.collect()
}

/// Lengths grow upward from layer 1; gradients grow downward from independent ones at the top.
fn residual(net: &MeanField, batch: &Batch, scale: f64, depth: usize, q: f64, correlation: f64) -> Vec<Prediction> {
    let (weights, scale) = (net.weight_variance, scale * scale);
    let added = scale * (weights * batch.square + net.bias_variance) / net.keep;
    let added_covariance = scale * (weights * batch.cross + net.bias_variance);
    let [mut square, mut covariance] = [q, q * correlation];
    let mut predictions = Vec::new();
    let mut variances = Vec::new();
    for _ in 0..depth {
        let correlation = finite(covariance / square);
        predictions.push(Prediction { q: finite(square), correlation, ..Prediction::default() });
        variances.push(square - covariance);
        square += added;
        covariance += added_covariance;
    }
    // The covariance of the gradient, as multiples of I and G, up to a factor.
    let [mut identity, mut centered] = [1.0, 0.0];
    let below_top = predictions.iter_mut().zip(variances).rev().skip(1);
    for (prediction, v) in below_top {
        let total = identity * batch.size + centered * (batch.size - 1.0);
        let branch = scale * weights * batch.trace(net.keep, [identity, centered], v);
        let growth = branch / total;
        centered += branch / (batch.size - 1.0);
        [identity, centered] = [identity, centered].map(|x| x / (1.0 + growth));
        let noise = (4.0 * growth + growth * growth * batch.noise) / (1.0 + growth).powi(2);
        prediction.ratio = finite((1.0 + growth).sqrt());
        prediction.spread = finite((noise / net.width as f64).sqrt());
    }
    predictions
}

#[cfg(test)]
mod tests {
    use autodiff::{Mode, Params, Tape, ops::Distribution};
    use nn::{Activation, Module};

    use super::*;
    use crate::theory::Nonlinearity;

    /// The traces by their definition, for drawn batches.
    fn drawn(activation: Activation, size: usize) -> [f64; 3] {
        const DRAWS: usize = 40_000;
        let params = Params::<f64>::new(3);
        let mut tape = Tape::new();
        let t = tape.start(&params, Mode::Train);
        let normal = t.random([DRAWS, size], Distribution::Normal);
        let y = nn::functional::layer_norm(normal, &[size].into(), None, 0.0);
        let y = t.variable(&y.value().unwrap());
        let value = activation.forward(y);
        let mut grads = params.gradients();
        value.sum(..).backward(&mut grads).unwrap();
        let (slopes, values) = (grads.of(y).unwrap(), value.value().unwrap());
        let points = y.value().unwrap();
        let rows = points.data().chunks(size).zip(slopes.data().chunks(size)).zip(values.data().chunks(size));
        let n = size as f64;
        let mut sums = [0.0; 3];
        for ((y, d), value) in rows {
            for a in 0..size {
                for b in 0..size {
                    let equal = if a == b { 1.0 } else { 0.0 };
                    let projection = equal - 1.0 / n - y[a] * y[b] / n;
                    sums[0] += equal * d[a] * d[b] * projection;
                    sums[1] += (equal - 1.0 / n) * d[a] * d[b] * projection;
                    sums[2] += (1.0 - equal) * value[a] * value[b] / (n * (n - 1.0));
                }
            }
        }
        sums.map(|sum| sum / DRAWS as f64)
    }

    #[test]
    fn traces_are_those_of_drawn_batches() {
        for (activation, size) in [(Activation::Relu, 6), (Activation::Relu, 16), (Activation::Tanh, 8)] {
            let net = MeanField::plain(Nonlinearity::new(activation).unwrap(), [1.0, 0.0], 256);
            let batch = Batch::new(&net, size).unwrap();
            let drawn = drawn(activation, size);
            for (found, drawn) in [batch.independent, batch.centered, batch.cross].into_iter().zip(drawn) {
                assert!((found - drawn).abs() < 0.01 * drawn.abs().max(0.2), "{activation}, {size}: {found}, {drawn}");
            }
        }
    }
}
