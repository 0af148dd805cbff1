//! A part of a sweep, so that several machines divide it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::configuration::{Configuration, work};
use crate::error::Error;

/// One of several parts of a sweep, written `2/3`: the second of three. The parts are disjoint, and together the whole sweep.
///
/// ```
/// use sweep::Shard;
///
/// let shard: Shard = "2/3".parse()?;
/// assert_eq!((shard.index(), shard.count(), shard.to_string()), (2, 3, "2/3".to_owned()));
/// assert!("4/3".parse::<Shard>().is_err());
/// # Ok::<(), sweep::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// Which part it is, counted from 1.
    pub fn index(self) -> usize {
        self.index
    }

    /// The number of parts.
    pub fn count(self) -> usize {
        self.count
    }

    /// The configurations of this part, in their order. Each, the largest first, goes to the part that has least to compute.
    pub(crate) fn of(self, configurations: Vec<Configuration>) -> Result<Vec<Configuration>, Error> {
        let all = configurations.len();
        if self.count > all {
            return Err(Error::Setting(format!(
                "--shard {self}: the sweep has {all} configurations, and at most as many parts"
            )));
        }
        let mut sizes = Vec::with_capacity(all);
        for (position, configuration) in configurations.iter().enumerate() {
            sizes.push((work(&configuration.blueprint::<f64>()?), position));
        }
        sizes.sort_by_key(|&(work, position)| (std::cmp::Reverse(work), position));
        let mut loads = vec![0; self.count];
        let mut part_of = vec![0; all];
        for (work, position) in sizes {
            let least = (0..self.count).min_by_key(|&part| loads[part]).unwrap_or(0);
            loads[least] += work;
            part_of[position] = least;
        }
        let own = configurations.into_iter().zip(part_of).filter(|&(_, part)| part + 1 == self.index);
        Ok(own.map(|(configuration, _)| configuration).collect())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parts = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match parts {
            Some((index, count)) if (1..=count).contains(&index) => Ok(Shard { index, count }),
            _ => Err(Error::Setting(format!("--shard {text}: must be like 2/3, the second of three parts"))),
        }
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn parts_are_disjoint_make_up_the_sweep_and_have_similar_work() {
        let settings = Settings::default().with("depth", "1,2,3,5,8,13,21,34,55,89").unwrap();
        let settings = settings.with("activation", "sigmoid,relu,tanh").unwrap();
        let all = settings.configurations(false);
        for count in [1, 2, 3, 7, 30] {
            let mut found = Vec::new();
            let mut loads = Vec::new();
            for index in 1..=count {
                let own = Shard { index, count }.of(all.clone()).unwrap();
                assert!(own.windows(2).all(|pair| pair[0].index < pair[1].index));
                loads.push(own.iter().map(|one| work(&one.blueprint::<f64>().unwrap())).sum::<u64>());
                found.extend(own);
            }
            found.sort_by_key(|configuration| configuration.index);
            assert_eq!(found, all, "{count} parts");
            let largest = all.iter().map(|one| work(&one.blueprint::<f64>().unwrap())).max().unwrap();
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            assert!(most - least <= largest, "{loads:?}");
        }
        let error = Shard { index: 1, count: 31 }.of(all).unwrap_err().to_string();
        assert!(error.contains("--shard 1/31: the sweep has 30 configurations"), "{error}");
    }

    #[test]
    fn what_is_no_part_is_refused() {
        for text in ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3/2", "a/b", "1.5/2"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("the second of three parts"), "{text}: {error}");
        }
    }
}
