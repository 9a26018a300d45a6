//! What colluders agree to send in one round, once they have seen the honest updates.

use ward_core::{Delta, LocalUpdate, RingSpec, Seed};

use super::attack::Attack;
use super::gaussian_noise::GaussianNoise;
use super::honest::Honest;
use super::search::{Rule, Target};

/// Forged for all colluders of a round together.
#[derive(Debug)]
pub(crate) struct Plot {
    forged: Forged,
    /// The mean honest extras, which make theirs look like an honest algorithm's.
    extras: Vec<f32>,
    /// The mean honest loss: theirs must not stand out either.
    loss: f64,
}

enum Forged {
    /// All send the same.
    Same(Vec<f32>),
    /// Each draws its own of so many numbers.
    Noise(GaussianNoise, usize),
}

impl std::fmt::Debug for Forged {
    /// It is made of hospitals' updates: its numbers are not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Forged(redacted)")
    }
}

impl Plot {
    /// What `colluders` send under `attack`, having seen the updates `seen`, which are in the order
    /// of the roster; `None` where they saw none.
    pub(crate) fn hatch(
        attack: &Attack,
        seen: &[LocalUpdate],
        colluders: usize,
        rule: &Rule<'_>,
        ring: &RingSpec,
    ) -> Option<Self> {
        let as_f64 = |update: &LocalUpdate| update.delta.0.iter().copied().map(f64::from).collect();
        let honest = Honest::new(seen.iter().map(as_f64).collect())?;
        let target = Target {
            rule,
            colluders,
            range: f64::from(ring.range),
        };
        let same = match attack {
            Attack::Ipm(attack) => attack.forge(&honest),
            Attack::OptimalIpm(attack) => attack.forge(&honest, &target),
            Attack::Alie(attack) => attack.forge(&honest, colluders),
            Attack::OptimalAlie(attack) => attack.forge(&honest, &target),
            Attack::Mimic(attack) => attack.forge(&honest),
            Attack::MinMax(attack) => attack.forge(&honest),
            Attack::MinSum(attack) => attack.forge(&honest),
            Attack::FreeRider(attack) => {
                let noise = Forged::Noise(attack.disguise(&honest), honest.parameters());
                return Some(Self::of(noise, seen));
            }
            _ => return None,
        };
        Some(Self::of(Forged::Same(to_f32(&same)), seen))
    }

    fn of(forged: Forged, seen: &[LocalUpdate]) -> Self {
        let count = seen.len() as f64;
        let loss = seen.iter().map(|update| update.loss).sum::<f64>() / count;
        let mean = |i: usize| seen.iter().map(|u| f64::from(u.extras[i])).sum::<f64>() / count;
        let extras = (0..seen[0].extras.len()).map(|i| mean(i) as f32).collect();
        Self {
            forged,
            extras,
            loss,
        }
    }

    /// The update of one colluder with `examples` rows, any noise drawn at `place`.
    pub(super) fn update(&self, examples: u64, place: Seed) -> LocalUpdate {
        let delta = match &self.forged {
            Forged::Same(delta) => delta.clone(),
            Forged::Noise(noise, parameters) => to_f32(&noise.forge(*parameters, place)),
        };
        LocalUpdate {
            delta: Delta(delta),
            extras: self.extras.clone(),
            examples,
            noised: None,
            loss: self.loss,
        }
    }
}

/// As an update holds it.
pub(super) fn to_f32(vector: &[f64]) -> Vec<f32> {
    vector.iter().map(|&v| v as f32).collect()
}
