//! Right operations on which a checker may stumble: steep, singular, with kinks and ties, or far out.

use autodiff::op::AnyScalar;
use autodiff::{Real, Shape, Tensor, scalar_op};

use crate::mutants::array_op::{Array, array_op, log_sum_exp, number, softmax};

scalar_op! { XSinInverse,
    |x| if x == T::ZERO { T::ZERO } else { x * (T::ONE / x).sin() },
    |_z| [if x == T::ZERO { T::ZERO } else { (T::ONE / x).sin() - (T::ONE / x).cos() / x }]
}
scalar_op! { SteepSigmoid, |x| (number::<T>(1e4) * x).sigmoid(), |z| [number::<T>(1e4) * z * (-number::<T>(1e4) * x).sigmoid()] }
scalar_op! { CubeRoot,
    |x| if x < T::ZERO { -(-x).powf(1.0 / 3.0) } else { x.powf(1.0 / 3.0) },
    |z| [T::ONE / (number::<T>(3.0) * z * z)]
}
scalar_op! { FastSine, |x| (number::<T>(1000.0) * x).sin(), |_z| [number::<T>(1000.0) * (number::<T>(1000.0) * x).cos()] }
scalar_op! { SteepSwish, |x| x * (number::<T>(30.0) * x).sigmoid(), |_z| [{
    let (s, t) = ((number::<T>(30.0) * x).sigmoid(), (-number::<T>(30.0) * x).sigmoid());
    s + number::<T>(30.0) * x * s * t
}] }
scalar_op! { OneMinusCosine,
    |x| if x.abs() < number(0.1) {
        let y = x * x;
        number::<T>(0.5) - y / number(24.0) + y * y / number(720.0) - y * y * y / number(40320.0) + y * y * y * y / number(3628800.0)
    } else {
        (T::ONE - x.cos()) / (x * x)
    },
    |z| [if x.abs() < number(0.1) {
        let y = x * x;
        x * (-T::ONE / number(12.0) + y / number(180.0) - y * y / number(6720.0) + y * y * y / number(453600.0))
    } else {
        (x.sin() - number::<T>(2.0) * x * z) / (x * x)
    }]
}
scalar_op! { AbsByBranches,
    |x| if x < T::ZERO { -x } else { x },
    |_z| [if x < T::ZERO { -T::ONE } else if x > T::ZERO { T::ONE } else { T::ZERO }]
}
scalar_op! { ReluAtZero, |x| if x > T::ZERO { x } else { T::ZERO }, |_z| [if x > T::ZERO { T::ONE } else { T::ZERO }] }
scalar_op! { SquareRoot, |x| x.sqrt(), |z| [number::<T>(0.5) / z] }
scalar_op! { Logarithm, |x| x.ln(), |_z| [T::ONE / x] }
scalar_op! { FastExponential, |x| (number::<T>(20.0) * x).exp(), |z| [number::<T>(20.0) * z] }
scalar_op! { SteepSoftplus,
    |x| x.maximum(T::ZERO) + (-(number::<T>(1000.0) * x).abs()).exp().ln_1p() / number(1000.0),
    |_z| [(number::<T>(1000.0) * x).sigmoid()]
}
scalar_op! { Angle,
    |y, x| if x > T::ZERO {
        (y / x).atan()
    } else if y < T::ZERO {
        -(x / y).atan() - number(std::f64::consts::FRAC_PI_2)
    } else {
        number::<T>(std::f64::consts::FRAC_PI_2) - (x / y).atan()
    },
    |_z| [x / (x * x + y * y), -y / (x * x + y * y)]
}
scalar_op! { Inverse, |x| T::ONE / x, |z| [-z * z] }
scalar_op! { FarOffset, |x| number::<T>(1e8) + x, |_z| [T::ONE] }

/// `ln Γ` and its derivative for positive numbers, by Stirling's series from 15 upwards; NaN elsewhere.
fn log_gamma<T: Real>(mut x: T) -> (T, T) {
    if x.to_f64().is_nan() || x <= T::ZERO {
        return (number(f64::NAN), number(f64::NAN));
    }
    let (mut value, mut slope) = (T::ZERO, T::ZERO);
    while x < number(15.0) {
        value -= x.ln();
        slope -= T::ONE / x;
        x += T::ONE;
    }
    let y = T::ONE / (x * x);
    let series = |terms: [f64; 6]| terms.iter().rev().fold(T::ZERO, |sum, &term| sum * y + number(term));
    let of_value = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    let of_slope = [1.0 / 12.0, -1.0 / 120.0, 1.0 / 252.0, -1.0 / 240.0, 1.0 / 132.0, -691.0 / 32_760.0];
    let half_log = number::<T>(0.918_938_533_204_672_7);
    value += (x - number(0.5)) * x.ln() - x + half_log + series(of_value) / x;
    slope += x.ln() - number::<T>(0.5) / x - y * series(of_slope);
    (value, slope)
}

