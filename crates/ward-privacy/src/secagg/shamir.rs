//! Shamir's sharing of 32-byte secrets, byte by byte over GF(2^8) with polynomial 0x11b.
//!
//! Shamir 1979, doi:10.1145/359168.359176. A holder's x is public; shares and coefficients are secret,
//! and no branch or memory address depends on them. There are no tables.

use super::secret::{Secret, SecretRng};

/// The most holders of one secret: x runs from 1 to 255.
pub(crate) const MOST_HOLDERS: usize = 255;

/// `a * x` in every byte.
fn times(a: &mut [u8; 32], x: u8) {
    let mut product = [0; 32];
    for bit in 0..8 {
        let taken = 0_u8.wrapping_sub(x >> bit & 1);
        for (sum, a) in product.iter_mut().zip(a.iter_mut()) {
            *sum ^= *a & taken;
            *a = *a << 1 ^ (0x1b & 0_u8.wrapping_sub(*a >> 7));
        }
    }
    *a = product;
}

fn product(a: u8, b: u8) -> u8 {
    let (mut a, mut sum) = (a, 0);
    for bit in 0..8 {
        sum ^= a & 0_u8.wrapping_sub(b >> bit & 1);
        a = a << 1 ^ (0x1b & 0_u8.wrapping_sub(a >> 7));
    }
    sum
}

/// `1 / x` as `x^254`; 0 for 0.
fn inverse(x: u8) -> u8 {
    let square = |x| product(x, x);
    let mut power = x;
    for _ in 0..6 {
        power = product(square(power), x);
    }
    square(power)
}

/// Shares of `secret` for x = 1 to `holders`, of which any `threshold` restore it and fewer tell
/// nothing.
pub(crate) fn split(
    secret: &Secret,
    threshold: usize,
    holders: usize,
    rng: &mut SecretRng,
) -> Vec<Secret> {
    let coefficients: Vec<Secret> = (1..threshold).map(|_| Secret::draw(rng)).collect();
    (1..=holders.min(MOST_HOLDERS))
        .map(|x| evaluate(secret, &coefficients, x as u8))
        .collect()
}

/// The polynomial with these coefficients at `x`, by Horner's rule.
pub(super) fn evaluate(secret: &Secret, coefficients: &[Secret], x: u8) -> Secret {
    let mut share = Secret::zeros();
    let sum = share.bytes_mut();
    for coefficient in coefficients.iter().rev().chain([secret]) {
        times(sum, x);
        sum.iter_mut()
            .zip(coefficient.bytes())
            .for_each(|(sum, c)| *sum ^= c);
    }
    share
}

/// The secret of which these are shares, each with its x. The xs are distinct and not 0, and there are
/// at least as many as the threshold.
pub(crate) fn join(shares: &[(u8, &[u8; 32])]) -> Secret {
    let mut secret = Secret::zeros();
    for &(x, share) in shares {
        let others = shares.iter().map(|&(other, _)| other).filter(|&o| o != x);
        let factor = others.fold(1, |factor, other| {
            product(factor, product(other, inverse(other ^ x)))
        });
        let mut term = Secret::of(share);
        times(term.bytes_mut(), factor);
        let sum = secret.bytes_mut().iter_mut();
        sum.zip(term.bytes()).for_each(|(sum, t)| *sum ^= t);
    }
    secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn draw(seed: u8) -> (Secret, SecretRng) {
        let mut rng = SecretRng::from_seed([seed; 32]);
        (Secret::draw(&mut rng), rng)
    }

    #[test]
    fn every_number_but_zero_has_an_inverse() {
        for x in 1..=255 {
            assert_eq!(product(x, inverse(x)), 1);
        }
        assert_eq!(product(0x57, 0x83), 0xc1);
    }

    proptest! {
        #[test]
        fn any_threshold_of_shares_restores_the_secret(
            seed: u8, holders in 3_usize..=40, spare in 0_usize..38, order: prop::sample::Index,
        ) {
            let threshold = holders - spare.min(holders - 2);
            let (secret, mut rng) = draw(seed);
            let shares = split(&secret, threshold, holders, &mut rng);
            let mut chosen: Vec<(u8, &[u8; 32])> =
                (1..).zip(shares.iter().map(Secret::bytes)).collect();
            chosen.rotate_left(order.index(holders));
            chosen.truncate(threshold);
            let joined = join(&chosen);
            prop_assert_eq!(joined.bytes(), secret.bytes());
        }
    }

    /// One byte, threshold 3: with two shares fixed, every secret has exactly one polynomial.
    #[test]
    fn fewer_shares_are_consistent_with_every_secret() {
        let (x1, x2) = (3, 7);
        let mut secrets = std::collections::BTreeSet::new();
        for third in 0..=255_u8 {
            let [one, two, three] = [[0xa5; 32], [0x3c; 32], [third; 32]];
            secrets.insert(join(&[(x1, &one), (x2, &two), (9, &three)]).bytes()[0]);
        }
        assert_eq!(secrets.len(), 256);
    }

    #[test]
    fn all_255_holders_have_shares() {
        let (secret, mut rng) = draw(2);
        let shares = split(&secret, 171, 255, &mut rng);
        let last: Vec<(u8, &[u8; 32])> = (85..=255)
            .map(|x| (x, shares[usize::from(x) - 1].bytes()))
            .collect();
        assert_eq!(last.len(), 171);
        assert_eq!(join(&last).bytes(), secret.bytes());
        assert_ne!(join(&last[1..]).bytes(), secret.bytes());
    }
}
