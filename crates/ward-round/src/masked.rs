//! A node's part in one masked round: the states of `ward_privacy::secagg::node`, driven by what the
//! coordinator asks.
//!
//! Training goes on while keys and shares travel; the update waits in the hospital until its masks are
//! agreed. Whatever is refused ends the node's part in the round, and wipes its secrets.

use std::num::NonZeroUsize;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use ward_core::{
    MaskingAnswer, MaskingOrder, MaskingStep, NodeId, Params, RoundId, RunId, TrainOrder, Upload,
};
use ward_privacy::secagg::node::{
    self, Consented, Masked, Masking, Offered, Opened, Setting, Shared,
};
use ward_privacy::secagg::{
    Identity, Journal, MaskingParams, Refused, Roster, SecretRng, SessionInputs, model_digest,
};

/// What a hospital needs for masked rounds, and shows nobody.
pub struct Secrets {
    /// Its long-term key.
    pub identity: Arc<Identity>,
    /// Everybody's public keys.
    pub roster: Arc<Roster>,
    /// What it must not forget.
    pub journal: Box<dyn Journal>,
    /// Where fresh keys come from.
    pub random: SecretRng,
    /// Over how many hospitals a sum with its update must be at least.
    pub least_survivors: u32,
    /// Numbers in its model.
    pub parameters: usize,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(redacted)")
    }
}

/// What a masked round is about: the same on both sides, or nothing fits together.
pub(crate) fn session(
    round: RoundId,
    params: &Params,
    order: &TrainOrder,
    masking: &MaskingOrder,
    roster: &Roster,
    length: usize,
) -> SessionInputs {
    SessionInputs {
        federation: roster.federation().to_owned(),
        job: job(order.run),
        round,
        attempt: masking.attempt,
        model: model_digest(&params.0),
        task: task_digest(order),
        params: MaskingParams {
            suite: masking.suite,
            width: masking.width,
            ring: order.ring,
            weighting: order.weighting,
            length: length as u64,
            min_survivors: masking.min_survivors,
        },
        roster: roster.digest(),
        cohort: masking.cohort.clone(),
    }
}

/// The run's id, as journals know it.
fn job(run: RunId) -> String {
    format!("{:016x}", run.0)
}

/// SHA-256 of the order as JSON, its fields in their order.
fn task_digest(order: &TrainOrder) -> [u8; 32] {
    let mut hash = Sha256::new();
    // Orders hold numbers, words and lists: nothing that JSON cannot say.
    hash.update(serde_json::to_vec(order).unwrap_or_default());
    hash.finalize().into()
}

/// A round under way.
pub(crate) struct MaskedRound {
    round: RoundId,
    attempt: u32,
    state: State,
    /// The newest answer and the step that asked for it; `None` is the instruction to train. It is
    /// given again where that is asked again.
    said: (Option<MaskingStep>, MaskingAnswer),
    /// What waits for its masks.
    upload: Option<Upload>,
}

enum State {
    Offered(Offered),
    Opened(Opened),
    Shared(Shared),
    /// With the step that is to be answered.
    Masking(Box<Masking>, MaskingStep),
    Masked(Masked),
    Consented(Consented),
    /// Nothing more is to be said.
    Over,
}

impl std::fmt::Debug for MaskedRound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MaskedRound({}, redacted)", self.round)
    }
}

impl MaskedRound {
    /// Offers keys for `round`.
    pub(crate) fn begin(
        me: NodeId,
        session: SessionInputs,
        secrets: &mut Secrets,
    ) -> Result<Self, Refused> {
        let (round, attempt) = (session.round, session.attempt);
        let setting = Setting {
            session,
            me,
            roster: secrets.roster.clone(),
            identity: secrets.identity.clone(),
            least_survivors: secrets.least_survivors,
        };
        let (offered, offer) = node::begin(setting, secrets.journal.as_mut(), &mut secrets.random)?;
        Ok(Self {
            round,
            attempt,
            state: State::Offered(offered),
            said: (None, MaskingAnswer::Keys(offer)),
            upload: None,
        })
    }

    /// Whether it is this attempt at this round.
    pub(crate) fn is(&self, round: RoundId, attempt: u32) -> bool {
        (self.round, self.attempt) == (round, attempt)
    }

    pub(crate) fn round(&self) -> RoundId {
        self.round
    }

    /// The newest answer, once more.
    pub(crate) fn said(&self) -> MaskingAnswer {
        self.said.1.clone()
    }

    /// Whether an update is still wanted.
    pub(crate) fn wants_upload(&self) -> bool {
        let before = matches!(
            self.state,
            State::Offered(_) | State::Opened(_) | State::Shared(_) | State::Masking(..)
        );
        before && self.upload.is_none()
    }

    /// Takes a step. `None` where the answer must wait for the update.
    pub(crate) fn take(
        &mut self,
        step: MaskingStep,
        secrets: &mut Secrets,
    ) -> Result<Option<MaskingAnswer>, Refused> {
        if self.said.0.as_ref() == Some(&step) {
            return Ok(Some(self.said()));
        }
        if let State::Masking(_, asked) = &self.state
            && *asked == step
        {
            return Ok(None);
        }
        let journal = secrets.journal.as_mut();
        let (state, answer) = match (std::mem::replace(&mut self.state, State::Over), &step) {
            (State::Offered(state), MaskingStep::Open { offers }) => {
                let (state, opening) = state.open(offers)?;
                (State::Opened(state), MaskingAnswer::Opening(opening))
            }
            (State::Offered(state), MaskingStep::Share { offers, .. }) => {
                let (state, shares) = state.share(offers, &mut secrets.random)?;
                (State::Shared(state), MaskingAnswer::Shares(shares))
            }
            (State::Opened(state), MaskingStep::Share { openings, .. }) => {
                let (state, shares) = state.share(openings, &mut secrets.random)?;
                (State::Shared(state), MaskingAnswer::Shares(shares))
            }
            (State::Shared(state), MaskingStep::Mask { shares }) => {
                self.state = State::Masking(Box::new(state.receive(shares)?), step);
                return self.mask();
            }
            (State::Masked(state), MaskingStep::Confirm { survivors }) => {
                let (state, consent) = state.consent(survivors, journal)?;
                (State::Consented(state), MaskingAnswer::Consent(consent))
            }
            (State::Consented(state), MaskingStep::Reveal { consents }) => {
                let revelation = state.reveal(consents, journal)?;
                (State::Over, MaskingAnswer::Revelation(revelation))
            }
            _ => return Err(Refused::OutOfTurn),
        };
        self.state = state;
        self.said = (Some(step), answer);
        Ok(Some(self.said()))
    }

    /// Takes the update; the answer where its masks are there already.
    pub(crate) fn trained(&mut self, upload: Upload) -> Result<Option<MaskingAnswer>, Refused> {
        self.upload = Some(upload);
        self.mask()
    }

    /// Puts the update under its masks, where both are there.
    fn mask(&mut self) -> Result<Option<MaskingAnswer>, Refused> {
        if !matches!(self.state, State::Masking(..)) {
            return Ok(None);
        }
        let Some(upload) = self.upload.take() else {
            return Ok(None);
        };
        let State::Masking(state, step) = std::mem::replace(&mut self.state, State::Over) else {
            return Ok(None);
        };
        let (state, upload) = state.mask(upload, NonZeroUsize::MIN)?;
        self.state = State::Masked(state);
        self.said = (Some(step), MaskingAnswer::Upload(upload));
        Ok(Some(self.said()))
    }
}
