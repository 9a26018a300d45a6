//! Batcher's odd-even merge sort as a list of comparisons (Batcher 1968; Knuth, volume 3, 5.2.2,
//! algorithm M).
//!
//! Which pairs are compared does not depend on the values, so many coordinates are sorted together,
//! one to a lane, with minima and maxima and no branch. n values take about n (log₂ n)² / 4
//! comparisons: 31 for 10, 1,077 for 100.

/// The comparisons that sort `count` values: each moves the lesser to the first place of a pair.
pub(crate) fn network(count: usize) -> Vec<(u32, u32)> {
    let mut pairs = Vec::new();
    let top = count.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            let from = (0..count.saturating_sub(d)).filter(|i| i & p == r);
            pairs.extend(from.map(|i| (i as u32, (i + d) as u32)));
            if q == p {
                break;
            }
            (d, q, r) = (q - p, q / 2, p);
        }
        p /= 2;
    }
    pairs
}

/// Sorts each lane of `rows`.
#[inline(always)]
pub(crate) fn sort<T: Copy + PartialOrd, const W: usize>(
    network: &[(u32, u32)],
    rows: &mut [[T; W]],
) {
    for &(low, high) in network {
        let (a, b) = (rows[low as usize], rows[high as usize]);
        let (mut least, mut most) = (a, b);
        for w in 0..W {
            least[w] = if b[w] < a[w] { b[w] } else { a[w] };
            most[w] = if b[w] < a[w] { a[w] } else { b[w] };
        }
        rows[low as usize] = least;
        rows[high as usize] = most;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_network_sorts_every_sequence_of_zeros_and_ones() {
        // Which is all sequences (Knuth's 0-1 principle); 32 of them to a pass.
        for count in 0..=14_usize {
            let network = network(count);
            for block in 0..(1_u32 << count).div_ceil(32) {
                let bit = |i: usize, w: usize| ((block * 32 + w as u32) >> i) & 1;
                let mut rows: Vec<[u32; 32]> = (0..count)
                    .map(|i| std::array::from_fn(|w| bit(i, w)))
                    .collect();
                sort(&network, &mut rows);
                for pair in rows.windows(2) {
                    assert!((0..32).all(|w| pair[0][w] <= pair[1][w]), "{count}");
                }
            }
        }
        assert_eq!(network(10).len(), 31);
    }

    proptest! {
        #[test]
        fn long_sequences_are_sorted_too(mut values in prop::collection::vec(-9_i32..9, 0..300)) {
            let mut rows: Vec<[i32; 1]> = values.iter().map(|&v| [v]).collect();
            sort(&network(rows.len()), &mut rows);
            values.sort_unstable();
            prop_assert_eq!(rows.concat(), values);
        }
    }
}
