//! What an axis of a sweep is, and the list of all.
//!
//! An axis is one file in `axes/`: a type that says its name, its values and what a value changes in the [`Blueprint`] of a
//! network, and that submits itself to the list. Options, keys of TOML files and columns of tables follow from the list.

use std::sync::LazyLock;

use autodiff::{Dual, Real};

use crate::blueprint::Blueprint;

/// An axis: a value of it is what one configuration has of it.
pub(crate) trait Axis: Sized {
    /// The name of the column and of the key in files; with dashes, of the option.
    const NAME: &'static str;
    /// Further names of the option.
    const ALIASES: &'static [&'static str] = &[];
    /// The order of the columns. Configurations are ordered by the same, the last varying fastest, but the depth fastest of
    /// all.
    const COLUMN: u32;
    /// What the option is for, in a line; it begins with a capital and ends with a period.
    const HELP: &'static str;
    /// The values that are swept unless others are given, separated by commas.
    const DEFAULT: &'static str;
    /// Values that differ in what they do, separated by commas, each of which the tests run.
    const EXAMPLES: &'static str;
    /// What the examples need of other axes to differ.
    const WITH: &'static [(&'static str, &'static str)] = &[];
    /// Whether the axis says what a layer is, so that it has no meaning for layers of the user's.
    const OF_LAYER: bool = false;

    /// Reads a value.
    ///
    /// # Errors
    /// Says what would be right.
    fn parse(value: &str) -> Result<Self, String>;

    /// Makes the networks of a configuration what the value says.
    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>);

    /// The value as the column shows it, of a configuration whose values have all been applied.
    fn shown(value: &str, _: &Blueprint<f64>) -> String {
        value.to_owned()
    }
}

/// An axis in the list.
#[derive(Debug)]
pub struct AxisEntry {
    /// The name of the column and of the key in files.
    pub name: &'static str,
    /// Further names of the option.
    pub aliases: &'static [&'static str],
    /// What it is for.
    pub help: &'static str,
    /// The values unless others are given, separated by commas.
    pub default: &'static str,
    /// Values that differ in what they do, separated by commas.
    pub examples: &'static str,
    /// What the examples need of other axes to differ.
    pub with: &'static [(&'static str, &'static str)],
    pub(crate) of_layer: bool,
    column: u32,
    check: fn(&str) -> Result<(), String>,
    apply_f32: fn(&str, &mut Blueprint<f32>) -> Result<(), String>,
    apply_f64: fn(&str, &mut Blueprint<f64>) -> Result<(), String>,
    apply_dual: fn(&str, &mut Blueprint<Dual<f64>>) -> Result<(), String>,
    shown: fn(&str, &Blueprint<f64>) -> String,
}

inventory::collect!(AxisEntry);

fn apply<A: Axis, T: Real>(value: &str, blueprint: &mut Blueprint<T>) -> Result<(), String> {
    A::parse(value)?.apply(blueprint);
    Ok(())
}

impl AxisEntry {
    pub(crate) const fn new<A: Axis>() -> Self {
        AxisEntry {
            name: A::NAME,
            aliases: A::ALIASES,
            help: A::HELP,
            default: A::DEFAULT,
            examples: A::EXAMPLES,
            with: A::WITH,
            of_layer: A::OF_LAYER,
            column: A::COLUMN,
            check: |value| A::parse(value).map(drop),
            apply_f32: apply::<A, f32>,
            apply_f64: apply::<A, f64>,
            apply_dual: apply::<A, Dual<f64>>,
            shown: A::shown,
        }
    }

    /// Whether this is a value of the axis.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn check(&self, value: &str) -> Result<(), String> {
        (self.check)(value)
    }

    pub(crate) fn shown(&self, value: &str, blueprint: &Blueprint<f64>) -> String {
        (self.shown)(value, blueprint)
    }
}

/// All axes, in the order of the columns.
pub fn axes() -> &'static [&'static AxisEntry] {
    static SORTED: LazyLock<Vec<&'static AxisEntry>> = LazyLock::new(|| {
        let mut axes: Vec<_> = inventory::iter::<AxisEntry>.into_iter().collect();
        axes.sort_by_key(|axis| (axis.column, axis.name));
        axes
    });
    &SORTED
}

/// A scalar that networks of a sweep compute in.
pub(crate) trait Scalar: Real {
    fn apply(axis: &AxisEntry, value: &str, blueprint: &mut Blueprint<Self>) -> Result<(), String>;
}

impl Scalar for f32 {
    fn apply(axis: &AxisEntry, value: &str, blueprint: &mut Blueprint<f32>) -> Result<(), String> {
        (axis.apply_f32)(value, blueprint)
    }
}

impl Scalar for f64 {
    fn apply(axis: &AxisEntry, value: &str, blueprint: &mut Blueprint<f64>) -> Result<(), String> {
        (axis.apply_f64)(value, blueprint)
    }
}

/// For Hessian-vector products.
impl Scalar for Dual<f64> {
    fn apply(axis: &AxisEntry, value: &str, blueprint: &mut Blueprint<Self>) -> Result<(), String> {
        (axis.apply_dual)(value, blueprint)
    }
}

/// Reads a whole number from `least` to `most`.
pub(crate) fn count(value: &str, least: usize, most: usize) -> Result<usize, String> {
    let count = value.parse().ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("must be a whole number from {least} to {most}"))
}

/// Reads a number above 0.
pub(crate) fn positive(value: &str) -> Result<f64, String> {
    let number = value.parse().ok().filter(|&x: &f64| x > 0.0 && x.is_finite());
    number.ok_or_else(|| "must be a finite number above 0".into())
}

/// Reads a number from 0 up.
pub(crate) fn not_negative(value: &str) -> Result<f64, String> {
    let number = value.parse().ok().filter(|&x: &f64| x >= 0.0 && x.is_finite());
    number.ok_or_else(|| "must be a finite number, 0 or above".into())
}

/// Reads a share, at least 0 and below 1.
pub(crate) fn share(value: &str) -> Result<f64, String> {
    let number = value.parse().ok().filter(|x: &f64| (0.0..1.0).contains(x));
    number.ok_or_else(|| "must be a number from 0 to below 1".into())
}

/// Finds a value by its name.
pub(crate) fn one_of<V: Copy>(value: &str, known: &[(&str, V)]) -> Result<V, String> {
    let found = known.iter().find(|(name, _)| *name == value).map(|&(_, value)| value);
    found
        .ok_or_else(|| format!("must be one of {}", known.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ")))
}