scalar_op! { LogGamma, |x| log_gamma(x).0, |_z| [log_gamma(x).1] }

fn vector(x: &Shape) -> Option<Shape> {
    (x.rank() == 1 && x[0] > 0).then(|| x.clone())
}

/// The largest; entries that tie share the gradient.
fn tied<T: Real>(x: &Array<T>, largest: T) -> T {
    number(x.data.iter().filter(|x| **x == largest).count() as f64)
}

/// The order of the elements, from the smallest; those that tie keep theirs.
fn order<T: Real>(x: &Array<T>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.data.len()).collect();
    order.sort_by(|&j, &k| x.data[j].to_f64().total_cmp(&x.data[k].to_f64()));
    order
}

array_op! { Largest, |x| vector(x).map(|_| Shape::scalar()),
    vec![x.data.iter().copied().reduce(T::maximum).unwrap_or(T::ZERO)],
    |g, z| [x.map(|x_k| if x_k == z[0] { g[0] / tied(&x, z[0]) } else { T::ZERO })]
}
array_op! { Sorted, |x| vector(x), order(&x).into_iter().map(|k| x.data[k]).collect(), |g, z| [{
    let mut terms = vec![T::ZERO; g.len()];
    order(&x).into_iter().zip(g).for_each(|(k, &g)| terms[k] = g);
    terms
}] }
array_op! { Norm, |x| vector(x).map(|_| Shape::scalar()), {
    let largest = x.data.iter().map(|x| x.abs()).reduce(T::maximum).unwrap_or(T::ZERO);
    let scaled = |x: T| (x / largest) * (x / largest);
    vec![if largest == T::ZERO { T::ZERO } else { largest * x.data.iter().map(|&x| scaled(x)).sum::<T>().sqrt() }]
}, |g, z| [x.map(|x_k| if z[0] == T::ZERO { T::ZERO } else { g[0] * (x_k / z[0]) })] }
array_op! { LogSumExp, |x| vector(x).map(|_| Shape::scalar()), vec![log_sum_exp(&x.data)],
    |g, z| [softmax(&x.data).into_iter().map(|p| p * g[0]).collect()]
}

/// A right operation by name, at a case.
pub(crate) struct Right {
    pub(crate) name: &'static str,
    pub(crate) op: Box<dyn AnyScalar>,
    pub(crate) inputs: Vec<Tensor<f64>>,
}

/// The right operations.
pub(crate) fn all() -> Vec<Right> {
    let right = |name, op: Box<dyn AnyScalar>, x: &[f64]| Right { name, op, inputs: vec![x.into()] };
    vec![
        right("right: x sin(1/x) near 0", Box::new(XSinInverse), &[0.01, -0.02, 0.003]),
        right("right: sigmoid of slope 10,000", Box::new(SteepSigmoid), &[1e-5, -2e-4, 0.0, 3e-5]),
        right("right: cube root near 0", Box::new(CubeRoot), &[1e-6, -1e-5, 1e-4]),
        right("right: ln gamma", Box::new(LogGamma), &[0.5, 2.5, 7.0, 1e-3]),
        right("right: sin(1000 x)", Box::new(FastSine), &[0.3, -1.1, 2.0]),
        right("right: x sigmoid(30 x)", Box::new(SteepSwish), &[0.01, -0.2, 0.05]),
        right("right: (1 - cos x) / x^2 near 0", Box::new(OneMinusCosine), &[1e-3, -1e-4, 0.5]),
        right("right: |x| by branches at 0", Box::new(AbsByBranches), &[0.0, 1.0, -2.0]),
        right("right: largest of ties", Box::new(Largest), &[1.0, 1.0, 0.5]),
        right("right: sorted ties", Box::new(Sorted), &[1.0, 1.0, 0.5]),
        right("right: square root near 0", Box::new(SquareRoot), &[1e-8, 1e-4, 1e-6]),
        right("right: logarithm near 0", Box::new(Logarithm), &[1e-8, 1e-4, 1e-6]),
        right("right: exp(20 x)", Box::new(FastExponential), &[0.5, 1.5, -1.0]),
        right("right: steep softplus", Box::new(SteepSoftplus), &[1e-3, -2e-3, 0.0]),
        Right {
            name: "right: atan2 near the axis",
            op: Box::new(Angle),
            inputs: vec![[1e-7, -1e-7, 1e-5].into(), [1.0, -2.0, -1.0].into()],
        },
        right("right: norm of a tiny vector", Box::new(Norm), &[1e-9, -2e-9, 1e-9]),
        right("right: 1/x near 0", Box::new(Inverse), &[1e-4, -1e-3, 1e-2]),
        right("right: log-sum-exp of large numbers", Box::new(LogSumExp), &[1000.0, 1001.0, 999.0]),
        right("right: 1e8 + x", Box::new(FarOffset), &[0.3, -1.2]),
        right("right: relu at 0", Box::new(ReluAtZero), &[0.0, 1.0, -1.0]),
    ]
}
