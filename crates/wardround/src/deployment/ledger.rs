//! A hospital's own ledger of what left it, and the search for its rows in that.
//!
//! One line of JSON for each message, written before the message leaves: a process that is killed
//! has lost none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ward_data::Rows;
use ward_net::Egress;
use ward_observe::view::Audit;
use ward_privacy::RowScanner;

use crate::codes::Code;
use crate::failure::Failure;

/// One message that left the hospital: a line of `NAME.ledger.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `upload`, `evaluation`, `tensor`, `progress` and so on.
    pub kind: String,
    /// Its bytes.
    pub bytes: u64,
    /// Tensors that begin in it.
    pub tensors: u32,
    /// Training rows searched for in it.
    pub rows: u64,
    /// How many were found. Anything but 0 is a leak.
    pub found: u64,
}

/// Counts and searches every message before it leaves.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    scanner: RowScanner,
}

/// Where the ledger of the hospital `name` is.
#[must_use]
pub fn ledger_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.ledger.jsonl"))
}

impl Ledger {
    /// A ledger in `folder` for the hospital `name`; one of an earlier start is gone on with.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(folder: &Path, name: &str, rows: &Rows) -> Result<Self, Failure> {
        let path = ledger_path(folder, name);
        let open = || {
            fs::create_dir_all(folder)?;
            OpenOptions::new().create(true).append(true).open(&path)
        };
        let file = open().map_err(|error| {
            Failure::new(
                Code::CannotWrite,
                format!("cannot write `{}`", path.display()),
            )
            .caused_by(error)
        })?;
        Ok(Self {
            file,
            scanner: RowScanner::new(&rows.features, rows.width()),
        })
    }
}

impl Egress for Ledger {
    fn sent(&mut self, kind: &str, bytes: &[u8], tensors: u32) {
        let found = self.scanner.found_in(bytes);
        if found > 0 {
            tracing::error!(kind, found, "a message holds training rows");
        }
        let entry = Entry {
            kind: kind.to_owned(),
            bytes: bytes.len() as u64,
            tensors,
            rows: self.scanner.rows(),
            found,
        };
        let line = serde_json::to_string(&entry).unwrap_or_default() + "\n";
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            tracing::warn!(%error, "the ledger cannot be written");
        }
    }
}

/// What a ledger comes to; a line that a crash tore is left out.
///
/// # Errors
/// When it cannot be read.
pub fn audit(path: &Path) -> io::Result<Audit> {
    let mut audit = Audit::default();
    for line in BufReader::new(File::open(path)?).lines() {
        if let Ok(entry) = serde_json::from_str::<Entry>(&line?) {
            audit.messages += 1;
            audit.bytes += entry.bytes;
            audit.rows = entry.rows;
            audit.found += entry.found;
        }
    }
    Ok(audit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_outlives_its_process_and_finds_a_row() {
        let folder = tempfile::tempdir().unwrap();
        let features: Vec<f32> = (0..8).map(|i| i as f32 + 0.5).collect();
        let rows = Rows {
            shape: vec![4],
            features: features.clone(),
            labels: vec![0, 1],
        };
        let mut ledger = Ledger::create(folder.path(), "a", &rows).unwrap();
        ledger.sent("upload", &[1, 2, 3], 1);
        drop(ledger);
        let path = ledger_path(folder.path(), "a");
        let mut torn = OpenOptions::new().append(true).open(&path).unwrap();
        torn.write_all(b"{\"kind\":\"up\n").unwrap();
        let mut ledger = Ledger::create(folder.path(), "a", &rows).unwrap();
        let row: Vec<u8> = features[4..].iter().flat_map(|v| v.to_le_bytes()).collect();
        ledger.sent("tensor", &[b"xx", row.as_slice()].concat(), 0);
        let audit = audit(&path).unwrap();
        assert_eq!(
            (audit.messages, audit.bytes, audit.rows, audit.found),
            (2, 21, 2, 1)
        );
    }
}
