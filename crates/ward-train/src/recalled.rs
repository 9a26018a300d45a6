//! What a hospital remembers, at work in one round: FedDyn (Acar et al. 2021, arXiv:2111.04263,
//! Algorithm 1).
//!
//!   w_k <- argmin  L_k(w) - <h_k, w> + alpha/2 |w - w_round|^2      [`Recalled::linear`] is -h_k
//!   h_k <- h_k - alpha (w_k - w_round)                              [`Recalled::keep`]
//!
//! h_k is 0 until the hospital first takes part. The pull `alpha (w - w_round)` is the proximal
//! term's and is added with it. Where the paper minimises, we take the order's steps.

use ward_core::{
    Address, Correction, NodeState, NodeStates, Params, RunId, TrainError, TrainOrder,
};

/// A state taken out of its store for one round.
pub(crate) struct Recalled<'a> {
    states: &'a dyn NodeStates,
    run: RunId,
    address: Address,
    alpha: f32,
    /// -h_k.
    linear: Vec<f32>,
}

impl<'a> Recalled<'a> {
    /// What `order`'s correction needs at `address`; `None` when it needs nothing.
    ///
    /// # Errors
    /// [`TrainError::State`] when there is no store, or what is in it cannot be used.
    pub(crate) fn of(
        order: &TrainOrder,
        states: Option<&'a dyn NodeStates>,
        params: &Params,
        address: Address,
    ) -> Result<Option<Self>, TrainError> {
        let Correction::FedDyn { alpha } = order.correction else {
            return Ok(None);
        };
        let refuse = |reason: &str| TrainError::State(reason.to_owned());
        let states = states.ok_or_else(|| refuse("this hospital keeps none"))?;
        let linear = match states
            .recall(order.run, address)
            .map_err(TrainError::State)?
        {
            None => vec![0.0; params.0.len()],
            Some(NodeState::FedDyn(h)) if h.len() == params.0.len() => {
                h.into_iter().map(|value| -value).collect()
            }
            Some(NodeState::FedDyn(_)) => return Err(refuse("it belongs to another model")),
        };
        Ok(Some(Self {
            states,
            run: order.run,
            address,
            alpha,
            linear,
        }))
    }

    /// What is added to every gradient.
    pub(crate) fn linear(&self) -> &[f32] {
        &self.linear
    }

    /// Keeps what the round's `delta` makes of it.
    ///
    /// # Errors
    /// [`TrainError::State`] when it cannot be kept.
    pub(crate) fn keep(self, delta: &[f32]) -> Result<(), TrainError> {
        let h = self.linear.iter().zip(delta);
        let state = NodeState::FedDyn(h.map(|(l, d)| -l - self.alpha * d).collect());
        let kept = self.states.keep(self.run, self.address, &state);
        kept.map_err(TrainError::State)
    }
}
