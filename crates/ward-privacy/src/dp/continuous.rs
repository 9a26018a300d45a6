//! Gaussian noise for the steps of training inside a hospital.
//!
//! Nobody sees a single step, only the update after many, so floating point is taken here; what is released
//! gets [discrete noise](super::discrete_gaussian). Each number can be the sum of several draws over the root
//! of their number, as in Opacus' secure mode, which takes four (after Holohan and Braghin 2021,
//! arXiv:2107.10138), so that a released number does not determine the uniform ones that it was made from.
//! That this suffices is not verified.

use zeroize::Zeroize;

use super::noise::NoiseRng;
use super::normal::{Normals, WORDS};

/// Fills `out` with numbers from N(0, 1), each made of `draws` draws.
pub fn fill(out: &mut [f32], draws: u32, rng: &mut NoiseRng) {
    let draws = draws.max(1);
    let share = 1.0 / f64::from(draws).sqrt();
    let (mut words, mut numbers, mut sums) = ([0; WORDS], [0.0; WORDS], [0.0; WORDS]);
    for block in out.chunks_mut(WORDS) {
        sums.fill(0.0);
        for _ in 0..draws {
            words.fill_with(|| rng.word());
            pulp::Arch::new().dispatch(Normals {
                words: &words,
                numbers: &mut numbers,
            });
            sums.iter_mut()
                .zip(&numbers)
                .for_each(|(sum, number)| *sum += number);
        }
        for (number, sum) in block.iter_mut().zip(&sums) {
            *number = (sum * share) as f32;
        }
    }
    words.zeroize();
}

/// `count` numbers from N(0, `deviation`^2), each made of four draws.
#[must_use]
pub fn gaussian_noise(count: usize, deviation: f64, rng: &mut NoiseRng) -> Vec<f32> {
    let mut numbers = vec![0.0; count];
    fill(&mut numbers, 4, rng);
    for number in &mut numbers {
        *number = (f64::from(*number) * deviation) as f32;
    }
    numbers
}
