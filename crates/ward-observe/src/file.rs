//! Reading and writing whole files so that a crash leaves the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a file of a run could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was tried: `read`, `write`, `create`.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is there and does not hold what it should.
    #[error("`{}` is damaged: {reason}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// One line of a file with a record on each line is wrong.
    #[error("`{}`, line {line}: {reason}", path.display())]
    BrokenLine {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A number that JSON cannot hold: NaN or an infinity.
    #[error("`{}` cannot hold {what}: a number in it is not finite", path.display())]
    NotFinite {
        /// Where it was to be written.
        path: PathBuf,
        /// What was to be written.
        what: String,
    },
    /// The folder does not hold a run.
    #[error("`{}` is not a run directory: it has no `manifest.json`, `events.jsonl` or `config.resolved.toml`", path.display())]
    NotARun {
        /// Which folder.
        path: PathBuf,
    },
    /// A hundred runs already have that name.
    #[error("no free name for `{slug}` under `{}`: remove some old runs", root.display())]
    NoFreeName {
        /// The name wanted.
        slug: String,
        /// Under which folder.
        root: PathBuf,
    },
}

impl FileError {
    /// Says what was being done on which path when the system refused.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    /// The file holds something else than it should.
    pub(crate) fn broken(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::Broken {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Whether it says that the file does not exist.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Writes a whole file: a neighbour first, synced to disk, then renamed over `path`.
///
/// # Errors
/// [`FileError::Io`] when the system refuses.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let neighbour = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = File::create(&neighbour)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&neighbour, path)
    })();
    if written.is_err() {
        // The error that matters is the first one; a neighbour left behind does no harm.
        let _ = fs::remove_file(&neighbour);
    }
    written.map_err(FileError::io("write", path))?;
    sync_folder(path);
    Ok(())
}

/// Makes the rename itself durable, where the system lets a folder be synced.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent()
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

/// All bytes of a file.
///
/// # Errors
/// [`FileError::Io`] when the system refuses.
pub fn read_whole(path: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(path).map_err(FileError::io("read", path))
}

/// A file as text.
///
/// # Errors
/// [`FileError::Io`] when the system refuses, [`FileError::Broken`] when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_whole(path)?)
        .map_err(|_| FileError::broken(path, "it is not UTF-8 text"))
}

/// Writes a value as indented JSON. A file that could not be read back is never written.
///
/// # Errors
/// [`FileError::NotFinite`] when the value holds a NaN or an infinity, [`FileError::Io`].
pub fn write_json<T: Serialize + DeserializeOwned>(
    path: &Path,
    value: &T,
) -> Result<(), FileError> {
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| FileError::broken(path, error))?;
    if serde_json::from_str::<T>(&text).is_err() {
        return Err(FileError::NotFinite {
            path: path.to_owned(),
            what: "this value".to_owned(),
        });
    }
    text.push('\n');
    write_whole(path, text.as_bytes())
}

/// Reads a value from JSON.
///
/// # Errors
/// [`FileError::Io`] or [`FileError::Broken`] with line and column.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    serde_json::from_slice(&read_whole(path)?).map_err(|error| FileError::broken(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_no_neighbour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value.json");
        write_json(&path, &vec![1.5, 2.0]).unwrap();
        write_json(&path, &vec![0.1 + 0.2]).unwrap();
        assert_eq!(read_json::<Vec<f64>>(&path).unwrap(), [0.1 + 0.2]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused_and_the_old_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value.json");
        write_json(&path, &vec![1.0]).unwrap();
        let refused = write_json(&path, &vec![f64::NAN]).unwrap_err();
        assert!(matches!(refused, FileError::NotFinite { .. }));
        assert_eq!(read_json::<Vec<f64>>(&path).unwrap(), [1.0]);
    }

    #[test]
    fn a_missing_and_a_damaged_file_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value.json");
        assert!(read_json::<u32>(&path).unwrap_err().is_missing());
        fs::write(&path, "{\n  oops").unwrap();
        let error = read_json::<u32>(&path).unwrap_err();
        assert!(!error.is_missing());
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
