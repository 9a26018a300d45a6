//! Ring words of one update, and whether a sum holds them already.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::RingSpec;

/// One word for each parameter. Whoever made them may have entered them in a sum already
/// ([`PartSum`]); then they need not be read again to be counted. Changing them takes them out.
#[derive(Clone)]
pub struct Words {
    words: Arc<Vec<u64>>,
    entry: Option<Entry>,
}

/// Where words stand in a sum.
#[derive(Clone)]
pub struct Entry {
    /// The sum.
    pub sum: Arc<dyn PartSum>,
    /// Under which number.
    pub number: u64,
    /// The weight with which they were checked.
    pub weight: u64,
}

/// A sum of words of which each is still to be counted, once; until then it is held apart.
pub trait PartSum: Send + Sync {
    /// Counts what was entered under `number`; `false` where that has happened already.
    fn count(&self, number: u64) -> bool;

    /// Adds everything that was counted to `sums`, word by word modulo 2^64.
    fn add_to(&self, sums: &mut [u64]);

    /// Whether all that was entered was checked as words of this ring for so many parameters.
    fn checked(&self, len: usize, ring: &RingSpec) -> bool;
}

impl Words {
    /// Words that were entered in a sum. The sum keeps them too, until they are counted.
    #[must_use]
    pub fn entered(words: Arc<Vec<u64>>, entry: Entry) -> Self {
        let entry = Some(entry);
        Self { words, entry }
    }

    /// Where they are entered, if they are.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// The words alone: theirs, or a copy where a sum keeps them too.
    #[must_use]
    pub fn into_vec(self) -> Vec<u64> {
        Arc::unwrap_or_clone(self.words)
    }

    /// The words for a sum to keep.
    #[must_use]
    pub fn shared(&self) -> Arc<Vec<u64>> {
        self.words.clone()
    }
}

impl From<Vec<u64>> for Words {
    fn from(words: Vec<u64>) -> Self {
        Self {
            words: Arc::new(words),
            entry: None,
        }
    }
}

impl Deref for Words {
    type Target = Vec<u64>;

    fn deref(&self) -> &Vec<u64> {
        &self.words
    }
}

impl DerefMut for Words {
    fn deref_mut(&mut self) -> &mut Vec<u64> {
        self.entry = None;
        Arc::make_mut(&mut self.words)
    }
}

impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.words.fmt(f)
    }
}
