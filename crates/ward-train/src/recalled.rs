//! What one hospital remembers, at work in one round: taken out of its store and put back.

use ward_core::{Address, NodeState, NodeStates, RunId, StateKind, TrainError};

use crate::algorithm::Before;

/// Where a state came from, and goes back to.
pub(crate) struct Recalled<'a> {
    states: &'a dyn NodeStates,
    run: RunId,
    address: Address,
    kind: StateKind,
}

impl<'a> Recalled<'a> {
    /// The place of the hospital's state of `kind`, and the state; `None` the first time.
    ///
    /// # Errors
    /// [`TrainError::State`] when there is no store, or what is in it cannot be used.
    pub(crate) fn take(
        before: &Before<'a>,
        kind: StateKind,
    ) -> Result<(Self, Option<Vec<f32>>), TrainError> {
        let refuse = |reason: &str| TrainError::State(reason.to_owned());
        let states = before
            .states
            .ok_or_else(|| refuse("this hospital keeps none"))?;
        let (run, address) = (before.order.run, before.address);
        let state = states
            .recall(run, address, kind)
            .map_err(TrainError::State)?;
        let numbers = kind.numbers(before.start.len());
        if state.as_ref().is_some_and(|s| s.values.len() != numbers) {
            return Err(refuse("it belongs to another model"));
        }
        let place = Self {
            states,
            run,
            address,
            kind,
        };
        Ok((place, state.map(|state| state.values)))
    }

    /// Keeps what became of it.
    ///
    /// # Errors
    /// [`TrainError::State`] when it cannot be kept.
    pub(crate) fn keep(self, values: Vec<f32>) -> Result<(), TrainError> {
        let state = NodeState {
            kind: self.kind,
            values,
        };
        let kept = self.states.keep(self.run, self.address, &state);
        kept.map_err(TrainError::State)
    }
}
