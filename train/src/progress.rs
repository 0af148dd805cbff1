//! Progress of a training run: a bar on a terminal, lines elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::state::EpochReport;

/// The units of the bar per epoch.
const UNITS: u64 = 1000;

pub(crate) struct Bar {
    bar: ProgressBar,
    plain: bool,
    shown: Cell<u64>,
}

impl Bar {
    pub(crate) fn new(quiet: bool, epochs: u64) -> Self {
        let terminal = stderr().is_terminal();
        let target = if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(epochs.saturating_mul(UNITS)), target);
        let template = "{bar:30} {percent:>3} % {elapsed} (ETA {eta}) {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if terminal && !quiet {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Bar { bar, plain: !terminal && !quiet, shown: Cell::new(0) }
    }

    /// Shows that `samples` of the `total` samples of an epoch are done.
    pub(crate) fn step(&self, epoch: u64, samples: usize, total: usize, loss: f64) {
        if self.bar.is_hidden() {
            return;
        }
        let done = (samples as f64 / total.max(1) as f64 * UNITS as f64) as u64;
        let position = epoch.saturating_mul(UNITS).saturating_add(done);
        if position != self.shown.replace(position) {
            let all_samples = samples as f64 + epoch as f64 * total as f64;
            let rate = all_samples / self.bar.elapsed().as_secs_f64().max(1e-9);
            self.bar.set_message(format!("epoch {epoch}, loss {loss:.4}, {rate:.0} samples/s"));
            self.bar.set_position(position);
        }
    }

    /// Shows the results of an epoch.
    pub(crate) fn epoch(&self, report: &EpochReport) {
        if self.plain {
            let metrics: String = report.metrics.iter().map(|(name, value)| format!(", {name} {value:.4}")).collect();
            eprintln!("epoch {}: loss {:.4}{metrics}", report.epoch, report.loss);
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
