//! Sweeps that reproduce what is known: settings by name, each a file in this folder.

use crate::error::Error;
use crate::settings::Settings;

/// The presets, the default first.
const PRESETS: [(&str, &str); 1] = [("vanishing-sigmoid", include_str!("vanishing-sigmoid.toml"))];

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
