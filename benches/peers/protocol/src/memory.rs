//! The peak of memory.

use anyhow::{Context, Result};

/// The most memory that the process has had resident, in KiB (`VmHWM`).
pub(crate) fn peak() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    line.split_whitespace().next().context("an empty VmHWM")?.parse().context("VmHWM")
}
