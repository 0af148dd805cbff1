//! Newton's method on Rosenbrock's function `(1 − x)² + 100 (y − x²)²`: gradient and Hessian from the same code.

use autodiff::transform::{grad, hessian};
use autodiff::{Error, Real, Tensor, Var};

fn rosenbrock<T: Real>(p: Var<'_, T>) -> Var<'_, T> {
    let (x, y) = (p.index(0, 0), p.index(0, 1));
    (1.0 - x).square() + 100.0 * (y - x.square()).square()
}

fn main() -> Result<(), Error> {
    let mut p: Tensor<f64> = [-1.2, 1.0].into();
    for iteration in 0..20 {
        let [gradient] = grad(|[p]| rosenbrock(p), [&p])?;
        println!("{iteration:2}: at {p:.12}, gradient {gradient:.3}");
        let (g, h) = (gradient.data(), hessian(rosenbrock, &p)?.into_vec());
        if g.iter().all(|g| g.abs() < 1e-12) {
            break;
        }
        // The step solves H s = −g, here by Cramer's rule.
        let determinant = h[0] * h[3] - h[1] * h[2];
        let step = [h[1] * g[1] - h[3] * g[0], h[2] * g[0] - h[0] * g[1]].map(|s| s / determinant);
        p.data_mut().iter_mut().zip(step).for_each(|(p, s)| *p += s);
    }
    Ok(())
}
