//! A run directory: plain files that outlive the program.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use ward_core::{Layout, Params, RoundId};

use crate::file::{FileError, read_json, read_text, write_json, write_whole};
use crate::state_file::save_state;
use crate::tensor_file::{TensorError, save_params};
use crate::{Examination, HospitalCard, Manifest, ResultRow};

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

/// A saved state to go on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The round to go on with.
    pub round: RoundId,
    /// The model: safetensors.
    pub params: PathBuf,
    /// The engine's state: CBOR.
    pub state: PathBuf,
}

/// A readable, sortable name for a run: `2026-11-24T14-00-00_quickstart_a1b2c3`.
///
/// `timestamp` comes from the caller; whatever a file system might refuse becomes `-`.
#[must_use]
pub fn slug(timestamp: &str, name: &str, id: &str) -> String {
    let part = |text: &str, most: usize| {
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() { c } else { '-' }
        };
        let text: String = text.chars().take(most).map(plain).collect();
        text.trim_matches('-').to_owned()
    };
    let parts = [part(timestamp, 19), part(name, 40), part(id, 12)];
    let parts: Vec<_> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    if parts.is_empty() {
        "run".to_owned()
    } else {
        parts.join("_")
    }
}

impl RunDir {
    /// Makes a new folder `root/slug`. Where one is there already, `-2` to `-99` is added: two
    /// runs never share a folder, also when two processes start at once.
    ///
    /// # Errors
    /// [`FileError`] when the system refuses or no name is free.
    pub fn create(root: &Path, slug: &str) -> Result<Self, FileError> {
        fs::create_dir_all(root).map_err(FileError::io("create", root))?;
        for attempt in 1..100 {
            let path = match attempt {
                1 => root.join(slug),
                _ => root.join(format!("{slug}-{attempt}")),
            };
            match fs::create_dir(&path) {
                Ok(()) => {
                    let checkpoints = path.join("checkpoints");
                    fs::create_dir(&checkpoints).map_err(FileError::io("create", &checkpoints))?;
                    return Ok(Self { path });
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(FileError::io("create", &path)(error)),
            }
        }
        Err(FileError::NoFreeName {
            slug: slug.to_owned(),
            root: root.to_owned(),
        })
    }

    /// Opens the folder of a run that has started.
    ///
    /// # Errors
    /// [`FileError::NotARun`] when it holds none of a run's files.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let files = ["manifest.json", "events.jsonl", "config.resolved.toml"];
        if files.iter().any(|file| path.join(file).is_file()) {
            Ok(Self {
                path: path.to_owned(),
            })
        } else {
            Err(FileError::NotARun {
                path: path.to_owned(),
            })
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder's own name.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// Where the events are: `events.jsonl`.
    #[must_use]
    pub fn events_path(&self) -> PathBuf {
        self.path.join("events.jsonl")
    }

    /// Where the metrics are: `metrics.jsonl`.
    #[must_use]
    pub fn metrics_path(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// Where the final model is: `model.safetensors`.
    #[must_use]
    pub fn model_path(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// Where the resolved configuration is: `config.resolved.toml`.
    #[must_use]
    pub fn config_path(&self) -> PathBuf {
        self.path.join("config.resolved.toml")
    }

    /// Where the report is: `report.html`.
    #[must_use]
    pub fn report_path(&self) -> PathBuf {
        self.path.join("report.html")
    }

    /// Saves the resolved configuration.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_config(&self, toml: &str) -> Result<(), FileError> {
        write_whole(&self.config_path(), toml.as_bytes())
    }

    /// The resolved configuration.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn config(&self) -> Result<String, FileError> {
        read_text(&self.config_path())
    }

    /// Saves the manifest.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), FileError> {
        write_json(&self.path.join("manifest.json"), manifest)
    }

    /// The manifest.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn manifest(&self) -> Result<Manifest, FileError> {
        read_json(&self.path.join("manifest.json"))
    }

