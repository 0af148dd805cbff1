//! Sweeps that reproduce what is known: settings by name, each a file in this folder.

use crate::error::Error;
use crate::settings::Settings;

/// The presets, the default first.
const PRESETS: [(&str, &str); 11] = [
    ("vanishing-sigmoid", include_str!("vanishing-sigmoid.toml")),
    ("glorot-2010", include_str!("glorot-2010.toml")),
    ("he-2015", include_str!("he-2015.toml")),
    ("batch-norm", include_str!("batch-norm.toml")),
    ("whitening", include_str!("whitening.toml")),
    ("deep-information-propagation", include_str!("deep-information-propagation.toml")),
    ("dynamical-isometry", include_str!("dynamical-isometry.toml")),
    ("fixup", include_str!("fixup.toml")),
    ("mup", include_str!("mup.toml")),
    ("mean-field", include_str!("mean-field.toml")),
    ("overfitting", include_str!("overfitting.toml")),
];

impl Settings {
    /// The names of the presets, the default first.
    pub fn presets() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, _)| *name)
    }

    /// The preset with this name.
    ///
    /// # Errors
    /// An unknown name.
    pub fn preset(name: &str) -> Result<Self, Error> {
        let text = PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let names = || Settings::presets().collect::<Vec<_>>().join(", ");
        Settings::from_toml(text.ok_or_else(|| Error::Setting(format!("--preset {name}: must be one of {}", names())))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_can_be_read_and_written() {
        for name in Settings::presets() {
            let settings = Settings::preset(name).unwrap();
            assert_eq!(Settings::from_toml(&settings.to_toml().unwrap()).unwrap(), settings, "{name}");
            assert!(!settings.title.is_empty() && !settings.description.is_empty(), "{name}");
        }
    }
}
