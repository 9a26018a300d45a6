//! Stands in for the sampler.
use rand::{Rng, SeedableRng};
use ward_core::Seed;
/// x
pub struct NoiseRng(rand_chacha::ChaCha20Rng);
impl NoiseRng {
    /// x
    /// # Errors
    /// x
    pub fn from_os() -> Result<Self, String> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| e.to_string())?;
        Ok(Self(rand_chacha::ChaCha20Rng::from_seed(seed)))
    }
    /// x
    pub fn simulated(seed: Seed) -> Self {
        Self(rand_chacha::ChaCha20Rng::from_seed(seed.to_bytes()))
    }
    /// Normal numbers of deviation 1. Each is the sum of so many draws over the root of their number.
    pub fn gaussian(&mut self, out: &mut [f32], draws: u32) {
        super::normal::fill(out, draws, |words| {
            let mut bytes = [0; 8 * super::normal::WORDS];
            self.0.fill_bytes(&mut bytes);
            for (word, eight) in words.iter_mut().zip(bytes.as_chunks().0) {
                *word = u64::from_le_bytes(*eight);
            }
        });
    }
}
impl rand::TryRng for NoiseRng {
    type Error = std::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Ok(self.0.next_u32())
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Ok(self.0.next_u64())
    }
    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill_bytes(dst);
        Ok(())
    }
}
/// x
pub struct DiscreteGaussian(f64);
impl DiscreteGaussian {
    /// x
    #[must_use]
    pub fn new(deviation: f64) -> Self {
        Self(deviation)
    }
    /// x
    pub fn sample(&self, rng: &mut NoiseRng) -> i64 {
        use rand_distr::{Distribution, StandardNormal};
        let x: f64 = StandardNormal.sample(&mut rng.0);
        (x * self.0).round() as i64
    }
}
