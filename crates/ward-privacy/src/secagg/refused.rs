//! Why a node goes no further with a session. It has wiped what it knew, and nothing secret was sent.

use ward_core::NodeId;

use super::journal::JournalError;

/// A refusal: its sentence is what the hospital reports when it declines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The cohort is not one that sums can be taken over.
    #[error("the cohort has {0} nodes, and secure aggregation needs 3 to 1000 in ascending order")]
    Cohort(usize),
    /// The node itself, or its key, is not as its roster says.
    #[error("this node is not in the cohort and the roster with the key that it has")]
    NotMe,
    /// Somebody is not in the roster.
    #[error("node {0} of the cohort is not in this hospital's roster")]
    Stranger(NodeId),
    /// The session is about another federation or roster.
    #[error("the session names another roster than this hospital's")]
    OtherRoster,
    /// Sums over too few nodes are asked for.
    #[error("the sum may be over {asked} hospitals, and this hospital asks for {least} at least")]
    TooFewAsked {
        /// What the order allows.
        asked: u32,
        /// What the hospital's policy demands.
        least: u32,
    },
    /// More survivors are asked for than there are nodes.
    #[error("the sum is to be over {asked} hospitals of {cohort}")]
    TooManyAsked {
        /// What the order demands.
        asked: u32,
        /// The cohort.
        cohort: usize,
    },
    /// The sum could wrap.
    #[error("the sum of all updates does not fit the ring")]
    Headroom,
    /// J1: the attempt, or a later one, has begun before.
    #[error("attempt {attempt} at this round is not new: {latest} has begun before")]
    NotNew {
        /// What was asked for.
        attempt: u32,
        /// The latest that is known.
        latest: u32,
    },
    /// J3: the round has been revealed.
    #[error("this hospital has already revealed its shares of this round")]
    AlreadyRevealed,
    /// J2: another consent, or another attempt, stands in the journal.
    #[error("the journal does not allow this step of this attempt")]
    OutOfTurn,
    /// The journal cannot be read or written.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// A list is not in ascending order, or holds a node twice.
    #[error("a list of nodes is not in ascending order without doubles")]
    NotAscending,
    /// A list holds a node that the one before did not.
    #[error("node {0} is in a list, but not in the one before it")]
    Unknown(NodeId),
    /// The node itself is missing from a list, or is there with other keys.
    #[error("this hospital is missing from a list, or stands there with other keys")]
    SelfMissing,
    /// Too few are left.
    #[error("{left} hospitals are left, and {needed} are needed")]
    TooFew {
        /// Still there.
        left: usize,
        /// The least.
        needed: usize,
    },
    /// Too few of the node's neighbours are left to restore what it shares.
    #[error("{left} holders of this hospital's shares are left, and {needed} are needed")]
    TooFewNeighbours {
        /// Still there, the node itself included.
        left: usize,
        /// The threshold.
        needed: usize,
    },
    /// A signature is not its node's.
    #[error("the signature of node {0} is wrong")]
    Signature(NodeId),
    /// Two nodes have the same fresh key, or one uses one key for both purposes.
    #[error("node {0} has a key that is there already")]
    SameKey(NodeId),
    /// A key of low order.
    #[error("node {0} has a key of low order")]
    LowOrder(NodeId),
    /// The graph is drawn where everybody is everybody's neighbour, or the other way round.
    #[error("the graph of this session is drawn otherwise")]
    OtherGraph,
    /// What a node shows is not what it committed to for the drawing of the graph.
    #[error("node {0} did not keep its word about the drawing of the graph")]
    Draw(NodeId),
    /// Parts in drawing the graph are missing, or from others than those who offered keys.
    #[error("the parts in drawing the graph are not one from each who offered keys")]
    Openings,
    /// Envelopes are missing, or from others than the neighbours.
    #[error("the envelopes are not one from each neighbour that is left")]
    Envelopes,
    /// An envelope was not sealed by its sender for this node in this session.
    #[error("the envelope from node {0} does not open")]
    Sealed(NodeId),
    /// An envelope's shares are not the ones committed to.
    #[error("the shares from node {0} are not the ones that it committed to")]
    Share(NodeId),
    /// The upload is not one of this session.
    #[error("the upload has {got} words, the session {expected}")]
    Length {
        /// Words of the upload.
        got: usize,
        /// Words of the session.
        expected: u64,
    },
    /// The upload's weight is not one that the session allows.
    #[error("the upload's weight is {0}, which the session does not allow")]
    Weight(u64),
    /// The upload's loss is not a number.
    #[error("the upload's loss is not a number")]
    Loss,
    /// Too few survivors consented to the same lists.
    #[error("{valid} hospitals consented to these survivors, and {needed} are needed")]
    Consents {
        /// With a right signature.
        valid: usize,
        /// The least.
        needed: usize,
    },
}

impl Refused {
    /// The node that the refusal says has misbehaved, if it names one. A lying coordinator can have
    /// caused it too.
    #[must_use]
    pub fn accuses(&self) -> Option<NodeId> {
        match self {
            Self::Signature(node)
            | Self::SameKey(node)
            | Self::LowOrder(node)
            | Self::Draw(node)
            | Self::Sealed(node)
            | Self::Share(node) => Some(*node),
            _ => None,
        }
    }
}
