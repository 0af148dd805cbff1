//! A table of the gradients of each parameter.

use std::fmt;

use autodiff::op::norm;
use autodiff::{Error, Gradients, Params, Real};

/// Statistics of the gradient of each parameter; see [`gradient_table`]. `Display` gives it as text.
#[derive(Clone, Debug)]
pub struct GradientTable {
    /// The rows, in order of registration.
    pub rows: Vec<GradientRow>,
}

/// Statistics of the gradient of one parameter.
#[derive(Clone, Debug)]
pub struct GradientRow {
    /// The parameter's name.
    pub name: String,
    /// The Euclidean norm of the gradient.
    pub norm: f64,
    /// The largest absolute value of an entry of the gradient; NaN where an entry is.
    pub max_abs: f64,
    /// The fraction of entries of the gradient that are exactly zero.
    pub zero_fraction: f64,
    /// The norm of the change of the parameter, divided by the norm of the parameter: 10⁻³ is a healthy magnitude.
    pub update_ratio: f64,
}

/// Statistics of the gradient of each parameter, and of the step that it led to from `before` to `params`.
///
/// # Errors
/// `before`, `params` and `grads` that do not belong together.
pub fn gradient_table<T: Real>(
    before: &Params<T>,
    params: &Params<T>,
    grads: &Gradients<T>,
) -> Result<GradientTable, Error> {
    grads.check_layout(params)?;
    grads.check_layout(before)?;
    let values = before.iter().zip(params.iter()).zip(grads.iter());
    let row = |(((name, _, old), (_, _, new)), (_, _, gradient))| GradientRow::new(name, old, new, gradient);
    Ok(GradientTable { rows: values.map(row).collect() })
}

impl GradientRow {
    fn new<T: Real>(name: &str, old: &[T], new: &[T], gradient: &[T]) -> Self {
        let change: Vec<f64> = old.iter().zip(new).map(|(old, new)| new.to_f64() - old.to_f64()).collect();
        let sizes = gradient.iter().map(|g| g.to_f64().abs());
        // Not f64::max, which would hide a NaN.
        let larger = |max: f64, size: f64| if size > max || size.is_nan() { size } else { max };
        GradientRow {
            name: name.to_owned(),
            norm: norm(gradient),
            max_abs: sizes.clone().fold(0.0, larger),
            zero_fraction: sizes.filter(|&size| size == 0.0).count() as f64 / gradient.len().max(1) as f64,
            update_ratio: norm(&change) / norm(old),
        }
    }
}

impl fmt::Display for GradientTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.chars().count()).max().unwrap_or(0).max(9);
        writeln!(
            f,
            "{:width$}  {:>10}  {:>10}  {:>7}  {:>16}",
            "parameter", "norm", "max", "zeros", "update / weight"
        )?;
        for row in &self.rows {
            let GradientRow { name, norm, max_abs, zero_fraction, update_ratio } = row;
            let percent = 100.0 * zero_fraction;
            writeln!(f, "{name:width$}  {norm:10.3e}  {max_abs:10.3e}  {percent:5.1} %  {update_ratio:16.3e}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_norm_largest_zeros_and_the_step() {
        let mut before = Params::<f64>::new(0);
        before.scope("fc").parameter("weight", [4], |values, _| values.fill(2.0));
        let mut grads = before.gradients();
        grads.flat_mut().copy_from_slice(&[3.0, -4.0, 0.0, 0.0]);
        let mut after = before.clone();
        after.flat_mut()[0] = 2.4;
        let table = gradient_table(&before, &after, &grads).unwrap();
        let GradientRow { name, norm, max_abs, zero_fraction, update_ratio } = &table.rows[0];
        assert_eq!((name.as_str(), *norm, *max_abs, *zero_fraction), ("fc.weight", 5.0, 4.0, 0.5));
        assert!((update_ratio - 0.1).abs() < 1e-12);
        assert!(table.to_string().contains("fc.weight") && table.to_string().contains("50.0 %"));
    }
}
