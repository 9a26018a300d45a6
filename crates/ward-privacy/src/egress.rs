//! Searches what left a hospital for the hospital's own training rows, byte for byte.
//!
//! What it shows: no message holds a row as the hospital stores it. What it does not show: that
//! the updates themselves tell nothing about the rows. That needs secure aggregation and
//! differential privacy.

/// Rows shorter than this are not searched for: a few bytes occur everywhere by chance.
const SHORTEST_ROW: usize = 12;
/// Bits of the quick filter: 2^16.
const FILTER_BITS: u32 = 16;

/// An index over one hospital's rows, ready to search messages.
#[derive(Clone, Default)]
pub struct RowScanner {
    rows: Vec<Box<[u8]>>,
    /// (first four bytes, index of the row), sorted.
    heads: Vec<(u32, u32)>,
    filter: Vec<u64>,
}

impl std::fmt::Debug for RowScanner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RowScanner({} rows, redacted)", self.rows.len())
    }
}

impl RowScanner {
    /// An index over rows of `width` numbers each, searched for as little-endian `f32`.
    /// Rows under twelve bytes, and rows whose bytes are all equal, are left out:
    /// they would be found by chance.
    #[must_use]
    pub fn new(features: &[f32], width: usize) -> Self {
        let rows: Vec<Box<[u8]>> = features
            .chunks_exact(width.max(1))
            .map(|row| {
                row.iter()
                    .flat_map(|v| v.to_le_bytes())
                    .collect::<Box<[u8]>>()
            })
            .filter(|bytes| bytes.len() >= SHORTEST_ROW && bytes.iter().any(|b| *b != bytes[0]))
            .collect();
        let mut heads: Vec<(u32, u32)> = rows
            .iter()
            .enumerate()
            .map(|(i, row)| (head(row), i as u32))
            .collect();
        heads.sort_unstable();
        let mut filter = vec![0; 1 << (FILTER_BITS - 6)];
        for (head, _) in &heads {
            let (word, bit) = place(*head);
            filter[word] |= bit;
        }
        Self {
            rows,
            heads,
            filter,
        }
    }

    /// How many rows are searched for.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// How many times a row's bytes occur in `message`, at any offset.
    #[must_use]
    pub fn found_in(&self, message: &[u8]) -> u64 {
        if self.rows.is_empty() {
            return 0;
        }
        message
            .windows(4)
            .enumerate()
            .map(|(offset, window)| {
                let head = head(window);
                let (word, bit) = place(head);
                if self.filter[word] & bit == 0 {
                    0
                } else {
                    self.matches(head, &message[offset..])
                }
            })
            .sum()
    }

    fn matches(&self, head: u32, tail: &[u8]) -> u64 {
        let first = self.heads.partition_point(|(h, _)| *h < head);
        self.heads[first..]
            .iter()
            .take_while(|(h, _)| *h == head)
            .filter(|(_, row)| tail.starts_with(&self.rows[*row as usize]))
            .count() as u64
    }
}

fn head(bytes: &[u8]) -> u32 {
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn place(head: u32) -> (usize, u64) {
    let slot = head.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS);
    ((slot >> 6) as usize, 1 << (slot & 63))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(row: &[f32]) -> Vec<u8> {
        row.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    proptest! {
        #[test]
        fn a_planted_row_is_found_at_any_offset(
            rows in prop::collection::vec(prop::collection::vec(-10.0_f32..10.0, 4), 1..20),
            before in prop::collection::vec(any::<u8>(), 0..40),
            after in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let scanner = RowScanner::new(&rows.concat(), 4);
            let leak = [before, bytes(&rows[rows.len() / 2]), after].concat();
            prop_assert!(scanner.found_in(&leak) >= 1);
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_was_planted() {
        let scanner = RowScanner::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3);
        assert_eq!(scanner.rows(), 2);
        let shuffled = bytes(&[1.0, 2.0, 4.0, 5.0, 3.0, 6.0]);
        assert_eq!(scanner.found_in(&shuffled), 0);
        assert_eq!(scanner.found_in(&[]), 0);
    }

    #[test]
    fn rows_that_chance_would_find_are_not_searched() {
        assert_eq!(RowScanner::new(&[1.0, 2.0], 1).rows(), 0);
        assert_eq!(RowScanner::new(&[0.0; 8], 4).rows(), 0);
    }
}
