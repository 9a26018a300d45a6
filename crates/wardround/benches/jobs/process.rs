//! What memory this process holds, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Millions of bytes under `key` of the process's status: `VmRSS` is resident now, `VmHWM` was at most.
pub(crate) fn status_mb(key: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))
        .with_context(|| format!("no {key}"))?;
    let kib: f64 = line
        .split_whitespace()
        .next()
        .context("no number")?
        .parse()?;
    Ok((kib * 1.024).round() / 1e3)
}
