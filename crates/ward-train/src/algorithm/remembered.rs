//! One hospital's state, taken out of its store for one round.

use ward_core::{Address, NodeState, NodeStates, RunId, StateKind, TrainError};

use super::Before;

/// Where a state came from, and goes back to.
pub(super) struct Remembered<'a> {
    states: &'a dyn NodeStates,
    run: RunId,
    address: Address,
    kind: StateKind,
}

impl<'a> Remembered<'a> {
    /// The hospital's state of `kind`, zeros the first time, and its place.
    ///
    /// # Errors
    /// [`TrainError::State`] when there is no store, or what is in it cannot be used.
    pub(super) fn take(
        before: &Before<'a>,
        kind: StateKind,
    ) -> Result<(Self, Vec<f32>), TrainError> {
        let refuse = |reason: &str| TrainError::State(reason.to_owned());
        let states = before
            .states
            .ok_or_else(|| refuse("this hospital keeps none"))?;
        let (run, address) = (before.order.run, before.address);
        let numbers = kind.numbers(before.start.len());
        let state = states
            .recall(run, address, kind)
            .map_err(TrainError::State)?;
        let values = match state {
            None => vec![0.0; numbers],
            Some(state) if state.values.len() == numbers => state.values,
            Some(_) => return Err(refuse("it belongs to another model")),
        };
        let place = Self {
            states,
            run,
            address,
            kind,
        };
        Ok((place, values))
    }

    /// Keeps what became of it.
    ///
    /// # Errors
    /// [`TrainError::State`] when it cannot be kept.
    pub(super) fn keep(self, values: Vec<f32>) -> Result<(), TrainError> {
        let state = NodeState {
            kind: self.kind,
            values,
        };
        let kept = self.states.keep(self.run, self.address, &state);
        kept.map_err(TrainError::State)
    }
}
