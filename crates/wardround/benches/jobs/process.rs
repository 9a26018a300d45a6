//! What this process has cost so far, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Ticks a second of the times in `/proc`: fixed on Linux.
const TICKS: f64 = 100.0;

/// Most memory resident so far, in millions of bytes.
pub(crate) fn peak_rss_mb() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .context("no VmHWM")?;
    let kib: f64 = line
        .split_whitespace()
        .nth(1)
        .context("no number")?
        .parse()?;
    Ok((kib * 1.024).round() / 1e3)
}

/// Processor seconds of all threads so far.
pub(crate) fn cpu_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, rest) = stat.rsplit_once(") ").context("no fields")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field =
        |index: usize| -> Result<f64> { Ok(fields.get(index).context("no time")?.parse::<f64>()?) };
    Ok((field(11)? + field(12)?) / TICKS)
}
