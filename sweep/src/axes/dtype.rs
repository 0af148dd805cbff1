//! The scalar that networks compute in.

use autodiff::Real;

use crate::axis::{Axis, AxisEntry, one_of};
use crate::blueprint::{Blueprint, Dtype};

inventory::submit!(AxisEntry::new::<DtypeAxis>());

struct DtypeAxis(Dtype);

impl Axis for DtypeAxis {
    const NAME: &'static str = "dtype";
    const COLUMN: u32 = 9;
    const HELP: &'static str = "The scalar that networks compute in: f32 or f64.";
    const DEFAULT: &'static str = "f32";
    const EXAMPLES: &'static str = "f32,f64";

    fn parse(value: &str) -> Result<Self, String> {
        one_of(value, &[("f32", Dtype::F32), ("f64", Dtype::F64)]).map(DtypeAxis)
    }

    fn apply<T: Real>(&self, blueprint: &mut Blueprint<T>) {
        blueprint.dtype = self.0;
    }
}
