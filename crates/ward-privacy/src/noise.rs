//! Where what protects privacy is drawn from.

use ward_core::{Address, Purpose, Seed};

use crate::dp::NoiseRng;

/// Where noise and secret draws come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NoiseSource {
    /// The operating system: nobody can make them again.
    #[default]
    System,
    /// The run's public seed and the address. It hides nothing from who knows the seed: for
    /// simulations, whose rows are nobody's.
    Simulated,
}

/// The operating system gives no randomness.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness, so nothing can be protected: {0}")]
pub struct NoRandomness(pub String);

impl NoiseSource {
    /// Random numbers for the work at `address` of the run whose public seed is `seed`.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn rng(self, seed: Seed, address: Address) -> Result<NoiseRng, NoRandomness> {
        match self {
            Self::System => NoiseRng::from_os().map_err(|error| NoRandomness(error.to_string())),
            Self::Simulated => {
                let place = seed.round(address.round).node(address.node);
                Ok(NoiseRng::simulated(place.purpose(Purpose::PROTECTION)))
            }
        }
    }
}
