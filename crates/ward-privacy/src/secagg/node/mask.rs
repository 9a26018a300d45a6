//! Words put under masks, and consent to who survived.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use ward_core::secagg::{Consent, MaskedUpload};
use ward_core::{NodeId, RingSpec, Upload, Weighting};

use super::super::journal::{Journal, Step};
use super::super::mask::{MaskKey, Sign};
use super::super::refused::Refused;
use super::super::statements;
use super::super::words::{at_width, mask_words};
use super::deal::Held;
use super::reveal::Consented;
use super::{Here, ascends, enough, within};

/// A node that has everybody's shares and may mask one upload.
pub struct Masking {
    pub(super) here: Here,
    pub(super) masks: Vec<(MaskKey, Sign)>,
    pub(super) held: BTreeMap<NodeId, Held>,
    pub(super) sharers: Vec<NodeId>,
}

impl Masking {
    /// Puts the upload under the node's own mask and those with all its neighbours. Its weight and its
    /// weighted loss follow its words. The loss is a coordinate like the others, and is cut to the
    /// ring's range.
    ///
    /// # Errors
    /// [`Refused`] where the upload is not one of this session.
    pub fn mask(
        self,
        upload: Upload,
        threads: NonZeroUsize,
    ) -> Result<(Masked, MaskedUpload), Refused> {
        let params = &self.here.setting.session.params;
        if upload.words.len() as u64 != params.length {
            return Err(Refused::Length {
                got: upload.words.len(),
                expected: params.length,
            });
        }
        let most = match params.weighting {
            Weighting::Examples => params.ring.most_weight,
            Weighting::Uniform => 1,
        };
        if !(1..=most).contains(&upload.weight) {
            return Err(Refused::Weight(upload.weight));
        }
        if upload.loss.is_nan() {
            return Err(Refused::Loss);
        }
        let Upload {
            mut words,
            weight,
            loss,
        } = upload;
        words.extend([weight, fixed_loss(loss, &params.ring).wrapping_mul(weight)]);
        let mut words = at_width(words.into_vec(), params.width);
        let masks: Vec<(&MaskKey, Sign)> = self.masks.iter().map(|(k, s)| (k, *s)).collect();
        mask_words(&mut words, params.suite, &masks, threads);

        let (sid, me) = (self.here.sid, self.here.setting.me);
        let digest = statements::words(&sid, me, &words);
        let sharers = statements::sharers(&sid, &self.sharers);
        let signature = self
            .here
            .sign(&statements::masked(&sid, me, &digest, &sharers));
        let masked = Masked {
            here: self.here,
            held: self.held,
            sharers: self.sharers,
        };
        let upload = MaskedUpload {
            words,
            digest,
            sharers,
            signature,
        };
        Ok((masked, upload))
    }
}

/// A loss as a whole number of 2^-f, cut to the ring's range.
pub(crate) fn fixed_loss(loss: f64, ring: &RingSpec) -> u64 {
    let range = f64::from(ring.range);
    let scaled = loss.clamp(-range, range) * (1u64 << ring.fraction_bits) as f64;
    (scaled.round_ties_even() as i64).cast_unsigned()
}

/// A node whose upload is under masks. It knows them no more.
pub struct Masked {
    here: Here,
    held: BTreeMap<NodeId, Held>,
    sharers: Vec<NodeId>,
}

impl Masked {
    /// Consents to the survivors (U3): once in an attempt.
    ///
    /// # Errors
    /// [`Refused`] where the list is wrong or too short, or where the journal does not allow it.
    pub fn consent(
        self,
        survivors: &[NodeId],
        journal: &mut dyn Journal,
    ) -> Result<(Consented, Consent), Refused> {
        let Self {
            here,
            held,
            sharers,
        } = self;
        let (sid, me) = (here.sid, here.setting.me);
        if !ascends(survivors) {
            return Err(Refused::NotAscending);
        }
        within(survivors, &sharers)?;
        if survivors.binary_search(&me).is_err() {
            return Err(Refused::SelfMissing);
        }
        enough(survivors.len(), here.least())?;
        let u2 = statements::sharers(&sid, &sharers);
        let u3 = statements::survivors(&sid, survivors);
        if here.remembered(journal)?.consented.is_some() {
            return Err(Refused::OutOfTurn);
        }
        journal.record(here.line(Step::Consented(u3)))?;
        let signature = here.sign(&statements::consent(&sid, me, &u2, &u3));
        let consented = Consented {
            here,
            held,
            sharers,
            survivors: survivors.to_vec(),
        };
        Ok((consented, Consent { signature }))
    }
}