    /// Saves what is told about the hospitals.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_hospitals(&self, cards: &Vec<HospitalCard>) -> Result<(), FileError> {
        write_json(&self.path.join("hospitals.json"), cards)
    }

    /// What is told about the hospitals.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn hospitals(&self) -> Result<Vec<HospitalCard>, FileError> {
        read_json(&self.path.join("hospitals.json"))
    }

    /// Saves the results.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_results(&self, rows: &Vec<ResultRow>) -> Result<(), FileError> {
        write_json(&self.path.join("results.json"), rows)
    }

    /// The results.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn results(&self) -> Result<Vec<ResultRow>, FileError> {
        read_json(&self.path.join("results.json"))
    }

    /// Where the answers to what was asked of the model are: `examinations.json`.
    #[must_use]
    pub fn examinations_path(&self) -> PathBuf {
        self.path.join("examinations.json")
    }

    /// Saves what was asked of the model.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_examinations(&self, examinations: &Vec<Examination>) -> Result<(), FileError> {
        write_json(&self.examinations_path(), examinations)
    }

    /// What was asked of the model; nothing where there is no such file.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn examinations(&self) -> Result<Vec<Examination>, FileError> {
        match read_json(&self.examinations_path()) {
            Err(error) if error.is_missing() => Ok(Vec::new()),
            read => read,
        }
    }

    /// Saves the final model.
    ///
    /// # Errors
    /// [`TensorError`].
    pub fn write_model(&self, params: &Params, layout: &Layout) -> Result<(), TensorError> {
        save_params(&self.model_path(), params, layout)
    }

    /// Saves the report.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn write_report(&self, html: &str) -> Result<(), FileError> {
        write_whole(&self.report_path(), html.as_bytes())
    }

    /// Saves a model and the state to go on from with round `round`. The state is written last:
    /// a checkpoint without it does not count.
    ///
    /// # Errors
    /// [`TensorError`].
    pub fn write_checkpoint<T: Serialize>(
        &self,
        round: RoundId,
        params: &Params,
        layout: &Layout,
        state: &T,
    ) -> Result<Checkpoint, TensorError> {
        let folder = self.path.join("checkpoints");
        fs::create_dir_all(&folder).map_err(FileError::io("create", &folder))?;
        let checkpoint = self.checkpoint(round);
        save_params(&checkpoint.params, params, layout)?;
        save_state(&checkpoint.state, state)?;
        Ok(checkpoint)
    }

    /// The last round with a whole checkpoint. `None` when there is none.
    ///
    /// # Errors
    /// [`FileError`] when the folder cannot be read.
    pub fn latest_checkpoint(&self) -> Result<Option<Checkpoint>, FileError> {
        let folder = self.path.join("checkpoints");
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(FileError::io("read", &folder))?,
        };
        let mut latest = None;
        for entry in entries {
            let name = entry.map_err(FileError::io("read", &folder))?.file_name();
            let round = name
                .to_str()
                .and_then(|n| n.strip_prefix("state-")?.strip_suffix(".cbor"))
                .and_then(|digits| digits.parse().ok());
            if let Some(round) = round
                && self.checkpoint(RoundId(round)).params.is_file()
            {
                latest = latest.max(Some(round));
            }
        }
        Ok(latest.map(|round| self.checkpoint(RoundId(round))))
    }

    /// The names of the checkpoint of `round`, whether it is there or not.
    #[must_use]
    pub fn checkpoint(&self, round: RoundId) -> Checkpoint {
        let folder = self.path.join("checkpoints");
        Checkpoint {
            round,
            params: folder.join(format!("round-{:04}.safetensors", round.0)),
            state: folder.join(format!("state-{:04}.cbor", round.0)),
        }
    }
}

/// One run as a listing shows it.
#[derive(Debug, Clone)]
pub struct RunSummary {
    /// Its folder.
    pub dir: RunDir,
    /// Its manifest, where that can be read.
    pub manifest: Option<Manifest>,
    /// Its results; empty while it runs.
    pub results: Vec<ResultRow>,
    /// What is wrong with its manifest.
    pub problem: Option<String>,
}

/// All runs under `root`, by name: oldest first. A root that is not there holds no runs.
///
/// # Errors
/// [`FileError`] when the folder cannot be read.
pub fn list(root: &Path) -> Result<Vec<RunSummary>, FileError> {
    let entries = match fs::read_dir(root) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(FileError::io("read", root))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(FileError::io("read", root))?.path());
    }
    paths.sort();
    let dirs = paths.iter().filter_map(|path| RunDir::open(path).ok());
    Ok(dirs
        .map(|dir| {
            let (manifest, problem) = match dir.manifest() {
                Ok(manifest) => (Some(manifest), None),
                Err(error) => (None, Some(error.to_string())),
            };
            RunSummary {
                results: dir.results().unwrap_or_default(),
                dir,
                manifest,
                problem,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests;
