//! What memory this process holds, from `/proc`.

use std::fs;

use anyhow::{Context, Result};

/// Most memory resident since the start or the last [`forget_peak`], in millions of bytes.
pub(crate) fn peak_rss_mb() -> Result<f64> {
    status("VmHWM:")
}

/// Forgets the most so far, and says what is resident now, in millions of bytes.
pub(crate) fn forget_peak() -> Result<f64> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")?;
    rss_mb()
}

/// Memory resident now, in millions of bytes.
pub(crate) fn rss_mb() -> Result<f64> {
    status("VmRSS:")
}

fn status(key: &str) -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(key))
        .with_context(|| format!("no {key}"))?;
    let kib: f64 = line
        .split_whitespace()
        .next()
        .context("no number")?
        .parse()?;
    Ok((kib * 1.024).round() / 1e3)
}
