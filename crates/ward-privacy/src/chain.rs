//! A file of lines that can only grow: what must be known after a crash is on the disk before it
//! happens.
//!
//! Each line ends with the first 8 bytes of SHA-256 over the line before's and its own text, in
//! hexadecimal. A last line without its line feed was never finished, so what it speaks of never
//! happened: it is cut off. Anything else that does not fit is damage, and damage is refused. One
//! process holds the file at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// A file of chained lines, open for more.
#[derive(Debug)]
pub(crate) struct Chain {
    file: File,
    last: [u8; 8],
    /// Whether a write has failed, so that nobody knows what the file holds.
    broken: bool,
}

/// Whether the file is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Begin {
    /// It must not be.
    New,
    /// It must be.
    Old,
    /// It may be.
    Either,
}

/// Why there is no such file.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It should be there.
    #[error("{} is missing", .0.display())]
    Missing(PathBuf),
    /// A new one was to be begun where there is one.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// Another process has it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A line does not fit the ones before it.
    #[error("{} is damaged in line {line}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Chain {
    /// Opens the file and reads its lines.
    ///
    /// # Errors
    /// [`ChainError`] where it is there and should not be or the other way round, is in use, damaged, or
    /// the disk refuses.
    pub(crate) fn open(path: &Path, begin: Begin) -> Result<(Self, Vec<String>), ChainError> {
        let io = |source| ChainError::Io {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        // It tells of patients: nobody else on the host reads it.
        options.read(true).append(true).mode(0o600);
        match begin {
            Begin::New => options.create_new(true),
            Begin::Old => &mut options,
            Begin::Either => options.create(true),
        };
        let file = options.open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound if begin == Begin::Old => ChainError::Missing(path.to_owned()),
            ErrorKind::AlreadyExists => ChainError::Exists(path.to_owned()),
            _ => io(error),
        })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(ChainError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut chain = Self {
            file,
            last: [0; 8],
            broken: false,
        };
        let mut bytes = Vec::new();
        chain.file.seek(SeekFrom::Start(0)).map_err(io)?;
        chain.file.read_to_end(&mut bytes).map_err(io)?;
        if bytes.is_empty() {
            // The folder's entry must survive a loss of power too.
            let folder = path
                .parent()
                .filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new("."))).map_err(io)?;
            folder.sync_all().map_err(io)?;
        }
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let whole = whole.map_or(0, |at| at + 1);
        let mut texts = Vec::new();
        let lines = bytes[..whole].split_inclusive(|&byte| byte == b'\n');
        for (number, line) in lines.enumerate() {
            let text = str::from_utf8(line)
                .ok()
                .and_then(|line| chain.checked(line));
            texts.push(text.ok_or_else(|| ChainError::Damaged {
                path: path.to_owned(),
                line: number + 1,
            })?);
        }
        if whole < bytes.len() {
            chain.file.set_len(whole as u64).map_err(io)?;
            chain.file.sync_all().map_err(io)?;
        }
        Ok((chain, texts))
    }

    /// Whether a line could not be written, so that nobody knows what the file holds.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// Adds a line, which holds no line feed, and makes it durable.
    ///
    /// # Errors
    /// The system's; from then on every other is refused too.
    pub(crate) fn append(&mut self, text: &str) -> std::io::Result<()> {
        if self.broken {
            let message = "an earlier line could not be written";
            return Err(std::io::Error::other(message));
        }
        let seal = self.seal(text);
        self.broken = true;
        let line = format!("{text} {}\n", hex::encode(seal));
        self.file.write_all(line.as_bytes())?;
        self.file.sync_data()?;
        self.broken = false;
        self.last = seal;
        Ok(())
    }

    fn seal(&self, text: &str) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(self.last);
        hash.update(text);
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        [a, b, c, d, e, f, g, h]
    }

    /// The text of a whole line whose seal is right.
    fn checked(&mut self, line: &str) -> Option<String> {
        let (text, seal) = line.strip_suffix('\n')?.rsplit_once(' ')?;
        let expected = self.seal(text);
        if seal != hex::encode(expected) {
            return None;
        }
        self.last = expected;
        Some(text.to_owned())
    }
}
