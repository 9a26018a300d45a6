//! What hospitals remember between rounds. It stays there.

use std::fmt;

use crate::{Address, RunId};

/// What a state is for: one kind for each algorithm and personalisation that has state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// FedDyn's `h`: the local gradient at the hospital's last model.
    FedDyn,
    /// SCAFFOLD's `c_k`: the hospital's control variate.
    Scaffold,
    /// The tensors that stay in the hospital: so many numbers.
    Private(usize),
    /// Ditto's `v`: the hospital's own model.
    Ditto,
    /// APFL's `v` and, behind it, its share alpha.
    Apfl,
}

impl StateKind {
    /// The word for it in file names.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FedDyn => "feddyn",
            Self::Scaffold => "scaffold",
            Self::Private(_) => "private",
            Self::Ditto => "ditto",
            Self::Apfl => "apfl",
        }
    }

    /// Numbers in a state of a model of `parameters` numbers.
    #[must_use]
    pub fn numbers(self, parameters: usize) -> usize {
        match self {
            Self::FedDyn | Self::Scaffold | Self::Ditto => parameters,
            Self::Private(numbers) => numbers,
            Self::Apfl => parameters + 1,
        }
    }
}

/// One hospital's state of one kind. It does not print.
#[derive(Clone, PartialEq)]
pub struct NodeState {
    /// What it is for.
    pub kind: StateKind,
    /// [`StateKind::numbers`] numbers.
    pub values: Vec<f32>,
}

impl fmt::Debug for NodeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, numbers) = (self.kind.name(), self.values.len());
        write!(f, "NodeState({kind}, {numbers} values, redacted)")
    }
}

/// Where hospitals' states are kept. Only hospitals at work hold theirs in memory.
pub trait NodeStates: fmt::Debug + Send + Sync {
    /// What the hospital remembered of `run` before the round of `address`; `None` the first time.
    /// Asked for the same round again, it answers the same again.
    ///
    /// # Errors
    /// Why it is not to be had.
    fn recall(
        &self,
        run: RunId,
        address: Address,
        kind: StateKind,
    ) -> Result<Option<NodeState>, String>;

    /// Remembers what came of the round of `address`.
    ///
    /// # Errors
    /// Why it could not be kept.
    fn keep(&self, run: RunId, address: Address, state: &NodeState) -> Result<(), String>;
}
