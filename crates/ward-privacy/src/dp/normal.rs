//! Normal numbers from random words, several at a time (Box and Muller 1958).
//!
//! Additions, products and roots are the only steps, in a fixed order, so the numbers are the same
//! however wide the processor's vectors are. The radius has 64 random bits, so that tails reach 9.4
//! deviations; the angle has 53.

/// Pairs that are made side by side.
const PAIRS: usize = 16;

/// 1.5 * 2^52: added to a number below 2^51, it leaves the rounded integer in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Words that are asked for at a time.
pub(super) const WORDS: usize = 16 * PAIRS;

/// [`normal_pairs`] with the processor's widest vectors.
pub(super) struct Normals<'a> {
    /// Pairs of a radius' and an angle's words, [`PAIRS`] of each at a time.
    pub(super) words: &'a [u64; WORDS],
    /// As many normal numbers.
    pub(super) numbers: &'a mut [f64; WORDS],
}

impl pulp::NullaryFnOnce for Normals<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let words = self.words.as_chunks::<PAIRS>().0.as_chunks::<2>().0;
        let numbers = self
            .numbers
            .as_chunks_mut::<PAIRS>()
            .0
            .as_chunks_mut::<2>()
            .0;
        for ([radii, angles], [first, second]) in words.iter().zip(numbers) {
            (*first, *second) = normal_pairs(radii, angles);
        }
    }
}

/// Two normal numbers for each pair of words: `radii` give the radius, `angles` the angle.
#[inline(always)]
fn normal_pairs(radii: &[u64; PAIRS], angles: &[u64; PAIRS]) -> ([f64; PAIRS], [f64; PAIRS]) {
    let (mut first, mut second) = ([0.0; PAIRS], [0.0; PAIRS]);
    for i in 0..PAIRS {
        let radius = (-2.0 * ln(unit(radii[i]))).sqrt();
        let (sin, cos) = sin_cos_of_turn(turn(angles[i]));
        first[i] = radius * cos;
        second[i] = radius * sin;
    }
    (first, second)
}

/// `(word + 1/2) 2^-64`, above 0 and at most 1: the high and the low half apart, each exact.
#[inline(always)]
fn unit(word: u64) -> f64 {
    const HIGH: f64 = 1.0 / 4_294_967_296.0;
    let half = |bits: u64| f64::from_bits(bits | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    let (high, low) = (half(word >> 32), half(word & 0xffff_ffff) + 0.5);
    high.mul_add(HIGH, low * (HIGH * HIGH))
}

/// A multiple of 2^-53 from -1/2 to below 1/2.
#[inline(always)]
fn turn(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x3ff0_0000_0000_0000) - 1.5
}

/// The natural logarithm of a normal number above 0: `ln(2^e m)` with m from 1/sqrt 2 to sqrt 2, and
/// `ln m = 2 artanh((m - 1) / (m + 1))` by its series.
#[inline(always)]
fn ln(x: f64) -> f64 {
    const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(ROOT_HALF);
    // The exponent modulo 2^12, made positive: its bits are the low ones of a number near 2^52.
    let biased = (shifted >> 52).wrapping_add(2_048) & 0xfff;
    let e = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 2_048.0);
    let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff).wrapping_add(ROOT_HALF));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let mut sum = 1.0 / 21.0;
    for term in [19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0] {
        sum = z.mul_add(sum, 1.0 / term);
    }
    e.mul_add(std::f64::consts::LN_2, 2.0 * s * sum)
}

/// Sine and cosine of `turn` times 2 pi, `turn` from -1/2 to 1/2.
#[inline(always)]
fn sin_cos_of_turn(turn: f64) -> (f64, f64) {
    let rounded = turn.mul_add(4.0, ROUNDER);
    let quarter = rounded.to_bits() & 3;
    let rest = turn - (rounded - ROUNDER) * 0.25;
    let x = rest * std::f64::consts::TAU; // within pi/4 of 0
    let z = x * x;
    let mut sin = -1.0 / 1_307_674_368_000.0;
    for term in [
        1.0 / 6_227_020_800.0,
        -1.0 / 39_916_800.0,
        1.0 / 362_880.0,
        -1.0 / 5_040.0,
        1.0 / 120.0,
        -1.0 / 6.0,
        1.0,
    ] {
        sin = z.mul_add(sin, term);
    }
    sin *= x;
    let mut cos = 1.0 / 20_922_789_888_000.0;
    for term in [
        -1.0 / 87_178_291_200.0,
        1.0 / 479_001_600.0,
        -1.0 / 3_628_800.0,
        1.0 / 40_320.0,
        -1.0 / 720.0,
        1.0 / 24.0,
        -0.5,
        1.0,
    ] {
        cos = z.mul_add(cos, term);
    }
    let (a, b) = if quarter & 1 == 0 {
        (sin, cos)
    } else {
        (cos, sin)
    };
    let sin_sign = if quarter >= 2 { -1.0 } else { 1.0 };
    let cos_sign = if quarter == 1 || quarter == 2 {
        -1.0
    } else {
        1.0
    };
    (sin_sign * a, cos_sign * b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn logarithms_are_those_of_the_library(word in any::<u64>(), shift in 0_u32..64) {
            let x = unit(word >> shift);
            let exact = libm::log(x);
            prop_assert!((ln(x) - exact).abs() <= 4e-16 * exact.abs().max(1e-3), "{x}: {} {exact}", ln(x));
        }

        #[test]
        fn sines_are_those_of_the_library(word in any::<u64>()) {
            let at = turn(word);
            prop_assert!((-0.5..0.5).contains(&at));
            let (sin, cos) = sin_cos_of_turn(at);
            let (s, c) = libm::sincos(at * std::f64::consts::TAU);
            prop_assert!((sin - s).abs() < 1e-15 && (cos - c).abs() < 1e-15, "{at}");
        }
    }

    #[test]
    fn ends_are_numbers() {
        assert!(unit(0) > 0.0 && unit(u64::MAX) <= 1.0);
        assert!((ln(unit(0)) + 65.0 * std::f64::consts::LN_2).abs() < 1e-12);
        assert!(ln(unit(u64::MAX)) <= 0.0);
        let (first, second) = normal_pairs(&[u64::MAX; PAIRS], &[0; PAIRS]);
        assert!(first.iter().chain(&second).all(|x| x.is_finite()));
    }
}
