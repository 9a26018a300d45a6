//! What a coordinator saw of one hospital's update, beside the update itself: counts of words, for a
//! picture. Only a simulation, which plays both sides, can hold one beside the other.

use serde::{Deserialize, Serialize};

/// Classes of each histogram.
pub const CLASSES: usize = 32;

/// One hospital's update in the clear and under masks, word by word in counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// Words compared.
    pub words: u64,
    /// The largest magnitude of the update's numbers.
    pub largest: f64,
    /// How many numbers fall into each of [`CLASSES`] equal parts of -`largest` to `largest`.
    pub clear: Vec<u64>,
    /// Bits of a masked word.
    pub word_bits: u32,
    /// How many masked words, in two's complement, fall into each of [`CLASSES`] equal parts of the ring.
    pub masked: Vec<u64>,
    /// Pearson's correlation of the two, -1 to 1; 0 where all numbers are the same.
    pub correlation: f64,
}
