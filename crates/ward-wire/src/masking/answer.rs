//! What a node answers in a masked round, on the wire.

use ward_core::secagg::{
    Commitments, MaskedUpload, MaskedWords, RevealedShare, Revelation, ShareKind, ShareOffer,
};
use ward_core::{MaskingAnswer, NodeId};

use super::{
    bytes, consent_message, envelope_message, offer_message, opening_message, read_consent,
    read_envelopes, read_offer, read_opening,
};
use crate::Packed;
use crate::proto::{self, masking_answer};
use crate::tensor::{Manifest, Tensor};
use crate::unreadable::{Unreadable, array};

/// The message of `answer`; `name` gives the manifest of its words.
pub(crate) fn answer_message(
    answer: &MaskingAnswer,
    name: impl FnOnce(&MaskedWords) -> Manifest,
) -> masking_answer::Answer {
    /// The session says who speaks.
    const SPEAKER: NodeId = NodeId(0);
    match answer {
        MaskingAnswer::Keys(offer) => {
            masking_answer::Answer::Keys(offer_message(&(SPEAKER, *offer)))
        }
        MaskingAnswer::Opening(opening) => {
            masking_answer::Answer::Opening(opening_message(&(SPEAKER, *opening)))
        }
        MaskingAnswer::Shares(offer) => masking_answer::Answer::Shares(proto::ShareOffer {
            self_seed: bytes(&offer.self_seed),
            own_mask_key: bytes(&offer.own.mask_key),
            own_self_seed: bytes(&offer.own.self_seed),
            envelopes: offer.envelopes.iter().map(envelope_message).collect(),
            signature: bytes(&offer.signature),
        }),
        MaskingAnswer::Upload(upload) => masking_answer::Answer::Upload(proto::MaskedUpload {
            words: Some((&name(&upload.words)).into()),
            digest: bytes(&upload.digest),
            sharers: bytes(&upload.sharers),
            signature: bytes(&upload.signature),
        }),
        MaskingAnswer::Consent(consent) => {
            masking_answer::Answer::Consent(consent_message(&(SPEAKER, *consent)))
        }
        MaskingAnswer::Revelation(revelation) => {
            masking_answer::Answer::Revelation(proto::Revelation {
                shares: revelation.shares.iter().map(share_message).collect(),
            })
        }
    }
}

pub(crate) fn read_answer(
    answer: Option<masking_answer::Answer>,
    tensor: Option<Tensor>,
) -> Result<MaskingAnswer, Unreadable> {
    let answer = answer.ok_or(Unreadable::Missing("masking.answer"))?;
    Ok(match answer {
        masking_answer::Answer::Keys(m) => MaskingAnswer::Keys(read_offer(&m)?.1),
        masking_answer::Answer::Opening(m) => MaskingAnswer::Opening(read_opening(&m)?.1),
        masking_answer::Answer::Shares(m) => MaskingAnswer::Shares(ShareOffer {
            self_seed: array("shares.self_seed", &m.self_seed)?,
            own: Commitments {
                mask_key: array("shares.own_mask_key", &m.own_mask_key)?,
                self_seed: array("shares.own_self_seed", &m.own_self_seed)?,
            },
            envelopes: read_envelopes(&m.envelopes)?,
            signature: array("shares.signature", &m.signature)?,
        }),
        masking_answer::Answer::Upload(m) => {
            let words = m.words.ok_or(Unreadable::Missing("upload.words"))?;
            let tensor = Packed::<()>::claim(tensor, &Manifest::try_from(words)?)?;
            MaskingAnswer::Upload(MaskedUpload {
                words: tensor.masked()?,
                digest: array("upload.digest", &m.digest)?,
                sharers: array("upload.sharers", &m.sharers)?,
                signature: array("upload.signature", &m.signature)?,
            })
        }
        masking_answer::Answer::Consent(m) => MaskingAnswer::Consent(read_consent(&m)?.1),
        masking_answer::Answer::Revelation(m) => MaskingAnswer::Revelation(Revelation {
            shares: m.shares.iter().map(read_share).collect::<Result<_, _>>()?,
        }),
    })
}

fn share_message(share: &RevealedShare) -> proto::RevealedShare {
    let kind = match share.kind {
        ShareKind::MaskKey => proto::ShareKind::MaskKey,
        ShareKind::SelfSeed => proto::ShareKind::SelfSeed,
    };
    proto::RevealedShare {
        of: share.of.0,
        kind: kind.into(),
        share: bytes(&share.share),
    }
}

fn read_share(message: &proto::RevealedShare) -> Result<RevealedShare, Unreadable> {
    let kind = match message.kind() {
        proto::ShareKind::MaskKey => ShareKind::MaskKey,
        proto::ShareKind::SelfSeed => ShareKind::SelfSeed,
        proto::ShareKind::Unspecified => {
            return Err(Unreadable::Unknown {
                field: "share.kind",
                got: message.kind,
            });
        }
    };
    Ok(RevealedShare {
        of: NodeId(message.of),
        kind,
        share: array("share.share", &message.share)?,
    })
}
