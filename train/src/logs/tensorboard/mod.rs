//! Event files for TensorBoard, which joins all files in a folder.

mod records;

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use autodiff::Error;
use nn::io::replace;

use self::records::{Event, START, SessionLog, Summary, Value};
use crate::state::EpochReport;

/// The tag of the first scalar of each row, which tells the rows of this crate from those of other programs.
const LOSS: &str = "loss";

/// The scalars of one epoch: tags and bits.
type Row = Vec<(String, u32)>;

/// The event files of a run, in a folder. Each process writes its own file, which it creates for its first row.
pub(super) struct EventFiles {
    folder: PathBuf,
    /// The rows in the folder by epoch, once it has been read.
    rows: Option<BTreeMap<i64, Row>>,
    file: Option<(PathBuf, File)>,
}

impl EventFiles {
    pub(super) fn new(folder: &Path) -> Self {
        EventFiles { folder: folder.to_owned(), rows: None, file: None }
    }

    /// Writes the epochs that are not in the folder. Where it has other rows for an epoch, TensorBoard is told to discard those, and
    /// all later ones.
    pub(super) fn write(&mut self, history: &[EpochReport]) -> Result<(), Error> {
        let rows = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert(read_rows(&self.folder).map_err(|error| failed(&self.folder, &error))?),
        };
        let mut bytes = Vec::new();
        for report in history {
            let (step, row) = row_of(report);
            if rows.get(&step) == Some(&row) {
                continue;
            }
            let event = Event { wall_time: now(), step, ..Event::default() };
            if !rows.split_off(&step).is_empty() {
                let session_log = Some(SessionLog { status: START });
                records::append(&mut bytes, &Event { session_log, ..event.clone() });
            }
            let value = |(tag, bits): &(String, u32)| Value { tag: tag.clone(), simple_value: f32::from_bits(*bits) };
            let summary = Some(Summary { value: row.iter().map(value).collect() });
            records::append(&mut bytes, &Event { summary, ..event });
            rows.insert(step, row);
        }
        self.append(&bytes)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        if let Some((path, file)) = &mut self.file {
            return file.write_all(bytes).map_err(|error| failed(path, &error));
        }
        fs::create_dir_all(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let wall_time = now();
        let path = self.folder.join(format!("events.out.tfevents.{wall_time:.6}.{}", std::process::id()));
        let mut first = Vec::new();
        let file_version = Some("brain.Event:2".to_owned());
        records::append(&mut first, &Event { wall_time, file_version, ..Event::default() });
        first.extend_from_slice(bytes);
        // The file is renamed once its first row is written, so that a kill leaves no empty event file. Its first name is always
        // the same, so that the next process replaces what a kill left there.
        let unnamed = self.folder.join(".first-row");
        replace(&unnamed, |file| file.write_all(&first))?;
        let named = fs::rename(&unnamed, &path).and_then(|()| OpenOptions::new().append(true).open(&path));
        self.file = Some((path.clone(), named.map_err(|error| failed(&path, &error))?));
        Ok(())
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    Error::File { path: path.to_owned(), reason: error.to_string() }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

fn row_of(report: &EpochReport) -> (i64, Row) {
    let scalars =
        std::iter::once((LOSS, report.loss)).chain(report.metrics.iter().map(|(name, x)| (name.as_str(), *x)));
    let row = scalars.map(|(tag, value)| (tag.to_owned(), (value as f32).to_bits())).collect();
    (i64::try_from(report.epoch).unwrap_or(i64::MAX), row)
}

/// The rows of this crate in the event files of a folder, as TensorBoard shows them: the last of each epoch, without those
/// discarded.
fn read_rows(folder: &Path) -> io::Result<BTreeMap<i64, Row>> {
    let mut rows = BTreeMap::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(rows),
        entries => entries?,
    };
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let is_events = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().contains("tfevents"));
    paths.retain(|path| is_events(path) && path.is_file());
    // By the time in their names, in which order TensorBoard reads them.
    paths.sort();
    for path in paths {
        for event in records::read(BufReader::new(File::open(path)?)) {
            if event.session_log.is_some_and(|log| log.status == START) {
                rows.split_off(&event.step);
            }
            let values = event.summary.map(|summary| summary.value).unwrap_or_default();
            if values.first().is_some_and(|first| first.tag == LOSS) {
                let row = values.into_iter().map(|value| (value.tag, value.simple_value.to_bits())).collect();
                rows.insert(event.step, row);
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests;
