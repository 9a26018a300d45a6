//! A hospital's guard: its policy and its privacy ledger, asked before anything is worked on, and
//! again before anything leaves.

use ward_core::{Address, Evaluation, LocalUpdate, Protection, RoundId, RunId, TrainOrder, Upload};

use crate::approval::{self, Approvals};
use crate::charge::Charge;
use crate::dp::Invalid;
use crate::dp::calibrate::Uncalibrated;
use crate::ledger::{Ledger, Refused, Reservation};
use crate::noise::NoiseSource;
use crate::policy::{Asked, Forbidden, Policy};
use crate::score_noise::ScoreNoise;
use crate::seal::{SealError, seal};
use crate::secagg::NoRandomness;

/// The delta of noise on scores where there is no budget.
const DELTA: f64 = 1e-5;

/// Why nothing leaves.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Withheld {
    /// The hospital's own rules.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// Its privacy ledger.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The order's noise would not cover what leaves.
    #[error("the order's noise does not cover what would leave: {0}")]
    Uncovered(&'static str),
    /// It took part too short a time ago for noise that cancels between rounds.
    #[error(
        "this hospital took part in {last}, and the order's noise covers one round in {bands}; it may be \
         asked again from {next} on"
    )]
    TooSoon {
        /// The last round that it trained in.
        last: RoundId,
        /// Rounds over which noise cancels.
        bands: u32,
        /// The first round in which it may train again.
        next: RoundId,
    },
    /// The update cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Scores cannot be noised.
    #[error("scores cannot be noised: {0}")]
    Scores(#[from] Unnoised),
}

/// Why there is no noise for scores.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unnoised {
    /// No noise reaches the policy's epsilon.
    #[error(transparent)]
    Uncalibrated(#[from] Uncalibrated),
    /// It cannot be drawn.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is none to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

impl Withheld {
    /// Whether every later round of the run will find the same.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Forbidden(forbidden) => forbidden.is_final,
            Self::Refused(refused) => refused.is_final(),
            Self::Uncovered(_) => true,
            Self::TooSoon { .. } | Self::Seal(_) | Self::Scores(_) => false,
        }
    }
}

/// What stands between a hospital's work and the network.
#[derive(Debug)]
pub struct Guard {
    policy: Policy,
    ledger: Ledger,
    noise: NoiseSource,
    /// Minutes since midnight, UTC.
    clock: fn() -> u16,
    /// Where its people say what they approve.
    approvals: Option<Box<dyn Approvals>>,
    /// Whether rows of patients who do not consent are left out.
    consented: bool,
    /// The regions of the hospital and of its coordinator; empty where nobody said.
    regions: [String; 2],
}

/// Leave to tell scores once.
#[derive(Debug)]
#[must_use = "what noised scores cost is spent, whether they are told or not"]
pub struct Scoring(Option<ScoreNoise>);

impl Guard {
    /// A guard with these rules and this ledger, whose noise is the operating system's.
    #[must_use]
    pub fn new(policy: Policy, ledger: Ledger) -> Self {
        Self {
            policy,
            ledger,
            noise: NoiseSource::System,
            clock: || 0,
            approvals: None,
            consented: false,
            regions: Default::default(),
        }
    }

    /// A guard that forbids nothing and forgets what it charged.
    #[must_use]
    pub fn open() -> Self {
        Self::new(Policy::default(), Ledger::unlimited())
    }

    /// Takes noise from `source`.
    #[must_use]
    pub fn noised_from(mut self, source: NoiseSource) -> Self {
        self.noise = source;
        self
    }

