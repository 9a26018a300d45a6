//! Where what protects privacy is drawn from.

use ward_core::{Address, Purpose, Seed};

use crate::dp::NoiseRng;
use crate::secagg::NoRandomness;

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

impl NoiseSource {
    /// Random numbers for the work at `address` of the run whose public seed is `seed`.
    ///
    /// # Errors
    /// [`NoRandomness`].
    pub fn rng(self, seed: Seed, address: Address) -> Result<NoiseRng, NoRandomness> {
        match self {
            Self::System => NoiseRng::from_os(),
            Self::Simulated => {
                let place = seed.round(address.round).node(address.node);
                Ok(NoiseRng::simulated(place.purpose(Purpose::PROTECTION)))
            }
        }
    }
}
