//! What a coordinator says of a node whose message it cannot use, and of a session that makes no sum.

use ward_core::{Malformed, NodeId};

/// A node's message is not counted. The others are unharmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("node {node}: {wrong}")]
pub struct Fault {
    /// Whose message.
    pub node: NodeId,
    /// What is wrong with it.
    pub wrong: Wrong,
}

/// What is wrong with a node's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// The node is not asked in this phase.
    #[error("it is not asked in this phase")]
    NotAsked,
    /// An earlier message of the node was at fault.
    #[error("an earlier message of it was at fault")]
    Excluded,
    /// The phase has the node's message already. The first one stands, and the node is not excluded.
    #[error("it has sent this already")]
    Duplicate,
    /// The signature is not the node's.
    #[error("its signature is wrong")]
    Signature,
    /// Another node has one of its keys, or it has one for both purposes.
    #[error("its keys are not its own")]
    SameKey,
    /// One of its keys is of low order.
    #[error("it has a key of low order")]
    LowOrder,
    /// Its part in drawing the graph is not the one that it committed to.
    #[error("it did not keep its word about the drawing of the graph")]
    Draw,
    /// Its envelopes are not one for each neighbour.
    #[error("its envelopes are not one for each neighbour")]
    Envelopes,
    /// Its upload has another length than the session's.
    #[error("its upload has {got} words, the session {expected}")]
    Length {
        /// What arrived.
        got: u64,
        /// What fits.
        expected: u64,
    },
    /// Its words are wider or narrower than the session's.
    #[error("its words have another width than the session's")]
    Width,
    /// Its upload is not the one that it signed.
    #[error("its upload is not the one that it signed")]
    Digest,
    /// It has masks with others than those who shared.
    #[error("it was shown other sharers")]
    Sharers,
    /// What it reveals is not one share, of the right kind, of each node that it holds shares of.
    #[error("it does not reveal the shares that are due")]
    NotDue,
    /// A share is not the one that was committed to.
    #[error("its share of the secret of node {0} is wrong")]
    Share(NodeId),
    /// Its shares fit its commitments and do not restore what it committed to.
    #[error("it dealt shares that do not restore its secret")]
    Dealt,
}

impl Wrong {
    /// Whether the node is left out from here on.
    pub(crate) fn excludes(self) -> bool {
        !matches!(self, Self::NotAsked | Self::Excluded | Self::Duplicate)
    }
}

/// Why a session made no sum. Nothing was revealed that the sum would not have told.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Failure {
    /// The cohort cannot have a session: not 3 to 1000 nodes in ascending order, all in the roster.
    #[error("the cohort is not one that secure aggregation can have")]
    Cohort,
    /// The session names another roster.
    #[error("the session names another roster")]
    OtherRoster,
    /// The graph is drawn where everybody is everybody's neighbour, or the other way round.
    #[error("the graph of this session is drawn otherwise")]
    OtherGraph,
    /// A node has offered keys and then not shown its part in drawing the graph.
    #[error("node {0} did not show its part in drawing the graph")]
    Unopened(NodeId),
    /// Too few nodes are left.
    #[error("{left} hospitals are left after {phase}, and {needed} are needed")]
    BelowThreshold {
        /// The phase that has ended.
        phase: &'static str,
        /// Who is left.
        left: usize,
        /// The least.
        needed: usize,
    },
    /// Too few holders of a node's secret have revealed their shares of it.
    #[error("{got} shares of a secret of node {of} arrived, and {needed} are needed")]
    TooFewShares {
        /// Whose secret.
        of: NodeId,
        /// Shares that arrived.
        got: usize,
        /// The threshold.
        needed: usize,
    },
    /// A node's lie is found only now that the sum depends on it.
    #[error("the sum cannot be unmasked: {0}")]
    Fault(#[from] Fault),
    /// Somebody's words were not those of an update.
    #[error("the sum is not one of sound updates: {0}")]
    Sum(Malformed),
    /// The sum of weights is not one that so many hospitals can have.
    #[error("the weights add up to {0}, which these hospitals cannot have")]
    Weight(u64),
}
