//! A hospital's guard: its policy and its privacy ledger, asked before anything is worked on, and
//! again before anything leaves.

use ward_core::{Address, LocalUpdate, Protection, RoundId, RunId, TrainOrder, Upload};

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
        self.policy.update(norm_told(&update, order))?;
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
mod tests {
    use super::*;
    use crate::ledger::Budget;
    use ward_core::{
        Delta, Draws, HospitalNoise, LocalWork, NodeId, NoisePlacement, OptimizerSpec,
        PatientNoise, RingSpec, Seed, Weighting,
    };

    const AT: Address = Address {
        round: RoundId(0),
        node: NodeId(0),
    };

    fn order(protection: Protection) -> TrainOrder {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        let ring = RingSpec {
            fraction_bits: 20,
            range: 64.0,
            most_weight: 1,
        };
        TrainOrder {
            protection,
            example_clip_norm: 1.0,
            weighting: Weighting::Uniform,
            ..TrainOrder::new(LocalWork::Steps(3), 0, optimizer, ring, Seed::run(1))
        }
    }

    fn patient() -> Protection {
        Protection::Patient(PatientNoise {
            draws: Draws::Poisson { rate: 0.1 },
            noise_multiplier: 1.5,
            sizes_are_public: false,
        })
    }

    fn hospital() -> Protection {
        Protection::Hospital(HospitalNoise {
            clip_norm: 1.0,
            noise_multiplier: 1.0,
            bit_deviation: None,
            placement: NoisePlacement::Node,
        })
    }

    /// What comes of an update of norm 5, trained as `trained` says it was, under `order`.
    fn released(
        policy: Policy,
        order: &TrainOrder,
        trained: &TrainOrder,
    ) -> Result<Upload, Withheld> {
        let mut guard = Guard::new(policy, Ledger::unlimited());
        let reservation = guard.before_training(order, None, 100, AT)?;
        let update = LocalUpdate {
            delta: Delta(vec![3.0, -4.0]),
            extras: Vec::new(),
            examples: 100,
            noised: trained.noised(100),
            loss: 0.7,
        };
        guard.release(reservation, update, order, AT)
    }

    #[test]
    fn a_trainer_that_leaves_the_noise_out_releases_nothing() {
        let (noised, plain) = (order(patient()), order(Protection::None));
        let upload = released(Policy::default(), &noised, &noised).unwrap();
        assert_eq!(upload.loss, 0.0, "the loss of training rows stays");
        let refused = released(Policy::default(), &noised, &plain).unwrap_err();
        assert_eq!(refused, Withheld::Refused(Refused::Overspent));
        assert_eq!(
            released(Policy::default(), &plain, &plain).unwrap().loss,
            0.7
        );
    }

    #[test]
    fn a_norm_that_is_clipped_and_noised_decides_nothing() {
        let policy = |norm| Policy {
            max_update_norm: Some(norm),
            ..Policy::default()
        };
        let plain = order(Protection::None);
        assert!(released(policy(5.0), &plain, &plain).is_ok());
        let refused = released(policy(4.9), &plain, &plain).unwrap_err();
        assert!(
            !refused.is_final() && !refused.to_string().contains("5"),
            "{refused}"
        );
        let hidden = order(hospital());
        assert!(released(policy(1.0), &hidden, &hidden).is_ok());
        assert!(released(policy(0.9), &hidden, &hidden).is_err());
    }

    #[test]
    fn a_budget_lets_nothing_out_without_noise() {
        let budget = Budget {
            epsilon_per_run: Some(100.0),
            epsilon_in_all: None,
            delta: 1e-5,
        };
        let mut guard = Guard::new(Policy::default(), Ledger::within(Some(budget)));
        let refused = guard.before_training(&order(Protection::None), None, 100, AT);
        assert_eq!(
            refused.unwrap_err(),
            Withheld::Refused(Refused::Unprotected)
        );
        assert!(guard.before_telling(true).is_err() && guard.before_telling(false).is_ok());
        assert!(
            guard
                .before_training(&order(patient()), None, 100, AT)
                .is_ok()
        );
    }

    #[test]
    fn what_the_noise_would_not_cover_is_refused_by_the_hospital_too() {
        let weighed = TrainOrder {
            weighting: Weighting::Examples,
            ..order(hospital())
        };
        let refused = released(Policy::default(), &weighed, &weighed).unwrap_err();
        assert!(matches!(refused, Withheld::Uncovered(_)) && refused.is_final());
    }
}
