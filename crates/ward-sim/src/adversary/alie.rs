//! A little is enough (ALIE): a shift that hides in the spread of the honest updates.
//!
//! Baruch, Baruch and Goldberg, "A Little Is Enough: Circumventing Defenses For Distributed
//! Learning", NeurIPS 2019, Algorithm 3.
//!
//!   s     = ⌊n/2 + 1⌋ − f                               n = `nodes`, f = `colluders`
//!   z_max = Φ⁻¹((n − f − s) / (n − f))                  [`z_max`]
//!   Δ̃     = mean(H) + τ std(H)                          `tau` = τ, by default z_max
//!
//! s is how many honest hospitals must be won over for a majority; at z_max that many lie further
//! out than the attackers. std has n − 1 in its denominator and τ its sign, as in byzfl: a negative
//! τ shifts downwards, as in the paper's listing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::{Honest, moved};
use super::normal::quantile;

/// All colluders send the honest mean, shifted by some standard deviations in each coordinate.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Alie {
    /// Standard deviations by which each coordinate is shifted; negative shifts downwards. Default:
    /// the paper's z_max of the round's hospitals and attackers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tau: Option<f64>,
}

impl Alie {
    /// What each of `colluders` sends, d numbers. Where z_max has no value, one honest hospital
    /// or an attackers' majority, no shift at all.
    #[must_use]
    pub fn forge(&self, honest: &Honest, colluders: usize) -> Vec<f64> {
        let nodes = honest.updates().len() + colluders;
        let tau = self.tau.or_else(|| z_max(nodes, colluders)).unwrap_or(0.0);
        moved(honest.mean(), tau, &honest.deviations())
    }
}

/// The largest shift, in standard deviations, at which enough honest hospitals lie further out;
/// `None` where the formula has no value.
#[must_use]
pub fn z_max(nodes: usize, colluders: usize) -> Option<f64> {
    let honest = nodes.checked_sub(colluders)?;
    let supporters = (nodes / 2 + 1).checked_sub(colluders)?;
    let others = honest.checked_sub(supporters)?;
    quantile(others as f64 / honest as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_coordinate_stays_within_tau_deviations() {
        let honest = Honest::new(vec![vec![1.0, -2.0], vec![2.0, 2.0], vec![4.0, 0.5]]).unwrap();
        for tau in [0.3, 1.5, -0.7] {
            let forged = Alie { tau: Some(tau) }.forge(&honest, 2);
            let spread = honest.mean().into_iter().zip(honest.deviations());
            for (got, (mean, deviation)) in forged.iter().zip(spread) {
                assert!((got - mean).abs() <= tau.abs() * deviation + 1e-12);
            }
        }
    }

    #[test]
    fn twenty_one_hospitals_with_four_attackers_may_shift_by_a_fifth() {
        assert!((z_max(21, 4).unwrap() - 0.223).abs() < 1e-3);
        // A majority of attackers, or nobody to hide among, has no z.
        assert_eq!(z_max(9, 6), None);
        assert_eq!(z_max(2, 1), None);
        assert_eq!(z_max(1, 2), None);
    }
}
