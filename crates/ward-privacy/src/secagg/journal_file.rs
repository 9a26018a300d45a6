//! A journal in a file: one line of text for each step, [chained](crate::chain), appended and flushed to
//! the disk before the step is taken. A line that does not fit the ones before it, in its seal or by the
//! journal's rules, is damage, and damage is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ward_core::RoundId;

use super::identity::Roster;
use super::journal::{Journal, JournalError, Line, Remembered, Step};
use crate::chain::{Begin, Chain, ChainError};

/// A journal that outlives the process. One process holds it at a time.
pub struct FileJournal {
    chain: Chain,
    path: PathBuf,
    known: BTreeMap<(String, RoundId), Remembered>,
}

/// Why there is no journal. A hospital without one takes part in no masked round (J4).
#[derive(Debug, thiserror::Error)]
pub enum NoJournal {
    /// It should be there.
    #[error(
        "{} is missing: without it this hospital could be made to reveal too much; it may begin a new \
         one when the federation has raised its epoch", .0.display()
    )]
    Missing(PathBuf),
    /// A new one was to be begun where there is one.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Another process has it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// It is of another federation or epoch.
    #[error("{} belongs to another federation or to another epoch of its roster", .0.display())]
    OtherEpoch(PathBuf),
    /// A line does not fit the ones before it.
    #[error("{} is damaged in line {line}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// It cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl From<ChainError> for NoJournal {
    fn from(error: ChainError) -> Self {
        match error {
            ChainError::Missing(path) => Self::Missing(path),
            ChainError::Exists(path) => Self::Exists(path),
            ChainError::InUse(path) => Self::InUse(path),
            ChainError::Damaged { path, line } => Self::Damaged { path, line },
            ChainError::Io { path, source } => Self::Io { path, source },
        }
    }
}

impl FileJournal {
    /// Begins a journal for this epoch of a federation: once, when the hospital joins it.
    ///
    /// # Errors
    /// [`NoJournal`] where there is one already, or the disk refuses.
    pub fn create(path: &Path, roster: &Roster) -> Result<Self, NoJournal> {
        let (mut chain, _) = Chain::open(path, Begin::New)?;
        let begun = chain.append(&heading(roster));
        begun.map_err(|source| NoJournal::Io {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self::of(chain, path))
    }

    /// Opens the journal of this epoch of a federation.
    ///
    /// # Errors
    /// [`NoJournal`] where it is missing, in use, of another epoch or damaged.
    pub fn open(path: &Path, roster: &Roster) -> Result<Self, NoJournal> {
        let (chain, texts) = Chain::open(path, Begin::Old)?;
        let mut journal = Self::of(chain, path);
        let Some((first, steps)) = texts.split_first() else {
            // Not even its heading was finished.
            return Err(NoJournal::Missing(path.to_owned()));
        };
        if *first != heading(roster) {
            return Err(NoJournal::OtherEpoch(path.to_owned()));
        }
        for (number, text) in steps.iter().enumerate() {
            if !parse(text).is_some_and(|line| journal.learn(&line)) {
                return Err(NoJournal::Damaged {
                    path: path.to_owned(),
                    line: number + 2,
                });
            }
        }
        Ok(journal)
    }

    fn of(chain: Chain, path: &Path) -> Self {
        Self {
            chain,
            path: path.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// Enters a line that the rules allow.
    fn learn(&mut self, line: &Line) -> bool {
        let key = (line.job.clone(), line.round);
        let after = Remembered::after(self.known.get(&key).copied(), line);
        let Some(after) = after else {
            return false;
        };
        self.known.insert(key, after);
        true
    }
}

impl Journal for FileJournal {
    fn remembered(
        &mut self,
        job: &str,
        round: RoundId,
    ) -> Result<Option<Remembered>, JournalError> {
        if self.chain.is_broken() {
            return Err(JournalError("a line could not be written".into()));
        }
        Ok(self.known.get(&(job.to_owned(), round)).copied())
    }

    fn record(&mut self, line: Line) -> Result<(), JournalError> {
        let key = (line.job.clone(), line.round);
        let known = self.remembered(&line.job, line.round)?;
        let Some(after) = Remembered::after(known, &line) else {
            return Err(JournalError("the line breaks a rule of the journal".into()));
        };
        let written = self.chain.append(&text(&line));
        written.map_err(|error| JournalError(format!("{}: {error}", self.path.display())))?;
        self.known.insert(key, after);
        Ok(())
    }
}

fn heading(roster: &Roster) -> String {
    let federation = hex::encode(roster.federation().as_bytes());
    format!("fl-secagg/1 journal {federation} {}", roster.epoch())
}

fn text(line: &Line) -> String {
    let step = match line.step {
        Step::Began => "began".to_owned(),
        Step::Consented(survivors) => format!("consented {}", hex::encode(survivors)),
        Step::Revealed => "revealed".to_owned(),
    };
    let job = hex::encode(line.job.as_bytes());
    format!("{job} {} {} {step}", line.round.0, line.attempt)
}

fn parse(text: &str) -> Option<Line> {
    let words: Vec<&str> = text.split(' ').collect();
    let [job, round, attempt, ref step @ ..] = words[..] else {
        return None;
    };
    let step = match step {
        ["began"] => Step::Began,
        ["consented", survivors] => Step::Consented(hex::decode(survivors).ok()?.try_into().ok()?),
        ["revealed"] => Step::Revealed,
        _ => return None,
    };
    Some(Line {
        job: String::from_utf8(hex::decode(job).ok()?).ok()?,
        round: RoundId(round.parse().ok()?),
        attempt: attempt.parse().ok()?,
        step,
    })
}
