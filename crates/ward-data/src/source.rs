//! Where hospitals' rows come from: the role that every scenario and every file format plays.

use std::path::PathBuf;

use ward_core::{Evaluation, NodeId, NodeInfo, RoundId};

use crate::{HospitalData, Rows};

/// A federation's data. Each hospital can be had alone: a node opens its own and no other.
pub trait Source: std::fmt::Debug + Send + Sync {
    /// The word for it: `emr-risk`, `lung-nodule`, `csv`.
    fn id(&self) -> &'static str;

    /// Everyone, ids dense from 0.
    fn roster(&self) -> &[NodeInfo];

    /// Training and test rows of one hospital in one round, without making them.
    fn rows_in(&self, node: NodeId, round: RoundId) -> (u64, u64);

    /// The same in the first round.
    fn rows(&self, node: NodeId) -> (u64, u64) {
        self.rows_in(node, RoundId(0))
    }

    /// Training rows that one hospital has, also those that are never used.
    fn present(&self, node: NodeId) -> u64 {
        self.rows(node).0
    }

    /// Whether rows of patients who do not consent are left out in a hospital.
    fn asks_consent(&self, _node: NodeId) -> bool {
        false
    }

    /// The first round in which hospitals have the same rows as in `round`: always 0 where rows do not
    /// change while a run goes on.
    fn since(&self, _round: RoundId) -> RoundId {
        RoundId(0)
    }

    /// Everything one hospital has in one round.
    ///
    /// # Errors
    /// [`DataError`] when its rows are not to be had.
    fn hospital_in(&self, node: NodeId, round: RoundId) -> Result<HospitalData, DataError>;

    /// The same in the first round.
    ///
    /// # Errors
    /// As [`Self::hospital_in`].
    fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        self.hospital_in(node, RoundId(0))
    }

    /// Rows of the coordinator's own, `rows` of them, made at its own address without wrong labels;
    /// `None` where rows come from files.
    fn root(&self, rows: u64) -> Option<Rows>;

    /// `rows` more rows that are like a hospital's training rows and not among them, for those who ask
    /// whether a model tells them apart; `None` where rows come from files.
    fn held_out(&self, _node: NodeId, _rows: u64) -> Option<Rows> {
        None
    }

    /// The shape of one row.
    fn shape(&self) -> &[usize];

    /// Classes that labels tell apart.
    fn classes(&self) -> usize;

    /// Names of the features; empty for images.
    fn feature_names(&self) -> Vec<String>;

    /// Whether the rows are made by a formula, so that anybody may see them all.
    fn synthetic(&self) -> bool;

    /// The best scores that any model could reach on a hospital's test rows of `round`, in the metrics
    /// for which that is known: exact, or the ideal observer's on the same rows.
    fn ceiling(&self, data: &HospitalData, round: RoundId) -> Evaluation;

    /// The balanced accuracy of a hospital's human reader on such cases, where the rows have one.
    fn reader(&self, _info: &NodeInfo) -> Option<f64> {
        None
    }

    /// What a user should know before trusting the results.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why rows are not to be had. Places are lines and columns as an editor counts them.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}; check data.csv and the folder it is relative to", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file says something that cannot be used.
    #[error("{}, line {line}: {problem}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong there, and what to do.
        problem: String,
    },
    /// A file as a whole cannot be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The federation as a whole cannot be used.
    #[error("{0}")]
    Federation(String),
    /// Nobody of that number is enrolled.
    #[error("there is no hospital {0} in this federation")]
    NoSuchHospital(NodeId),
}

/// One thing that is wrong with a config, and where: `data.emr-risk.amplitude`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the field, below `data`.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    /// A problem at `path`.
    #[must_use]
    pub fn new(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            message: message.into(),
        }
    }
}
