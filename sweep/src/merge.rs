//! Joins the parts of a sweep that were run apart.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::configuration::Configuration;
use crate::error::Error;
use crate::journal::Journal;
use crate::output;
use crate::results::{Results, RunRecord};
use crate::settings::Settings;

/// A folder with a part of a sweep.
struct Part<'f> {
    folder: &'f Path,
    settings: Settings,
    journal: Journal,
}

/// Joins the parts of a sweep, which are in `folders`, and writes the files of the whole sweep to the folder `out`: the same bytes
/// as one run of it writes. `runs.jsonl` alone, in which runs have their wall time, differs. A part is what a run with
/// [`Settings::shard`] leaves, or one that was stopped. With `restart`, an unfinished sweep in `out` is dropped.
///
/// # Errors
/// Folders that hold no sweep, or sweeps of different settings; runs that are missing, or that two folders have with different
/// results; a folder that cannot be written. The message names the folders and the runs. Nothing is written unless all runs are
/// there.
pub fn merge(folders: &[PathBuf], out: &Path, restart: bool) -> Result<Results, Error> {
    let mut parts = folders.iter().map(|folder| part(folder, out)).collect::<Result<Vec<_>, Error>>()?;
    let whole = common_settings(&parts)?;
    let configurations = whole.configurations(false);
    check(&whole, &configurations, &mut parts)?;
    let settings = Settings { out: out.to_owned(), restart, ..whole };
    let mut journal = Journal::open(&settings, false)?;
    for configuration in &configurations {
        journal.append(&runs(configuration, settings.seeds, &mut parts)?)?;
    }
    output::write(&settings, &configurations, &mut journal)
}

fn part<'f>(folder: &'f Path, out: &Path) -> Result<Part<'f>, Error> {
    let (settings, journal) = Journal::of(folder)?;
    if folder.canonicalize().ok() == out.canonicalize().ok() {
        let out = out.display();
        return Err(Error::Setting(format!("--out {out}: is one of the parts; the whole needs a folder of its own")));
    }
    Ok(Part { folder, settings, journal })
}

/// The settings of the whole sweep, which must be those of all parts.
fn common_settings(parts: &[Part<'_>]) -> Result<Settings, Error> {
    let [first, others @ ..] = parts else {
        return Err(Error::Setting("merge: there must be a folder with a part of a sweep".into()));
    };
    let whole = |part: &Part<'_>| Settings { shard: None, ..part.settings.clone() };
    let expected = whole(first).to_toml()?;
    for other in others {
        let found = whole(other).to_toml()?;
        if found != expected {
            let lines = found.lines().chain([""]).zip(expected.lines().chain([""]));
            let (found, expected) = lines.into_iter().find(|(found, expected)| found != expected).unwrap_or_default();
            let (other, first) = (other.folder.display(), first.folder.display());
            return Err(Error::Setting(format!(
                "{other} and {first} hold different sweeps: their settings have `{found}` and `{expected}`"
            )));
        }
    }
    Ok(whole(first))
}

/// Checks that all runs are there, and that no two folders differ in one.
fn check(whole: &Settings, configurations: &[Configuration], parts: &mut [Part<'_>]) -> Result<(), Error> {
    let mut missing = Vec::new();
    for configuration in configurations {
        let found: BTreeSet<u64> =
            runs(configuration, whole.seeds, parts)?.into_iter().map(|record| record.seed).collect();
        let left = (0..whole.seeds as u64).filter(|seed| !found.contains(seed));
        missing.extend(left.map(|seed| (configuration, seed)));
    }
    let Some((configuration, seed)) = missing.first() else { return Ok(()) };
    let (count, all) = (missing.len(), configurations.len() * whole.seeds);
    let mut reasons =
        vec![format!("{count} of {all} runs are missing, the first of {}, seed {seed}", configuration.described())];
    reasons.extend(parts.iter().filter_map(unfinished));
    reasons.extend(absent(parts));
    Err(Error::Setting(reasons.join("; ")))
}

/// What is to be said of a part that is not finished.
fn unfinished(part: &Part<'_>) -> Option<String> {
    let runs = part.settings.own_configurations(false).ok()?.len() * part.settings.seeds;
    let (folder, found) = (part.folder.display(), part.journal.len());
    (found < runs).then(|| format!("{folder} has {found} of its {runs}"))
}

/// What is to be said of shards that are in none of the folders.
fn absent(parts: &[Part<'_>]) -> Vec<String> {
    let given: BTreeSet<_> = parts.iter().filter_map(|part| part.settings.shard).collect();
    let counts: BTreeSet<usize> = given.iter().map(|shard| shard.count()).collect();
    // Of shards of different divisions none needs to be there.
    let (Some(&count), 1) = (counts.first(), counts.len()) else { return Vec::new() };
    let is_given = |index: &usize| given.iter().any(|shard| shard.index() == *index);
    let absent = (1..=count).filter(|index| !is_given(index));
    absent.map(|index| format!("shard {index}/{count} is in none of the folders")).collect()
}

/// The runs of a configuration that the parts have, in the order of their seeds.
fn runs(configuration: &Configuration, seeds: usize, parts: &mut [Part<'_>]) -> Result<Vec<RunRecord>, Error> {
    let mut found: BTreeMap<u64, (RunRecord, &Path)> = BTreeMap::new();
    for part in parts {
        for record in part.journal.read(configuration.index, seeds)? {
            let seed = record.seed;
            match found.entry(seed) {
                Entry::Vacant(entry) => {
                    entry.insert((record, part.folder));
                }
                Entry::Occupied(entry) if !is_same(&entry.get().0, &record)? => {
                    let (one, other) = (entry.get().1.display(), part.folder.display());
                    let run = configuration.described();
                    let reason = format!("{one} and {other} have different results of {run}, seed {seed}");
                    return Err(Error::Setting(reason));
                }
                Entry::Occupied(_) => {}
            }
        }
    }
    Ok(found.into_values().map(|(record, _)| record).collect())
}

/// Whether two runs have the same results, whatever time they took. What is not a number is equal to itself.
fn is_same(one: &RunRecord, other: &RunRecord) -> Result<bool, Error> {
    let text = |record: &RunRecord| {
        serde_json::to_string(&RunRecord { seconds: 0.0, ..record.clone() })
            .map_err(|error| Error::Setting(format!("seed {}: {error}", record.seed)))
    };
    Ok(text(one)? == text(other)?)
}
