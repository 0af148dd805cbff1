//! A configuration: one value of every axis.

use autodiff::Real;

use crate::axis::{AxisEntry, Scalar, axes};
use crate::blueprint::{Blueprint, MakeLayer};
use crate::error::Error;

/// One value of every axis: networks that differ only in their seeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Configuration {
    /// Its position in the sweep.
    pub(crate) index: usize,
    /// The group of the settings that it belongs to.
    pub(crate) group: Option<String>,
    /// Whether layers are of the user's.
    pub(crate) custom: bool,
    /// Beside [`axes`].
    pub(crate) values: Vec<String>,
}

impl Configuration {
    /// The value of the axis with this name.
    pub(crate) fn value(&self, name: &str) -> &str {
        let position = axes().iter().position(|axis| axis.name == name);
        position.map_or("", |position| &self.values[position])
    }

    /// What the networks are.
    ///
    /// # Errors
    /// A value out of its axis, and values that go ill together.
    pub(crate) fn blueprint<T: Scalar>(&self) -> Result<Blueprint<T>, Error> {
        let mut blueprint = Blueprint::new();
        for (axis, value) in axes().iter().zip(&self.values) {
            T::apply(axis, value, &mut blueprint).map_err(|reason| wrong(axis.name, value, &reason))?;
        }
        for adjust in std::mem::take(&mut blueprint.adjustments) {
            adjust(&mut blueprint);
        }
        blueprint.check().map_err(Error::Setting)?;
        Ok(blueprint)
    }

    /// The same with layers of the user's.
    pub(crate) fn with_layer<T: Scalar>(&self, layer: Option<&MakeLayer<T>>) -> Result<Blueprint<T>, Error> {
        let mut blueprint = self.blueprint::<T>()?;
        if let Some(layer) = layer {
            blueprint.layer = layer.clone();
            blueprint.square = true;
        }
        Ok(blueprint)
    }

    /// The values that are not the default, for an error.
    pub(crate) fn described(&self) -> String {
        let changed = axes().iter().zip(&self.values).filter(|(axis, value)| axis.default != value.as_str());
        changed.map(|(axis, value)| format!("{} {value}", axis.name)).collect::<Vec<_>>().join(", ")
    }

    /// Names and values as the columns show them.
    pub(crate) fn columns(&self) -> Result<Vec<(&'static str, String)>, Error> {
        let blueprint = self.blueprint::<f64>()?;
        let shown = |(axis, value): (&&'static AxisEntry, &String)| {
            let custom = self.custom && axis.of_layer;
            (axis.name, if custom { "custom".to_owned() } else { axis.shown(value, &blueprint) })
        };
        Ok(axes().iter().zip(&self.values).map(shown).collect())
    }
}

/// The error for a value that is not one of the axis.
pub(crate) fn wrong(name: &str, value: &str, reason: &str) -> Error {
    Error::Setting(format!("--{} {value}: {reason}", name.replace('_', "-")))
}

/// Work of a run in arbitrary units, for the progress bar: layers by their size, batches by their number.
pub(crate) fn work<T: Real>(blueprint: &Blueprint<T>) -> u64 {
    let passes = (blueprint.steps * blueprint.members * 3 + 20) as u64;
    let layer = (blueprint.width * (blueprint.width + 64)) as u64;
    blueprint.depth as u64 * layer * blueprint.batch as u64 * passes / 1000 + 1
}
