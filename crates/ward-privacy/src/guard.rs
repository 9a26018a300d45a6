//! A hospital's guard: its policy and its privacy ledger, asked before anything is worked on, and
//! again before anything leaves.

use ward_core::{Address, LocalUpdate, RoundId, RunId, TrainOrder, Upload};

use crate::charge::Charge;
use crate::ledger::{Ledger, Refused, Reservation};
use crate::noise::NoiseSource;
use crate::policy::{Asked, Forbidden, Policy};
use crate::seal::{SealError, seal};

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
    /// The update cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Withheld {
    /// Whether every later round of the run will find the same.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Forbidden(forbidden) => forbidden.is_final,
            Self::Refused(refused) => refused.is_final(),
            Self::Uncovered(_) => true,
            Self::Seal(_) => false,
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
}

impl Guard {
    /// A guard with these rules and this ledger, whose noise is the operating system's.
    #[must_use]
    pub fn new(policy: Policy, ledger: Ledger) -> Self {
        Self {
            policy,
            ledger,
            noise: NoiseSource::System,
            clock: || 0,
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
            rounds: self.ledger.rounds(order.run),
            minute: (self.clock)(),
        };
        self.policy.training(&asked)?;
        if let Some(reason) = order.uncovered() {
            return Err(Withheld::Uncovered(reason));
        }
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
        let squares = update.delta.0.iter().map(|d| f64::from(*d).powi(2));
        self.policy.update(squares.sum::<f64>().sqrt())?;
        let released = seal(update, order, self.noise, address)?;
        Ok(self.ledger.admit(reservation, released)?)
    }

    /// Leave to tell what no noise covers: sums of training rows, where `of_training`, or scores on test
    /// rows.
    ///
    /// # Errors
    /// [`Withheld`] where the policy forbids it, and for training rows where there is a budget.
    pub fn before_telling(&self, of_training: bool) -> Result<(), Withheld> {
        self.policy.metrics()?;
        if of_training && self.ledger.is_limited() {
            return Err(Refused::Unprotected.into());
        }
        Ok(())
    }
}
