//! A ledger on disk: one line of JSON for each entry, chained ([`crate::chain`]).

use std::path::{Path, PathBuf};

use super::{Budget, Entry, Keep, Ledger};
use crate::chain::{Begin, Chain, ChainError};

/// The file that a ledger is kept in.
#[derive(Debug)]
pub struct LedgerFile {
    chain: Chain,
}

/// Why a ledger cannot be gone on with. Without one, a hospital releases nothing.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file is not to be had.
    #[error(transparent)]
    File(#[from] ChainError),
    /// A line is whole, and says nothing that this program knows.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl LedgerFile {
    /// The ledger at `path`, with all that was spent in earlier runs; an empty one where there is no
    /// file.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn open(path: &Path, budget: Option<Budget>) -> Result<Ledger, LedgerError> {
        let (chain, lines) = Chain::open(path, Begin::Either)?;
        let mut entries = Vec::with_capacity(lines.len());
        for (number, line) in lines.iter().enumerate() {
            let entry = serde_json::from_str::<Entry>(line);
            entries.push(entry.map_err(|error| LedgerError::Line {
                path: path.to_owned(),
                line: number + 1,
                reason: error.to_string(),
            })?);
        }
        let file = Self { chain };
        Ok(Ledger::within(budget).with_entries(&entries, Box::new(file)))
    }
}

impl Keep for LedgerFile {
    fn keep(&mut self, entry: &Entry) -> Result<(), String> {
        let line = serde_json::to_string(entry).map_err(|error| error.to_string())?;
        self.chain.append(&line).map_err(|error| error.to_string())
    }
}
