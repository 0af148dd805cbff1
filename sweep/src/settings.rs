//! The settings of a sweep: lists of values for axes, which command lines and TOML files give.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::axis::{AxisEntry, axes};
use crate::configuration::Configuration;
use crate::error::Error;
use crate::lists::Lists;
use crate::measure::Spectrum;
use crate::results::Results;
use crate::shard::Shard;
use crate::stop::Stop;
use crate::sweep::sweep;

/// What is swept. The product of the lists is run, once for each seed.
///
/// ```
/// use sweep::Settings;
///
/// let settings = Settings::default().with("depth", "2,4,8")?.with("activation", "relu")?;
/// assert_eq!(Settings::from_toml(&settings.to_toml()?)?, settings);
/// # Ok::<(), sweep::Error>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The title of the report.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What the sweep shows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Networks of each configuration, differing in weights and in the order of the data.
    #[serde(default = "three")]
    pub seeds: usize,
    /// The part of the sweep that is run; `None` is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// What is measured beside the gradient.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spectra: Vec<Spectrum>,
    /// The values of axes; an axis that is not here has its default.
    #[serde(default)]
    pub axes: Lists,
    /// Parts of the sweep, each with its own values of some axes; without any, the sweep is one product.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group: Vec<Group>,
    /// The folder that results are written to.
    #[serde(skip)]
    pub out: PathBuf,
    /// Networks that are run at the same time; `None` is one for each core, as far as memory allows.
    #[serde(skip)]
    pub jobs: Option<usize>,
    /// Whether a sweep that was stopped is continued in its folder.
    #[serde(skip)]
    pub resume: bool,
    /// Whether a sweep that was stopped is dropped from its folder.
    #[serde(skip)]
    pub restart: bool,
    /// Stops the sweep.
    #[serde(skip)]
    pub stop: Stop,
}

/// A part of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name in reports.
    pub name: String,
    /// The values of axes that differ from those of the whole sweep.
    #[serde(default)]
    pub axes: Lists,
}

fn three() -> usize {
    3
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            title: String::new(),
            description: String::new(),
            seeds: three(),
            shard: None,
            spectra: Vec::new(),
            axes: Lists::default(),
            group: Vec::new(),
            out: PathBuf::from("depth-sweep-out"),
            jobs: None,
            resume: false,
            restart: false,
            stop: Stop::default(),
        }
    }
}

/// Settings are equal if they give the same results.
impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        self.to_toml().ok() == other.to_toml().ok()
    }
}

impl Settings {
    /// The same with these values of an axis, separated by commas, instead of those of groups, too.
    ///
    /// # Errors
    /// A name of no axis; a value that is not one of it; a group that is named after the value that it would lose.
    pub fn with(mut self, name: &str, values: &str) -> Result<Self, Error> {
        self.axes.set(name, values.split(',').map(|value| value.trim().to_owned()))?;
        for group in &mut self.group {
            let replaced = group.axes.remove(name);
            if let Some(value) = replaced.iter().find(|value| group.name.contains(value.as_str())) {
                let (option, group) = (name.replace('_', "-"), &group.name);
                return Err(Error::Setting(format!(
                    "--{option} {values}: the group \"{group}\" is named after its {value}"
                )));
            }
        }
        Ok(self)
    }

    /// The same with this folder for results.
    #[must_use]
    pub fn out(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out = folder.into();
        self
    }

    /// Reads settings.
    ///
    /// # Errors
    /// Text that is not TOML, unknown keys, values that are not those of their axis.
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        let settings: Settings = toml::from_str(text).map_err(|error| Error::Setting(one_line(&error.to_string())))?;
        Ok(Settings { out: Settings::default().out, ..settings })
    }

    /// Reads settings from a file.
    ///
    /// # Errors
    /// A file that cannot be read, and those of [`Settings::from_toml`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::at(path))?;
        Settings::from_toml(&text).map_err(|error| Error::Setting(format!("{}: {error}", path.display())))
    }

    /// Writes settings.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_toml(&self) -> Result<String, Error> {
        toml::to_string(self).map_err(|error| Error::Setting(error.to_string()))
    }

    /// Whether values of this axis are given.
    pub(crate) fn sets(&self, name: &str) -> bool {
        self.axes.get(name).is_some() || self.group.iter().any(|group| group.axes.get(name).is_some())
    }

    /// The configurations in the order of results: those of each group, the depth varying fastest. Of layers of the user's,
    /// axes that say what a layer is have one value.
    pub(crate) fn configurations(&self, custom: bool) -> Vec<Configuration> {
        let mut configurations = Vec::new();
        let whole = [Group::default()];
        let groups = if self.group.is_empty() { &whole[..] } else { &self.group };
        for group in groups {
            let name = (!self.group.is_empty()).then(|| group.name.clone());
            for values in self.product(&group.axes, custom) {
                let index = configurations.len();
                configurations.push(Configuration { index, group: name.clone(), custom, values });
            }
        }
        configurations
    }

    /// The configurations of the part that is run.
    pub(crate) fn own_configurations(&self, custom: bool) -> Result<Vec<Configuration>, Error> {
        let all = self.configurations(custom);
        match self.shard {
            Some(shard) => shard.of(all),
            None => Ok(all),
        }
    }

    /// Runs the sweep and writes its files.
    ///
    /// # Errors
    /// Settings that are wrong, data that cannot be read, a folder that cannot be written or that another sweep writes to,
    /// too little memory; [`Error::Stopped`] if the sweep is stopped before its first run is finished.
    pub fn run(&self) -> Result<Results, Error> {
        sweep(self, None)
    }

    /// The values of an axis in a group.
    fn values(&self, own: &Lists, name: &str, default: &str) -> Vec<String> {
        let given = own.get(name).or_else(|| self.axes.get(name)).map(<[String]>::to_vec);
        given.unwrap_or_else(|| default.split(',').map(str::to_owned).collect())
    }

    fn product(&self, own: &Lists, custom: bool) -> Vec<Vec<String>> {
        let list = |axis: &AxisEntry| {
            let mut values = self.values(own, axis.name, axis.default);
            values.truncate(if custom && axis.of_layer { 1 } else { values.len() });
            values
        };
        let lists: Vec<Vec<String>> = axes().iter().map(|axis| list(axis)).collect();
        let mut order: Vec<usize> = (0..axes().len()).filter(|&k| axes()[k].name != "depth").collect();
        order.extend(axes().iter().position(|axis| axis.name == "depth"));
        let mut product = vec![vec![String::new(); axes().len()]];
        for axis in order {
            let extended = product.iter().flat_map(|values| {
                lists[axis].iter().map(move |value| {
                    let mut values = values.clone();
                    values[axis].clone_from(value);
                    values
                })
            });
            product = extended.collect();
        }
        product
    }
}

/// A message on one line.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
