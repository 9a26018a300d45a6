//! Rows seen through features that a frozen part of a model makes of them.

use std::fmt::Debug;
use std::sync::Arc;

use ward_core::{Evaluation, NodeId, NodeInfo, RoundId};

use crate::source::{DataError, Source};
use crate::{HospitalData, Rows};

/// Makes features of rows: the part of a model that no hospital changes.
pub trait Embedding: Debug + Send + Sync {
    /// Features of a row.
    fn width(&self) -> usize;

    /// The features of `rows`, with their labels.
    ///
    /// # Errors
    /// [`DataError`] when the rows are not of the kind that it reads.
    fn embed(&self, rows: &Rows) -> Result<Rows, DataError>;
}

/// A source whose rows are features of another's.
#[derive(Debug)]
pub(crate) struct Embedded {
    source: Arc<dyn Source>,
    embedding: Arc<dyn Embedding>,
    shape: [usize; 1],
}

impl Embedded {
    pub(crate) fn new(source: Arc<dyn Source>, embedding: Arc<dyn Embedding>) -> Self {
        Self {
            shape: [embedding.width()],
            source,
            embedding,
        }
    }
}

impl Source for Embedded {
    fn id(&self) -> &'static str {
        self.source.id()
    }

    fn roster(&self) -> &[NodeInfo] {
        self.source.roster()
    }

    fn rows_in(&self, node: NodeId, round: RoundId) -> (u64, u64) {
        self.source.rows_in(node, round)
    }

    fn present(&self, node: NodeId) -> u64 {
        self.source.present(node)
    }

    fn since(&self, round: RoundId) -> RoundId {
        self.source.since(round)
    }

    fn hospital_in(&self, node: NodeId, round: RoundId) -> Result<HospitalData, DataError> {
        let data = self.source.hospital_in(node, round)?;
        Ok(HospitalData {
            train: self.embedding.embed(&data.train)?,
            test: self.embedding.embed(&data.test)?,
            ..data
        })
    }

    fn root(&self, rows: u64) -> Option<Rows> {
        self.embedding.embed(&self.source.root(rows)?).ok()
    }

    fn held_out(&self, node: NodeId, rows: u64) -> Option<Rows> {
        self.embedding
            .embed(&self.source.held_out(node, rows)?)
            .ok()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn classes(&self) -> usize {
        self.source.classes()
    }

    fn feature_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn synthetic(&self) -> bool {
        self.source.synthetic()
    }

    /// The best on the rows themselves: features tell no more than those.
    fn ceiling(&self, data: &HospitalData, round: RoundId) -> Evaluation {
        let stored = self.source.hospital_in(data.info.node, round);
        stored.map_or_else(
            |_| Evaluation::default(),
            |stored| self.source.ceiling(&stored, round),
        )
    }

    fn asks_consent(&self, node: NodeId) -> bool {
        self.source.asks_consent(node)
    }

    fn reader(&self, info: &NodeInfo) -> Option<f64> {
        self.source.reader(info)
    }

    fn warnings(&self) -> Vec<String> {
        self.source.warnings()
    }
}
