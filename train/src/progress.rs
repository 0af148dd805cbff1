//! Progress on the terminal, or as plain lines where there is none.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::Epoch;

/// Steps of the bar in an epoch.
const FINE: u64 = 1000;

pub(crate) struct Bar {
    bar: ProgressBar,
    plain: bool,
    shown: Cell<u64>,
}

impl Bar {
    pub(crate) fn new(quiet: bool, epochs: u64) -> Self {
        let terminal = stderr().is_terminal();
        let target = if terminal && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(epochs.saturating_mul(FINE)), target);
        let template = "{bar:30} {percent:>3} % {elapsed} (ETA {eta}) {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        if terminal && !quiet {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        Bar { bar, plain: !terminal && !quiet, shown: Cell::new(0) }
    }

    /// `samples` of `all` of an epoch are done.
    pub(crate) fn step(&self, epoch: u64, samples: usize, all: usize, loss: f64) {
        if self.bar.is_hidden() {
            return;
        }
        let share = (samples as f64 / all.max(1) as f64 * FINE as f64) as u64;
        let position = epoch.saturating_mul(FINE).saturating_add(share);
        if position != self.shown.replace(position) {
            let rate = samples as f64 + epoch as f64 * all as f64;
            let rate = rate / self.bar.elapsed().as_secs_f64().max(1e-9);
            self.bar.set_message(format!("epoch {epoch}, loss {loss:.4}, {rate:.0} samples/s"));
            self.bar.set_position(position);
        }
    }

    /// An epoch is done.
    pub(crate) fn epoch(&self, report: &Epoch) {
        if self.plain {
            let metrics: String = report.metrics.iter().map(|(name, value)| format!(", {name} {value:.4}")).collect();
            eprintln!("epoch {}: loss {:.4}{metrics}", report.epoch, report.loss);
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
