//! A part of a round's sum, made where the uploads are made.
//!
//! To carry an upload's words from one processor's cache to another's takes a good part of the time
//! that it takes to train a small model. So a thread that makes many uploads checks and adds them
//! itself, and whoever counts them says which ones count. Sums are exact, so it makes no difference
//! to their bits.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ward_core::words::{Entry, PartSum};
use ward_core::{RingSpec, Upload, Words};

use crate::ring;

/// The sum of what one thread made in one round. Of each upload that is not counted yet it holds the
/// words, which the upload holds too.
pub struct Part {
    len: usize,
    ring: RingSpec,
    sum: Mutex<Vec<u64>>,
    uncounted: Mutex<Uncounted>,
}

#[derive(Default)]
struct Uncounted {
    number: u64,
    words: BTreeMap<u64, Arc<Vec<u64>>>,
}

impl Part {
    /// The empty part of a sum for models of `len` parameters. All uploads that enter it must be of
    /// one round, since they are counted in one sum.
    #[must_use]
    pub fn new(len: usize, ring: RingSpec) -> Arc<Self> {
        Arc::new(Self {
            len,
            ring,
            sum: Mutex::new(vec![0; len]),
            uncounted: Mutex::default(),
        })
    }

    /// Checks an upload and enters it. One that is malformed is left as it is, to be refused by
    /// whoever counts.
    #[must_use]
    pub fn enter(self: &Arc<Self>, upload: Upload) -> Upload {
        let mut sum = lock(&self.sum);
        if ring::accept(&mut sum, &upload, &self.ring).is_err() {
            return upload;
        }
        let words = upload.words.shared();
        let mut uncounted = lock(&self.uncounted);
        uncounted.number += 1;
        let number = uncounted.number;
        uncounted.words.insert(number, words.clone());
        let entry = Entry {
            sum: self.clone(),
            number,
            weight: upload.weight,
        };
        Upload {
            words: Words::entered(words, entry),
            ..upload
        }
    }
}

impl PartSum for Part {
    fn count(&self, number: u64) -> bool {
        lock(&self.uncounted).words.remove(&number).is_some()
    }

    fn add_to(&self, sums: &mut [u64]) {
        // While the sum is held nothing enters, so that both belong together.
        let sum = lock(&self.sum);
        ring::add(sums, &sum);
        for words in lock(&self.uncounted).words.values() {
            ring::subtract(sums, words);
        }
    }

    fn checked(&self, len: usize, ring: &RingSpec) -> bool {
        self.len == len && self.ring == *ring
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing panics while one is held.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RingSum;
    use crate::ring::tests::{RING, upload};
    use proptest::prelude::*;
    use ward_core::Malformed;

    proptest! {
        #[test]
        fn a_sum_does_not_tell_which_uploads_were_entered_where(
            updates in prop::collection::vec(
                (prop::collection::vec(-128.0_f32..=128.0, 5), 1_u64..60_000, 0_usize..4, any::<bool>()),
                1..20,
            ),
        ) {
            let parts = [Part::new(5, RING), Part::new(5, RING), Part::new(5, RING)];
            let (mut plain, mut parted) = (RingSum::new(5, RING), RingSum::new(5, RING));
            for (values, weight, place, counted) in &updates {
                let upload = upload(values, *weight);
                // The fourth place is none.
                let entered = match parts.get(*place) {
                    Some(part) => part.enter(upload.clone()),
                    None => upload.clone(),
                };
                prop_assert_eq!(ring::check(&entered, 5, &RING), Ok(()));
                prop_assert_eq!(&entered, &upload);
                if *counted {
                    plain.add(&upload);
                    parted.add(&entered);
                }
            }
            prop_assert_eq!(parted.weight(), plain.weight());
            prop_assert_eq!(parted.mean(), plain.mean());
        }
    }

    #[test]
    fn what_is_counted_twice_counts_twice() {
        let part = Part::new(1, RING);
        let entered = part.enter(upload(&[3.0], 1));
        let mut sum = RingSum::new(1, RING);
        sum.add(&entered);
        sum.add(&entered.clone());
        sum.add(&upload(&[0.0], 1));
        assert_eq!(sum.mean().0, [2.0]);
    }

    #[test]
    fn what_changes_after_it_was_entered_is_taken_for_what_it_has_become() {
        let part = Part::new(1, RING);
        let mut entered = part.enter(upload(&[3.0], 1));
        entered.words[0] = 1 << 62;
        assert_eq!(
            ring::check(&entered, 1, &RING),
            Err(Malformed::OutOfRange { index: 0 })
        );
        entered.words[0] = 1 << 32;
        let mut sum = RingSum::new(1, RING);
        sum.add(&entered);
        assert_eq!(sum.mean().0, [1.0]);
    }

    #[test]
    fn a_weight_or_a_model_that_is_another_is_checked_anew() {
        let part = Part::new(1, RING);
        let entered = part.enter(upload(&[128.0], 2));
        let lighter = Upload {
            weight: 1,
            ..entered.clone()
        };
        assert!(ring::check(&lighter, 1, &RING).is_err());
        assert!(ring::check(&entered, 2, &RING).is_err());
        let narrow = RingSpec { range: 1.0, ..RING };
        assert!(ring::check(&entered, 1, &narrow).is_err());
    }

    #[test]
    fn what_is_malformed_does_not_enter() {
        let part = Part::new(2, RING);
        let _ = part.enter(upload(&[1.0, -2.0], 1));
        let short = part.enter(upload(&[1.0], 1));
        assert!(short.words.entry().is_none());
        let mut far = upload(&[1.0, 1.0], 1);
        far.words[1] = 129 << 32;
        assert!(part.enter(far).words.entry().is_none());
        // What is not counted is taken from the part again: nothing is left of either.
        let mut sums = [0; 2];
        part.add_to(&mut sums);
        assert_eq!(sums, [0; 2]);
    }
}
