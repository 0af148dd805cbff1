//! Names for configurations: the values in which they differ, other than the depth.

use crate::axis::axes;
use crate::configuration::Configuration;
use crate::settings::Settings;

/// A label for each configuration. Configurations that differ only in their depth share theirs.
pub(crate) fn labels(settings: &Settings, configurations: &[Configuration]) -> Vec<String> {
    let differs = |position: usize, among: &dyn Fn(&Configuration) -> bool| {
        let mut values =
            configurations.iter().filter(|c| among(c)).map(|configuration| &configuration.values[position]);
        let first = values.next();
        values.any(|value| Some(value) != first)
    };
    let grouped = !settings.group.is_empty();
    let label = |configuration: &Configuration| {
        let group = |other: &Configuration| other.group == configuration.group;
        let parts =
            axes().iter().enumerate().filter(|(position, axis)| axis.name != "depth" && differs(*position, &group));
        let parts = parts.filter_map(|(position, axis)| part(axis.name, axis.default, &configuration.values[position]));
        let parts: Vec<String> = configuration.group.iter().filter(|_| grouped).cloned().chain(parts).collect();
        if parts.is_empty() { configuration.value("activation").to_owned() } else { parts.join(", ") }
    };
    configurations.iter().map(label).collect()
}

/// A value in words; `None` for one that says that there is nothing.
fn part(name: &str, default: &str, value: &str) -> Option<String> {
    let absent = value == default && (value == "0" || value.parse::<f64>().is_err());
    match name {
        "activation" => Some(value.to_owned()),
        _ if absent => None,
        _ => Some(format!("{} {value}", name.replace('_', " "))),
    }
}
