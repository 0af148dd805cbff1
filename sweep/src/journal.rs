//! The finished runs of a sweep on disk: `runs.jsonl`, a line for each, beside the settings in `config.toml`.
//!
//! A line is appended and synced when its run is finished, so a kill loses no finished run. The file is locked while a sweep
//! writes to it.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::results::RunRecord;
use crate::settings::Settings;

const RUNS: &str = "runs.jsonl";
const SETTINGS: &str = "config.toml";

/// The runs on disk, and where each is.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    /// Offset and length of the line of each configuration and seed.
    lines: HashMap<(usize, u64), (u64, usize)>,
    end: u64,
}

impl Journal {
    /// Opens the journal in the folder of the settings; with `resume` it keeps the runs that are there.
    ///
    /// # Errors
    /// A folder that another sweep writes to; one that holds an unfinished sweep, or, with `resume`, a sweep of other
    /// settings; a damaged file; a folder that cannot be written.
    pub(crate) fn open(settings: &Settings, custom: bool) -> Result<Self, Error> {
        let folder = &settings.out;
        fs::create_dir_all(folder).map_err(Error::at(folder))?;
        let path = folder.join(RUNS);
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(Error::at(&path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Setting(format!("--out {}: another sweep writes to this folder", folder.display())));
            }
            // Not every file system has locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let mut journal = Journal::read_lines(file, path)?;
        // A last line that a kill cut off is removed.
        journal.cut()?;
        let text = settings.to_toml()?;
        let config = folder.join(SETTINGS);
        match fs::read_to_string(&config).ok().map(|old| (old == text, Settings::from_toml(&old))) {
            Some((true, _)) if settings.resume => {}
            _ if settings.restart => journal.clear()?,
            Some((false, _)) if settings.resume && !journal.lines.is_empty() => {
                let reason = "holds a sweep of other settings; --config DIR/config.toml continues that";
                return Err(Error::Setting(format!("--resume: {} {reason}", folder.display())));
            }
            Some((_, Ok(old))) if !journal.is_finished(&old, custom) => {
                let reason = "holds an unfinished sweep; --resume continues it, --restart drops it";
                return Err(Error::Setting(format!("--out {}: {reason}", folder.display())));
            }
            _ => journal.clear()?,
        }
        nn::io::replace(&config, |file| file.write_all(text.as_bytes()))?;
        Ok(journal)
    }

    /// Opens the journal and the settings in a folder to read them.
    ///
    /// # Errors
    /// Files that are missing or damaged.
    pub(crate) fn of(folder: &Path) -> Result<(Settings, Self), Error> {
        let settings = Settings::read(&folder.join(SETTINGS))?;
        let path = folder.join(RUNS);
        let file = File::open(&path).map_err(Error::at(&path))?;
        Ok((settings, Journal::read_lines(file, path)?))
    }

    /// Drops all runs.
    fn clear(&mut self) -> Result<(), Error> {
        self.lines.clear();
        self.end = 0;
        self.cut()
    }

    /// Removes what is after the last line.
    fn cut(&self) -> Result<(), Error> {
        self.file.set_len(self.end).map_err(Error::at(&self.path))
    }

    /// Whether all runs of these settings are there, or none is.
    fn is_finished(&self, settings: &Settings, custom: bool) -> bool {
        let configurations = settings.own_configurations(custom).map_or(0, |own| own.len());
        self.lines.is_empty() || self.lines.len() >= configurations * settings.seeds
    }

    /// Notes where the lines are, up to one that has no end.
    fn read_lines(file: File, path: PathBuf) -> Result<Self, Error> {
        let (mut lines, mut end) = (HashMap::new(), 0);
        let failed = |error| Error::at(path.clone())(error);
        let mut reader = BufReader::new(file.try_clone().map_err(failed)?);
        reader.seek(SeekFrom::Start(0)).map_err(failed)?;
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            number += 1;
            let length = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if length == 0 || line.last() != Some(&b'\n') {
                return Ok(Journal { file, path, lines, end });
            }
            let record: RunRecord = serde_json::from_slice(&line)
                .map_err(|error| Error::file(&path, format!("line {number} is damaged: {error}")))?;
            lines.entry((record.configuration, record.seed)).or_insert((end, length));
            end += length as u64;
        }
    }

    /// Whether this run is there.
    pub(crate) fn contains(&self, configuration: usize, seed: u64) -> bool {
        self.lines.contains_key(&(configuration, seed))
    }

    /// Number of runs.
    pub(crate) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Appends runs; when this returns, they are on disk.
    pub(crate) fn append(&mut self, records: &[RunRecord]) -> Result<(), Error> {
        let (mut text, mut lines) = (Vec::new(), Vec::with_capacity(records.len()));
        for record in records {
            let start = text.len();
            serde_json::to_writer(&mut text, record).map_err(|error| Error::file(&self.path, error))?;
            text.push(b'\n');
            lines.push(((record.configuration, record.seed), (self.end + start as u64, text.len() - start)));
        }
        if let Err(error) = self.file.write_all(&text).and_then(|()| self.file.sync_data()) {
            // A part of a line must not stay before the next one; the error that is told is the first.
            let _ = self.cut();
            return Err(Error::at(&self.path)(error));
        }
        self.lines.extend(lines);
        self.end += text.len() as u64;
        Ok(())
    }

    /// The runs of a configuration, in the order of their seeds.
    pub(crate) fn read(&mut self, configuration: usize, seeds: usize) -> Result<Vec<RunRecord>, Error> {
        let mut records = Vec::new();
        for seed in 0..seeds as u64 {
            let Some(&(offset, length)) = self.lines.get(&(configuration, seed)) else { continue };
            let mut line = vec![0; length];
            let read = self.file.seek(SeekFrom::Start(offset)).and_then(|_| self.file.read_exact(&mut line));
            read.map_err(Error::at(&self.path))?;
            records.push(serde_json::from_slice(&line).map_err(|error| Error::file(&self.path, error))?);
        }
        Ok(records)
    }

    /// Removes what a sweep without a finished run has made in its folder.
    pub(crate) fn remove_if_empty(self, folder: &Path) {
        if self.lines.is_empty() {
            // What is in the way stays: nothing of it is ours.
            let _ = fs::remove_file(&self.path);
            let _ = fs::remove_file(folder.join(SETTINGS));
            let _ = fs::remove_dir(folder);
        }
    }
}
