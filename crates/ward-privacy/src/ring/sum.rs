//! The running sum of a round.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use ward_core::words::PartSum;
use ward_core::{Delta, Malformed, RingSpec, Upload};

use super::{add, check, mean};

/// A running sum of uploads. It holds one vector, and one for each [`Part`](crate::Part) that some
/// were entered in, whatever the number of hospitals.
pub struct RingSum {
    len: usize,
    /// Empty until something is added: the first words are copied, so that no page of zeros is read
    /// before it is written.
    words: Vec<u64>,
    parts: Vec<Arc<dyn PartSum>>,
    weight: u64,
    ring: RingSpec,
}

impl fmt::Debug for RingSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingSum")
            .field("weight", &self.weight)
            .field("ring", &self.ring)
            .finish_non_exhaustive()
    }
}

impl RingSum {
    /// The empty sum for models of `len` parameters.
    #[must_use]
    pub fn new(len: usize, ring: RingSpec) -> Self {
        Self {
            len,
            words: Vec::new(),
            parts: Vec::new(),
            weight: 0,
            ring,
        }
    }

    /// Checks one upload, as [`check`], and adds it.
    ///
    /// # Errors
    /// [`Malformed`] names the first thing that is wrong, and nothing has changed.
    pub fn accept(&mut self, upload: &Upload) -> Result<(), Malformed> {
        if self.words.is_empty() || upload.words.entry().is_some() {
            check(upload, self.len, &self.ring)?;
            self.add(upload);
            return Ok(());
        }
        super::accept(&mut self.words, upload, &self.ring)?;
        self.weight = self.weight.wrapping_add(upload.weight);
        Ok(())
    }

    /// Adds what needs no check: an upload that [`check`] has passed, a sum of such, or noise on one, of no
    /// weight. It must be as long as the sum.
    pub fn add(&mut self, upload: &Upload) {
        self.weight = self.weight.wrapping_add(upload.weight);
        match upload.words.entry() {
            Some(entry) if entry.sum.count(entry.number) => {
                let known = |part: &Arc<dyn PartSum>| Arc::ptr_eq(part, &entry.sum);
                if !self.parts.iter().any(known) {
                    self.parts.push(entry.sum.clone());
                }
            }
            _ if self.words.is_empty() => self.words.clone_from(&upload.words),
            _ => add(&mut self.words, &upload.words),
        }
    }

    /// The weights added so far.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// The weighted mean of everything added; zeros when nothing was.
    #[must_use]
    pub fn mean(&self) -> Delta {
        let mut words = if self.words.is_empty() {
            Cow::Owned(vec![0; self.len])
        } else {
            Cow::Borrowed(&self.words)
        };
        for part in &self.parts {
            part.add_to(words.to_mut());
        }
        mean(&words, self.weight, &self.ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Part;
    use crate::ring::tests::{RING, upload};
    use proptest::prelude::*;

    proptest! {
        /// Whatever is wrong with an upload, and whether its words are entered in a part or not.
        #[test]
        fn to_accept_is_to_check_and_to_add(
            uploads in prop::collection::vec(
                (
                    prop::collection::vec(-128.0_f32..=128.0, 3),
                    1_u64..60_000,
                    prop::sample::select(vec!["", "", "", "long", "short", "heavy", "far", "lossless"]),
                    any::<bool>(),
                ),
                1..12,
            ),
        ) {
            let parts = [Part::new(3, RING), Part::new(3, RING)];
            let (mut at_once, mut apart) = (RingSum::new(3, RING), RingSum::new(3, RING));
            for (values, weight, wrong, entered) in uploads {
                let mut upload = upload(&values, weight);
                match wrong {
                    "long" => upload.words.push(0),
                    "short" => upload.words.truncate(2),
                    "heavy" => upload.weight = 1 << 17,
                    // In the last place, so that all others are added before it is seen.
                    "far" => upload.words[2] = (129 << 32) * weight,
                    "lossless" => upload.loss = f64::NAN,
                    _ => (),
                }
                let each = parts.each_ref().map(|part| match entered {
                    true => part.enter(upload.clone()),
                    false => upload.clone(),
                });
                let told = at_once.accept(&each[0]);
                let checked = check(&each[1], 3, &RING);
                prop_assert_eq!(&told, &checked, "{}", wrong);
                prop_assert_eq!(told.is_ok(), wrong.is_empty(), "{}", wrong);
                if checked.is_ok() {
                    apart.add(&each[1]);
                }
                prop_assert_eq!(at_once.mean(), apart.mean());
                prop_assert_eq!(at_once.weight(), apart.weight());
            }
        }
    }
}
