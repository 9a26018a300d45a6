//! sign(x) |x|^g of many numbers at a time: the same bits on every platform and however wide its vectors
//! are, which the platform's own `pow` does not promise.
//!
//!   |x| = 2^e m, m from sqrt(1/2) to sqrt(2);  s = (m - 1) / (m + 1)
//!   log2 |x| = e + 2 (s + s^3 / 3 + s^5 / 5 + ...) / ln 2
//!   |x|^g = 2^n exp((g log2 |x| - n) ln 2), n the nearest integer
//!
//! Series are cut where powers up to the third are right to 1e-11, less than a five-thousandth of the last
//! digit of an `f32`, in which brightness is stored. Of numbers so small that their power is below 2^-1022
//! the power is that.

use std::f64::consts::{LN_2, LOG2_E};

/// The bits of a number just below sqrt(1/2).
const HALF_ROOT: u64 = 0x3fe6_a09e_0000_0000;
/// The exponent's bias, and where it stands.
const BIAS: u64 = 1_023;
const EXPONENT: u32 = 52;
/// 2^52: put over small integers, it makes them the digits of an `f64`.
const DIGITS: f64 = 4_503_599_627_370_496.0;
/// 1.5 * 2^52: added to a number, it leaves the rounded integer in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;
/// 1 / 3, 1 / 5, ... of the logarithm's series.
const ODD: [f64; 6] = [
    1.0 / 3.0,
    1.0 / 5.0,
    1.0 / 7.0,
    1.0 / 9.0,
    1.0 / 11.0,
    1.0 / 13.0,
];
/// 1 / 0!, 1 / 1!, ... of the exponential's series.
const FACTORIALS: [f64; 11] = [
    1.0,
    1.0,
    0.5,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5_040.0,
    1.0 / 40_320.0,
    1.0 / 362_880.0,
    1.0 / 3_628_800.0,
];

/// sign(x) |x|^exponent of each.
pub(crate) fn signed_powers(values: &mut [f64], exponent: f64) {
    if exponent != 1.0 {
        pulp::Arch::new().dispatch(Powers { values, exponent });
    }
}

/// [`signed_powers`] with the processor's widest vectors.
struct Powers<'a> {
    values: &'a mut [f64],
    exponent: f64,
}

impl pulp::NullaryFnOnce for Powers<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for value in self.values {
            *value = power(*value, self.exponent);
        }
    }
}

#[inline(always)]
fn power(x: f64, exponent: f64) -> f64 {
    let positive = exp2((exponent * log2(x.abs())).clamp(-1_022.0, 1_023.0));
    if x == 0.0 { x } else { positive.copysign(x) }
}

/// Of a positive number that is not subnormal.
#[inline(always)]
fn log2(x: f64) -> f64 {
    let bits = x.to_bits();
    let biased = (bits.wrapping_add(BIAS << EXPONENT).wrapping_sub(HALF_ROOT)) >> EXPONENT;
    let m = bits.wrapping_sub(biased.wrapping_sub(BIAS) << EXPONENT);
    let m = f64::from_bits(m);
    let e = f64::from_bits(biased | DIGITS.to_bits()) - (DIGITS + BIAS as f64);
    let s = (m - 1.0) / (m + 1.0);
    let square = s * s;
    let ln = (2.0 * s).mul_add(square * series(&ODD, square), 2.0 * s);
    ln.mul_add(LOG2_E, e)
}

#[inline(always)]
fn exp2(y: f64) -> f64 {
    let rounded = y + ROUNDER;
    let part = (y - (rounded - ROUNDER)) * LN_2;
    series(&FACTORIALS, part) * f64::from_bits(rounded.to_bits().wrapping_add(BIAS) << EXPONENT)
}

/// The sum of `terms[i] x^i`, of even and odd powers apart: neither has to wait for the other.
#[inline(always)]
fn series<const N: usize>(terms: &[f64; N], x: f64) -> f64 {
    let square = x * x;
    let mut sums = [0.0; 2];
    for (i, term) in terms.iter().enumerate().rev() {
        sums[i % 2] = square.mul_add(sums[i % 2], *term);
    }
    x.mul_add(sums[1], sums[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_power(x in -1e3_f64..1e3, scale in -9_i32..3, exponent in 0.3_f64..3.0) {
            let x = x * 10.0_f64.powi(scale);
            let expected = x.signum() * x.abs().powf(exponent);
            let got = power(x, exponent);
            prop_assert!((got - expected).abs() <= 1e-11 * expected.abs(), "{got}, not {expected}");
        }

        #[test]
        fn many_are_each_alone(values in prop::collection::vec(-3.0_f64..3.0, 0..40), exponent in 0.5_f64..2.0) {
            let mut many = values.clone();
            signed_powers(&mut many, exponent);
            let alone: Vec<f64> = values.iter().map(|x| power(*x, exponent)).collect();
            prop_assert_eq!(many, alone);
        }
    }

    #[test]
    fn the_ends_are_what_they_should_be() {
        for exponent in [0.5, 0.8, 1.0, 1.25] {
            for (x, expected) in [(0.0, 0.0), (1.0, 1.0), (-1.0, -1.0)] {
                assert_eq!(power(x, exponent), expected);
            }
            assert!(power(1e-320, exponent) < 1e-150);
        }
        assert_eq!(power(4.0, 0.5), 2.0);
        assert_eq!(power(-0.25, 2.0), -0.0625);
    }
}
