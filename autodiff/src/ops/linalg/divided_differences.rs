//! Functions of eigenvalues and their divided differences.

/// A function of a number, applied to the eigenvalues of symmetric matrices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EigenvalueFunction {
    /// `eˣ`.
    Exp,
    /// The natural logarithm; NaN for a negative eigenvalue.
    Ln,
    /// `x^p`; NaN for a negative eigenvalue, unless `p` is a whole number.
    Power(f64),
}

/// Where points lie within this part of the distance over which the function changes, its Taylor series is summed; elsewhere, each
/// order of differences costs at most two bits.
const NEAR: f64 = 0.25;
/// Terms of the Taylor series, of which each is at most an eighth of the one before, times a power of its number.
const TERMS: usize = 40;

impl EigenvalueFunction {
    fn value(self, x: f64) -> f64 {
        match self {
            EigenvalueFunction::Exp => x.exp(),
            EigenvalueFunction::Ln => x.ln(),
            EigenvalueFunction::Power(p) => x.powf(p),
        }
    }

    /// The distance from `x` over which the function changes: that of its singularity, if it has one.
    fn radius(self, x: f64) -> f64 {
        match self {
            EigenvalueFunction::Exp => 1.0,
            EigenvalueFunction::Ln | EigenvalueFunction::Power(_) => x.abs(),
        }
    }

    /// The coefficients of the Taylor series about `x`, from the first power on.
    fn coefficients(self, x: f64) -> impl Iterator<Item = f64> {
        let mut factor = 1.0;
        (1..).map(move |n: i32| {
            let order = f64::from(n);
            match self {
                EigenvalueFunction::Exp => factor /= order,
                EigenvalueFunction::Ln => factor = if n % 2 == 0 { -1.0 } else { 1.0 } / order,
                EigenvalueFunction::Power(p) => factor *= (p - order + 1.0) / order,
            }
            match self {
                _ if factor == 0.0 => 0.0, // a power that has no such derivative, also at 0
                EigenvalueFunction::Exp => factor * x.exp(),
                EigenvalueFunction::Ln => factor * x.powi(-n),
                EigenvalueFunction::Power(p) => factor * x.powf(p - order),
            }
        })
    }

    /// The divided difference `f[x₀, …, xₖ]` of ascending points: `f(x₀)` of one, of more `(f[x₁, …] − f[…, xₖ₋₁]) / (xₖ − x₀)`
    /// or, where they are equal, the derivative `f⁽ᵏ⁾(x)/k!`. To about 1e-14, however near the points are.
    pub(super) fn divided_difference(self, points: &[f64]) -> f64 {
        let [first, .., last] = *points else { return points.first().map_or(0.0, |&x| self.value(x)) };
        let (spread, middle) = (last - first, 0.5 * first + 0.5 * last);
        if spread <= NEAR * self.radius(middle) {
            return self.near(points, middle);
        }
        (self.divided_difference(&points[1..]) - self.divided_difference(&points[..points.len() - 1])) / spread
    }

    /// `Σ cₖ₊ₘ hₘ(x₀ − c, …, xₖ − c)`, where `hₘ` is the sum of all products of `m` of them.
    fn near(self, points: &[f64], center: f64) -> f64 {
        let mut products = [0.0; TERMS];
        products[0] = 1.0;
        for &x in points {
            (1..TERMS).for_each(|m| products[m] += (x - center) * products[m - 1]);
        }
        let terms = self.coefficients(center).skip(points.len() - 2).zip(products);
        let terms = terms.map(|(coefficient, product)| if product == 0.0 { 0.0 } else { coefficient * product });
        terms.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::EigenvalueFunction::{Exp, Ln, Power};

    #[test]
    fn differences_agree_with_formulas_at_any_distance() {
        for exponent in -60..4 {
            let h = 2_f64.powi(exponent);
            let (x, y) = (1.5, 1.5 + h);
            let d = y - x;
            let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-14 * expected.abs(), "{h}");
            let of_one = |scale: f64, function: f64| if d == 0.0 { scale } else { function / d };
            near(Exp.divided_difference(&[x, y]), of_one(x.exp(), x.exp() * d.exp_m1()));
            near(Ln.divided_difference(&[x, y]), of_one(1.0 / x, (d / x).ln_1p()));
            near(Power(0.5).divided_difference(&[x, y]), 1.0 / (x.sqrt() + y.sqrt()));
            near(Power(-1.0).divided_difference(&[x, y, y]), 1.0 / (x * y * y));
            near(Power(-1.0).divided_difference(&[x, x, y, y]), -1.0 / (x * x * y * y));
            near(Power(3.0).divided_difference(&[x, x, y]), 2.0 * x + y);
        }
    }

    #[test]
    fn whole_powers_have_derivatives_at_zero() {
        assert_eq!(Power(2.0).divided_difference(&[0.0, 0.0, 0.0]), 1.0);
        assert_eq!(Power(2.0).divided_difference(&[0.0, 0.0]), 0.0);
        assert_eq!(Power(1.0).divided_difference(&[0.0, 0.0]), 1.0);
        assert!(Power(0.5).divided_difference(&[0.0, 0.0]).is_infinite());
    }
}