    /// Reads the time of day, in minutes since midnight, UTC, off `clock`. Without, it is midnight.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> u16) -> Self {
        self.clock = clock;
        self
    }

    /// Asks `approvals` where the policy wants a person's leave. Without, nothing is approved.
    #[must_use]
    pub fn approved_by(mut self, approvals: Box<dyn Approvals>) -> Self {
        self.approvals = Some(approvals);
        self
    }

    /// Guards rows of which those of patients who do not consent are left out, where `consented`.
    #[must_use]
    pub fn of_consenting(mut self, consented: bool) -> Self {
        self.consented = consented;
        self
    }

    /// Guards a hospital in `region`.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.regions[0]);
        self
    }

    /// Works from here on for a coordinator that says it is in `region`.
    pub fn meet(&mut self, region: &str) {
        region.clone_into(&mut self.regions[1]);
    }

    fn at_home(&self) -> Result<(), Forbidden> {
        let [own, theirs] = &self.regions;
        self.policy.border(own, theirs)
    }

    /// What was spent.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Enters what was spent in `round` of `run`, as another process of a simulation did.
    pub fn recall(&mut self, run: RunId, round: RoundId, charge: Charge) {
        // What would exceed the budget was refused then too.
        let _ = self.ledger.reserve(run, round, charge);
    }

    /// Leave to train as `order` says on so many rows; `masked` is the fewest updates that the sum will
    /// hold, or `None` where the update is sent in the clear. It is charged from here on.
    ///
    /// # Errors
    /// [`Withheld`] where policy or ledger refuse.
    pub fn before_training(
        &mut self,
        order: &TrainOrder,
        masked: Option<u32>,
        rows: u64,
        address: Address,
    ) -> Result<Reservation, Withheld> {
        let asked = Asked {
            order,
            masked,
            rows,
            consented: self.consented,
            rounds: self.ledger.rounds(order.run),
            minute: (self.clock)(),
        };
        self.at_home()?;
        self.policy.training(&asked)?;
        self.approved(order)?;
        if let Some(reason) = order.uncovered() {
            return Err(Withheld::Uncovered(reason));
        }
        self.apart(order, address.round)?;
        let charge = Charge::of(order, rows).map_err(Refused::from)?;
        Ok(self.ledger.reserve(order.run, address.round, charge)?)
    }

    /// The sealed form of `update`, trained under `reservation`.
    ///
    /// # Errors
    /// [`Withheld`] where it cannot be sealed, or policy or ledger refuse it.
    pub fn release(
        &mut self,
        reservation: Reservation,
        update: LocalUpdate,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Upload, Withheld> {
        self.policy.update(norm_told(&update, order))?;
        let released = seal(update, order, self.noise, address)?;
        Ok(self.ledger.admit(reservation, released)?)
    }

    /// Whether the rounds of a hospital are as far apart as the order's noise needs it.
    fn apart(&self, order: &TrainOrder, round: RoundId) -> Result<(), Withheld> {
        let bands = match order.protection {
            Protection::Hospital(noise) if noise.bands > 1 => noise.bands,
            _ => return Ok(()),
        };
        match self.ledger.last_before(order.run, round) {
            Some(last) if round.0 < last.0.saturating_add(bands) => Err(Withheld::TooSoon {
                last,
                bands,
                next: RoundId(last.0.saturating_add(bands)),
            }),
            _ => Ok(()),
        }
    }

    /// Whether a person has approved the job of `order`, where the policy asks for that. One may still do
    /// so: it is asked again in the next round.
    fn approved(&self, order: &TrainOrder) -> Result<(), Forbidden> {
        if !self.policy.approval {
            return Ok(());
        }
        let job = approval::job(order);
        let why = match &self.approvals {
            None => "is needed, and nobody can give it".to_owned(),
            Some(approvals) => match approvals.approves(job) {
                Ok(true) => return Ok(()),
                Ok(false) => format!("of job {job} is not given yet; {}", approvals.remedy()),
                Err(error) => format!("of job {job} cannot be read: {error}"),
            },
        };
        Err(Forbidden {
            is_final: false,
            ..Forbidden::for_good("approval", why)
        })
    }

    /// Leave to tell sums of training rows, which no noise covers.
    ///
    /// # Errors
    /// [`Withheld`] where the policy forbids it, and where there is a budget.
    pub fn before_telling(&self) -> Result<(), Withheld> {
        self.at_home()?;
        self.policy.consent(self.consented)?;
        if self.policy.approval {
            let why = "is needed, and sums are asked for before there is a job to approve";
            return Err(Forbidden::for_good("approval", why.to_owned()).into());
        }
        self.policy.sums()?;
        if self.ledger.is_limited() {
            return Err(Refused::Unprotected.into());
        }
        Ok(())
    }

    /// Leave to tell scores on test rows of the model that `round` made, trained as `order` says. Where the policy has them
    /// noised, they are charged from here on.
    ///
    /// # Errors
    /// [`Withheld`] where policy or ledger refuse, and where there is no such noise.
    pub fn before_scoring(
        &mut self,
        order: &TrainOrder,
        round: RoundId,
    ) -> Result<Scoring, Withheld> {
        self.at_home()?;
        self.policy.consent(self.consented)?;
        self.approved(order)?;
        let Some(epsilon) = self.policy.scores()? else {
            return Ok(Scoring(None));
        };
        let delta = self.ledger.delta().unwrap_or(DELTA);
        let noise = ScoreNoise::new(epsilon, delta).map_err(Unnoised::from)?;
        let charge = noise.charge().map_err(Unnoised::from)?;
        self.ledger.score(order.run, round, charge)?;
        Ok(Scoring(Some(noise)))
    }

    /// What is told of `evaluation`, of a model trained as `order` says.
    ///
    /// # Errors
    /// [`Withheld`] where there is no noise to be had.
    pub fn scores(
        &self,
        Scoring(noise): Scoring,
        evaluation: Evaluation,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Evaluation, Withheld> {
        let Some(noise) = noise else {
            return Ok(evaluation);
        };
        let mut rng = self
            .noise
            .rng(order.seed, address)
            .map_err(Unnoised::from)?;
        Ok(noise.on(&evaluation, &mut rng).map_err(Unnoised::from)?)
    }
}

/// The norm that an update is judged by. Where it is still to be clipped and noised as a whole, nothing may
/// depend on its own norm, and it is that to which it is clipped.
fn norm_told(update: &LocalUpdate, order: &TrainOrder) -> f64 {
    if let Protection::Hospital(noise) = &order.protection {
        return f64::from(noise.clip_norm);
    }
    let squares = update.delta.0.iter().map(|d| f64::from(*d).powi(2));
    squares.sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests;
