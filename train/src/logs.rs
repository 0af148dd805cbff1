//! Logs of epochs: a CSV file, and event files for TensorBoard.

use std::fs::{File, create_dir_all};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use autodiff::Error;
use nn::file;
use prost::Message;

use crate::run::Epoch;

pub(crate) struct Logs {
    csv: Option<PathBuf>,
    events: Option<Events>,
}

impl Logs {
    pub(crate) fn open(csv: Option<&Path>, tensorboard: Option<&Path>) -> Result<Self, Error> {
        Ok(Logs { csv: csv.map(Path::to_owned), events: tensorboard.map(Events::create).transpose()? })
    }

    /// Takes note of the last epoch. The CSV file is written whole: a run that was killed behind an epoch and does that again
    /// leaves no row twice.
    pub(crate) fn write(&mut self, history: &[Epoch]) -> Result<(), Error> {
        if let Some(path) = &self.csv {
            file::replace(path, |file| Ok(rows(file, history)?))?;
        }
        if let (Some(events), Some(last)) = (&mut self.events, history.last()) {
            events.write(last)?;
        }
        Ok(())
    }
}

fn rows(file: &mut dyn file::Sink, history: &[Epoch]) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_writer(file);
    let names = history.first().map(|epoch| epoch.metrics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    let header = ["epoch".to_owned(), "loss".to_owned()].into_iter().chain(names.unwrap_or_default());
    table.write_record(header)?;
    for epoch in history {
        let values = epoch.metrics.iter().map(|(_, value)| value.to_string());
        table.write_record([epoch.epoch.to_string(), epoch.loss.to_string()].into_iter().chain(values))?;
    }
    table.flush()?;
    Ok(())
}

/// TensorBoard's records: `tensorflow/core/util/event.proto` and `summary.proto`, the fields that scalars need.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, tag = "2")]
    simple_value: f32,
}

/// An event file; a run that goes on begins another one, which TensorBoard joins to the first.
struct Events {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Events {
    fn create(folder: &Path) -> Result<Self, Error> {
        let now = now();
        let path = folder.join(format!("events.out.tfevents.{:.6}.{}", now, std::process::id()));
        let made = || {
            create_dir_all(folder)?;
            let mut file = BufWriter::new(File::create(&path)?);
            record(
                &mut file,
                &Event { wall_time: now, step: 0, file_version: Some("brain.Event:2".into()), summary: None },
            )?;
            Ok(file)
        };
        let file =
            made().map_err(|error: std::io::Error| Error::File { path: path.clone(), reason: error.to_string() })?;
        Ok(Events { path, file })
    }

    fn write(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let scalar = |tag: &str, value: f64| Value { tag: tag.to_owned(), simple_value: value as f32 };
        let metrics = epoch.metrics.iter().map(|(name, value)| scalar(name, *value));
        let value = std::iter::once(scalar("loss", epoch.loss)).chain(metrics).collect();
        let (step, summary) = (epoch.epoch as i64, Some(Summary { value }));
        let written = record(&mut self.file, &Event { wall_time: now(), step, file_version: None, summary });
        written.map_err(|error| Error::File { path: self.path.clone(), reason: error.to_string() })
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// A record of the TFRecord format: length and content, each with its masked CRC-32C.
fn record(file: &mut impl Write, event: &Event) -> std::io::Result<()> {
    let masked = |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let content = event.encode_to_vec();
    let length = (content.len() as u64).to_le_bytes();
    for part in [&length[..], &masked(&length), &content, &masked(&content)] {
        file.write_all(part)?;
    }
    file.flush()
}
