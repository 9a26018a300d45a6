//! Coins whose probability is a fraction, or exp of minus a fraction: exactly so.
//!
//! A coin compares a random real number with a fraction. Nearly always the first 64 bits decide, and
//! floating point, whose error is bounded, is enough to see it; where they do not, long division goes on.

use super::noise::NoiseRng;

/// `above / below`, both exact; `below` is from 1 to 2^121.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fraction {
    pub(super) above: u128,
    pub(super) below: u128,
}

impl Fraction {
    fn value(self) -> f64 {
        self.above as f64 / self.below as f64
    }
}

/// Twice the relative error of a fraction's floating value, and then some.
const DOUBT: f64 = 1e-14;
/// 2^64.
const WORDS: f64 = 18_446_744_073_709_551_616.0;

/// True with probability `fraction`, which is at most 1. `value` is the fraction's floating value.
#[inline]
fn coin(rng: &mut NoiseRng, fraction: Fraction, value: f64) -> bool {
    let word = rng.word();
    let (drawn, edge) = (word as f64, value * WORDS);
    if drawn < edge * (1.0 - DOUBT) - 1.0 {
        true
    } else if drawn > edge * (1.0 + DOUBT) + 1.0 {
        false
    } else {
        divided(rng, fraction, word)
    }
}

/// The same by long division: whether a random number that begins with the bits of `word` is below.
#[cold]
fn divided(rng: &mut NoiseRng, fraction: Fraction, mut word: u64) -> bool {
    let Fraction { above, below } = fraction;
    if above >= below {
        return true;
    }
    let mut rest = above;
    loop {
        let mut digits = 0_u64;
        for _ in 0..64 {
            rest *= 2;
            let one = rest >= below;
            if one {
                rest -= below;
            }
            digits = digits << 1 | u64::from(one);
        }
        if word != digits {
            return word < digits;
        }
        word = rng.word();
    }
}

/// True with probability exp(-`fraction`), for a fraction up to 1 (Canonne, Kamath and Steinke 2020,
/// arXiv:2004.00010, Algorithm 1).
fn small(rng: &mut NoiseRng, fraction: Fraction) -> bool {
    let value = fraction.value();
    let mut turn = 1_u32;
    loop {
        let part = Fraction {
            above: fraction.above,
            below: fraction.below * u128::from(turn),
        };
        let certain = part.above >= part.below;
        if !certain && !coin(rng, part, value / f64::from(turn)) {
            return turn % 2 == 1;
        }
        turn += 1;
    }
}

/// True with probability exp(-`fraction`).
pub(super) fn exp_minus(rng: &mut NoiseRng, fraction: Fraction) -> bool {
    let Fraction { mut above, below } = fraction;
    while above > below {
        if !small(rng, Fraction { above: 1, below: 1 }) {
            return false;
        }
        above -= below;
    }
    small(rng, Fraction { above, below })
}

#[cfg(test)]
mod tests {
    use ward_core::Seed;

    use super::*;

    fn rng() -> NoiseRng {
        NoiseRng::simulated(Seed::run(5))
    }

    fn share(mut coin: impl FnMut() -> bool) -> f64 {
        let heads = (0..40_000).filter(|_| coin()).count();
        heads as f64 / 40_000.0
    }

    #[test]
    fn long_division_and_floating_point_say_the_same() {
        let mut rng = rng();
        for (above, below) in [
            (1, 3),
            (2, 7),
            (1 << 100, (1 << 101) + 12_345),
            (5, 5),
            (0, 9),
        ] {
            let fraction = Fraction { above, below };
            for shift in 0..64 {
                let word = 0x9e37_79b9_7f4a_7c15_u64.rotate_left(shift);
                let exact = divided(&mut rng, fraction, word);
                let edge = fraction.value() * WORDS;
                assert_eq!(exact, (word as f64) < edge, "{above}/{below} at {word:x}");
            }
        }
    }

    #[test]
    fn long_division_finds_the_last_bit() {
        // 1/3 in binary is .0101...: the word of its first 64 bits decides nothing, its neighbours all.
        let (third, mut rng) = (Fraction { above: 1, below: 3 }, rng());
        let edge = 0x5555_5555_5555_5555;
        assert!(divided(&mut rng, third, edge - 1));
        assert!(!divided(&mut rng, third, edge + 1));
        let on_edge = share(|| divided(&mut rng, third, edge));
        assert!((on_edge - 1.0 / 3.0).abs() < 0.01, "{on_edge}");
    }

    #[test]
    fn coins_fall_as_often_as_they_should() {
        let mut rng = rng();
        for (above, below) in [(0, 1), (1, 100), (1, 2), (1, 1), (5, 2), (31, 10)] {
            let fraction = Fraction { above, below };
            let found = share(|| exp_minus(&mut rng, fraction));
            let expected = (-fraction.value()).exp();
            assert!(
                (found - expected).abs() < 0.012,
                "exp(-{above}/{below}): {found}"
            );
        }
    }
}
