//! The steps of a masked round, between the instruction to train and the sum: what the coordinator
//! asks, and what a node answers. The bytes in them are [`secagg`](crate::secagg)'s.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::NodeId;
use crate::secagg::{
    Consent, DrawOpening, KeyOffer, MaskedUpload, Revelation, ShareOffer, SharesForYou,
};

/// The phases of a masked round, each named for what it collects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskingPhase {
    /// Fresh keys.
    Keys,
    /// Parts in drawing the neighbour graph, where not everybody is everybody's neighbour.
    Openings,
    /// Shares of secrets.
    Shares,
    /// Updates under masks.
    Uploads,
    /// Consent to the survivors.
    Consents,
    /// What unmasks the sum.
    Revelations,
}

impl fmt::Display for MaskingPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keys => "keys",
            Self::Openings => "openings",
            Self::Shares => "shares",
            Self::Uploads => "uploads",
            Self::Consents => "consents",
            Self::Revelations => "revelations",
        })
    }
}

/// What the coordinator asks for in a masked round, after it asked for training.
#[derive(Debug, Clone, PartialEq)]
pub enum MaskingStep {
    /// Open your part in drawing the neighbour graph: all keys are in, and nobody can change theirs.
    Open {
        /// Everybody's keys.
        offers: Arc<Vec<(NodeId, KeyOffer)>>,
    },
    /// Share your secrets among your neighbours.
    Share {
        /// Everybody's keys.
        offers: Arc<Vec<(NodeId, KeyOffer)>>,
        /// Everybody's parts in drawing the graph; none where all are neighbours.
        openings: Arc<Vec<(NodeId, DrawOpening)>>,
    },
    /// Send your update under masks.
    Mask {
        /// The shares that others have for this node.
        shares: SharesForYou,
    },
    /// Confirm that these, and no others, are in the sum.
    Confirm {
        /// Whose uploads arrived, in ascending order.
        survivors: Arc<Vec<NodeId>>,
    },
    /// Reveal what unmasks the sum.
    Reveal {
        /// Everybody's consents.
        consents: Arc<Vec<(NodeId, Consent)>>,
    },
}

/// What a node answers to a [`MaskingStep`]; its keys answer the instruction to train.
#[derive(Debug, Clone, PartialEq)]
pub enum MaskingAnswer {
    /// Its fresh keys.
    Keys(KeyOffer),
    /// Its part in drawing the graph.
    Opening(DrawOpening),
    /// Its shares for its neighbours.
    Shares(ShareOffer),
    /// Its update under masks.
    Upload(MaskedUpload),
    /// Its consent to the survivors.
    Consent(Consent),
    /// The shares that it reveals.
    Revelation(Revelation),
}

impl MaskingStep {
    /// The word for it in ledgers and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::Share { .. } => "share",
            Self::Mask { .. } => "mask",
            Self::Confirm { .. } => "confirm",
            Self::Reveal { .. } => "reveal",
        }
    }
}

impl MaskingAnswer {
    /// The word for it in ledgers and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Keys(_) => "keys",
            Self::Opening(_) => "opening",
            Self::Shares(_) => "shares",
            Self::Upload(_) => "masked-upload",
            Self::Consent(_) => "consent",
            Self::Revelation(_) => "revelation",
        }
    }

    /// The kind of the instruction that asks for it.
    #[must_use]
    pub fn asked_by(&self) -> &'static str {
        match self {
            Self::Keys(_) => "train",
            Self::Opening(_) => "open",
            Self::Shares(_) => "share",
            Self::Upload(_) => "mask",
            Self::Consent(_) => "confirm",
            Self::Revelation(_) => "reveal",
        }
    }
}
