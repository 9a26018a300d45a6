//! A journal in a file: one line of text for each step, appended and flushed to the disk before the
//! step is taken.
//!
//! Each line ends with the first 8 bytes of SHA-256 over the line before's and its own text, in
//! hexadecimal. A last line without its line feed was never finished, so the step that it speaks of was
//! never taken: it is cut off. Anything else that does not fit is damage, and damage is refused.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use ward_core::RoundId;

use super::identity::Roster;
use super::journal::{Journal, JournalError, Line, Remembered, Step};

/// A journal that outlives the process. One process holds it at a time.
pub struct FileJournal {
    file: File,
    path: PathBuf,
    known: BTreeMap<(String, RoundId), Remembered>,
    last: [u8; 8],
    /// Whether a write has failed, so that nobody knows what the file holds.
    broken: bool,
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

impl FileJournal {
    /// Begins a journal for this epoch of a federation: once, when the hospital joins it.
    ///
    /// # Errors
    /// [`NoJournal`] where there is one already, or the disk refuses.
    pub fn create(path: &Path, roster: &Roster) -> Result<Self, NoJournal> {
        let io = |source| failed(path, source);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        let file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => NoJournal::Exists(path.to_owned()),
            _ => io(error),
        })?;
        let mut journal = Self::empty(file, path)?;
        journal.append(&heading(roster)).map_err(io)?;
        // The folder's entry must survive a loss of power too.
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(io)?;
        folder.sync_all().map_err(io)?;
        Ok(journal)
    }

    /// Opens the journal of this epoch of a federation.
    ///
    /// # Errors
    /// [`NoJournal`] where it is missing, in use, of another epoch or damaged.
    pub fn open(path: &Path, roster: &Roster) -> Result<Self, NoJournal> {
        let io = |source| failed(path, source);
        let opened = OpenOptions::new().read(true).append(true).open(path);
        let file = opened.map_err(|error| match error.kind() {
            ErrorKind::NotFound => NoJournal::Missing(path.to_owned()),
            _ => io(error),
        })?;
        let mut journal = Self::empty(file, path)?;
        let mut bytes = Vec::new();
        journal.file.seek(SeekFrom::Start(0)).map_err(io)?;
        journal.file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes
            .iter()
            .rposition(|&byte| byte == b'\n')
            .map_or(0, |at| at + 1);
        for (number, line) in bytes[..whole]
            .split_inclusive(|&byte| byte == b'\n')
            .enumerate()
        {
            let line = str::from_utf8(line)
                .ok()
                .and_then(|line| journal.checked(line));
            let understood = match (number, line) {
                (_, None) => false,
                (0, Some(text)) if text == heading(roster) => true,
                (0, Some(_)) => return Err(NoJournal::OtherEpoch(path.to_owned())),
                (_, Some(text)) => parse(text).is_some_and(|line| journal.learn(&line)),
            };
            if !understood {
                return Err(NoJournal::Damaged {
                    path: path.to_owned(),
                    line: number + 1,
                });
            }
        }
        if whole == 0 {
            // Not even its heading was finished.
            return Err(NoJournal::Missing(path.to_owned()));
        }
        if whole < bytes.len() {
            journal.file.set_len(whole as u64).map_err(io)?;
            journal.file.sync_all().map_err(io)?;
        }
        Ok(journal)
    }

    fn empty(file: File, path: &Path) -> Result<Self, NoJournal> {
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(NoJournal::InUse(path.to_owned()));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(path, error)),
        }
        Ok(Self {
            file,
            path: path.to_owned(),
            known: BTreeMap::new(),
            last: [0; 8],
            broken: false,
        })
    }

    fn seal(&self, text: &str) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(self.last);
        hash.update(text);
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        [a, b, c, d, e, f, g, h]
    }

    fn append(&mut self, text: &str) -> std::io::Result<()> {
        let seal = self.seal(text);
        let line = format!("{text} {}\n", hex::encode(seal));
        self.broken = true;
        self.file.write_all(line.as_bytes())?;
        self.file.sync_all()?;
        self.broken = false;
        self.last = seal;
        Ok(())
    }

    /// The text of a whole line whose seal is right.
    fn checked<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let (text, seal) = line.strip_suffix('\n')?.rsplit_once(' ')?;
        let expected = self.seal(text);
        if seal != hex::encode(expected) {
            return None;
        }
        self.last = expected;
        Some(text)
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
        if self.broken {
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
        let written = self.append(&text(&line));
        written.map_err(|error| JournalError(format!("{}: {error}", self.path.display())))?;
        self.known.insert(key, after);
        Ok(())
    }
}

fn failed(path: &Path, source: std::io::Error) -> NoJournal {
    NoJournal::Io {
        path: path.to_owned(),
        source,
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
