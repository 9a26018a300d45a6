//! What a hospital may spend.

use serde::{Deserialize, Serialize};
use ward_core::RunId;

use super::Ledger;
use crate::charge::Charge;
use crate::dp::{Epsilon, PrivacyUnit};

/// Limits of one hospital, for whichever unit noise hides. Whatever is not noised exceeds them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// The most that one run may spend; `None` is no limit of its own.
    pub epsilon_per_run: Option<f64>,
    /// The most that all runs may spend together; likewise.
    pub epsilon_in_all: Option<f64>,
    /// The delta at which both are meant, above 0 and below 1.
    pub delta: f64,
}

/// What a limit holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One run.
    Run,
    /// All runs on the hospital's data.
    All,
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Run => "for one run",
            Self::All => "for all runs",
        })
    }
}

/// Why nothing may be released.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// It would cost more than is left.
    #[error(
        "the privacy budget is spent: after this round epsilon would be {after:.3} (unit: {unit}, \
         delta {delta:e}), and {limit} is the most {scope}; {before:.3} are spent"
    )]
    BudgetSpent {
        /// Whose presence is hidden.
        unit: PrivacyUnit,
        /// What is spent already.
        before: Epsilon,
        /// What would be.
        after: Epsilon,
        /// The most that may be.
        limit: f64,
        /// For what.
        scope: Scope,
        /// At which delta.
        delta: f64,
    },
    /// It has no noise at all.
    #[error("this hospital has a privacy budget, and the round asks for an update without noise")]
    Unprotected,
    /// It cost something else than was reserved.
    #[error("training spent something else than was reserved for it; nothing leaves")]
    Overspent,
    /// The order's numbers describe no mechanism.
    #[error("the order's noise cannot be accounted for: {0}")]
    Unaccountable(#[from] crate::dp::Invalid),
    /// The ledger cannot be written.
    #[error("the privacy ledger cannot be written, so nothing leaves: {0}")]
    NotKept(String),
}

impl Refused {
    /// Whether this hospital will refuse every later round of the run too.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::BudgetSpent { .. } | Self::Unprotected)
    }
}

impl Budget {
    /// Whether it limits anything.
    pub(super) fn limits(&self) -> bool {
        self.epsilon_per_run.is_some() || self.epsilon_in_all.is_some()
    }

    /// Whether `ledger` may spend `charge` on `run`.
    pub(super) fn allows(
        &self,
        ledger: &Ledger,
        run: RunId,
        charge: &Charge,
    ) -> Result<(), Refused> {
        let limits = [
            (Scope::Run, Some(run), self.epsilon_per_run),
            (Scope::All, None, self.epsilon_in_all),
        ];
        for (scope, runs, limit) in limits {
            let Some(limit) = limit else { continue };
            let Charge::Noised { unit, event } = *charge else {
                return Err(Refused::Unprotected);
            };
            if !ledger.is_within(limit, runs, unit, event, self.delta) {
                let after = ledger.epsilon(runs, unit, Some(event), self.delta);
                return Err(Refused::BudgetSpent {
                    unit,
                    before: ledger.epsilon(runs, unit, None, self.delta),
                    after,
                    limit,
                    scope,
                    delta: self.delta,
                });
            }
        }
        Ok(())
    }
}
