//! Spectra on request: of the Jacobian, of the Hessian, of the tangent kernel. All in `f64`, at initialization.

use autodiff::transform::model_hvp;
use autodiff::{Dual, Mode, Params, Tape, Tensor};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::gradient::random_cotangent;
use crate::blueprint::Blueprint;
use crate::data::Data;
use crate::error::Error;
use crate::network::Network;
use crate::results::Spectra;

/// What is measured on request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spectrum {
    /// Singular values of the Jacobian of the top layer's z by the first layer's, of one sample.
    Jacobian,
    /// The ten eigenvalues of the Hessian of the loss that are largest in magnitude, by the method of Lanczos.
    Hessian,
    /// Eigenvalues of the empirical tangent kernel (Jacot 2018) of a random direction of the logits, over 32 samples.
    TangentKernel,
}

impl Spectrum {
    /// All spectra by name.
    pub const NAMED: [(&str, Spectrum); 3] =
        [("jacobian", Spectrum::Jacobian), ("hessian", Spectrum::Hessian), ("tangent-kernel", Spectrum::TangentKernel)];
}

/// Samples that the tangent kernel is of, at most.
const KERNEL_SAMPLES: usize = 32;
/// Steps of the method of Lanczos, and eigenvalues that are kept of it.
const LANCZOS: (usize, usize) = (30, 10);

/// The spectra that are wanted of a network of this seed. The two blueprints are of one configuration.
pub(crate) fn spectra(
    wanted: &[Spectrum],
    blueprint: &Blueprint<f64>,
    dual: &Blueprint<Dual<f64>>,
    seed: u64,
) -> Result<Spectra, Error> {
    let data = (blueprint.data)(blueprint, seed)?;
    let mut params = Params::new(seed);
    let network = Network::new(&mut params, blueprint, data.features(), data.classes);
    let mut spectra = Spectra::default();
    if wanted.contains(&Spectrum::Jacobian) {
        spectra.jacobian = jacobian(&network, &params, &data)?;
    }
    if wanted.contains(&Spectrum::Hessian) && blueprint.head {
        let mut params = Params::new(seed);
        let network = Network::new(&mut params, dual, data.features(), data.classes);
        spectra.hessian = hessian(&network, &params.try_cast()?, dual, &data)?;
    }
    if wanted.contains(&Spectrum::TangentKernel) && blueprint.head {
        spectra.tangent_kernel = tangent_kernel(&network, &params, &data)?;
    }
    Ok(spectra)
}

fn jacobian(network: &Network<f64>, params: &Params<f64>, data: &Data<f64>) -> Result<Vec<f64>, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let trace = network.trace(t.input(&data.probe.0));
    let (Some(bottom), Some(top)) = (trace.layers.first(), trace.layers.last()) else { return Ok(Vec::new()) };
    let shape = top.z.shape()?;
    let [rows, columns] = [&shape, &bottom.z.shape()?].map(|shape| shape.size() / shape[0]);
    let mut grads = params.gradients();
    let mut matrix = DMatrix::zeros(rows, columns);
    for row in 0..rows {
        let unit = Tensor::from_fn(shape.clone(), |k| if k == row { 1.0 } else { 0.0 });
        top.z.backward_with(&unit, &mut grads)?;
        let gradient = grads.of(bottom.z)?;
        matrix.row_mut(row).iter_mut().zip(gradient.data()).for_each(|(entry, &value)| *entry = value);
    }
    let mut values: Vec<f64> = matrix.singular_values().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Ok(values)
}

fn tangent_kernel(network: &Network<f64>, params: &Params<f64>, data: &Data<f64>) -> Result<Vec<f64>, Error> {
    let mut tape = Tape::new();
    let t = tape.start(params, Mode::Train);
    let Some(logits) = network.trace(t.input(&data.probe.0)).logits else { return Ok(Vec::new()) };
    let shape = logits.shape()?;
    let (samples, classes) = (shape[0].min(KERNEL_SAMPLES), shape[1]);
    let direction = random_cotangent::<f64>(&[classes].into(), 0);
    let mut grads = params.gradients();
    let mut gradients = Vec::with_capacity(samples);
    for sample in 0..samples {
        let own = |k: usize| if k / classes == sample { direction.data()[k % classes] } else { 0.0 };
        logits.backward_with(&Tensor::from_fn(shape.clone(), own), &mut grads)?;
        gradients.push(grads.flat().to_vec());
    }
    let kernel = DMatrix::from_fn(samples, samples, |i, j| dot(&gradients[i], &gradients[j]));
    Ok(sorted(kernel.symmetric_eigenvalues().iter().copied()))
}

fn hessian(
    network: &Network<Dual<f64>>,
    params: &Params<f64>,
    blueprint: &Blueprint<Dual<f64>>,
    data: &Data<f64>,
) -> Result<Vec<f64>, Error> {
    let (features, labels) = (data.probe.0.cast::<Dual<f64>>(), data.probe.1.cast::<Dual<f64>>());
    let product = |direction: &[f64]| {
        let (_, product) = model_hvp(params, direction, |t| {
            let x = t.input(&features);
            network.trace(x).logits.map_or(x, |logits| (blueprint.loss)(logits, t.input(&labels)))
        })?;
        Ok(product)
    };
    let count = params.flat().len();
    let start = random_cotangent::<f64>(&[count].into(), 0).into_vec();
    let (steps, kept) = LANCZOS;
    let mut values = lanczos(product, start, steps.min(count))?;
    values.sort_by(|a, b| b.abs().total_cmp(&a.abs()));
    values.truncate(kept);
    Ok(sorted(values.into_iter()))
}

/// Eigenvalues of a symmetric matrix that is given by its products, restricted to the Krylov space of `start` (Lanczos 1950;
/// with full reorthogonalization).
fn lanczos(
    product: impl Fn(&[f64]) -> Result<Vec<f64>, Error>,
    start: Vec<f64>,
    steps: usize,
) -> Result<Vec<f64>, Error> {
    let normalized = |vector: Vec<f64>, length: f64| vector.into_iter().map(|x| x / length).collect::<Vec<f64>>();
    let length = dot(&start, &start).sqrt();
    let mut basis = vec![normalized(start, length)];
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    while let Some(last) = basis.last() {
        let mut next = product(last)?;
        diagonal.push(dot(&next, last));
        for _ in 0..2 {
            for vector in &basis {
                let share = dot(&next, vector);
                next.iter_mut().zip(vector).for_each(|(x, v)| *x -= share * v);
            }
        }
        let length = dot(&next, &next).sqrt();
        if basis.len() == steps || length <= 1e-12 * diagonal.iter().fold(0.0, |most: f64, x| most.max(x.abs())) {
            break;
        }
        beside.push(length);
        basis.push(normalized(next, length));
    }
    let entry = |i: usize, j: usize| match (i, j) {
        _ if i == j => diagonal[i],
        _ if i.abs_diff(j) == 1 => beside[i.min(j)],
        _ => 0.0,
    };
    let matrix = DMatrix::from_fn(diagonal.len(), diagonal.len(), entry);
    Ok(matrix.symmetric_eigenvalues().iter().copied().collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanczos_finds_the_eigenvalues_of_a_small_matrix() {
        let matrix = [[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]];
        let product = |x: &[f64]| Ok(matrix.iter().map(|row| dot(row, x)).collect());
        let found = sorted(lanczos(product, vec![1.0, 0.3, -0.2], 3).unwrap().into_iter());
        let root = 3.0_f64.sqrt();
        for (found, expected) in found.into_iter().zip([3.0 + root, 3.0, 3.0 - root]) {
            assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
    }
}
