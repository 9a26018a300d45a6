//! The steps of a masked round on the wire.

use std::sync::Arc;

use bytes::Bytes;
use ward_core::secagg::{
    Commitments, Consent, DrawOpening, Envelope, KeyOffer, MaskedUpload, RevealedShare, Revelation,
    ShareKind, ShareOffer, SharesForYou,
};
use ward_core::{MaskSuite, MaskingAnswer, MaskingOrder, MaskingStep, NodeId};

use crate::Packed;
use crate::proto::{self, masking_answer, masking_step};
use crate::tensor::{Manifest, Tensor};
use crate::unreadable::{Unreadable, array};

impl From<&MaskingOrder> for proto::MaskingOrder {
    fn from(order: &MaskingOrder) -> Self {
        let suite = match order.suite {
            MaskSuite::ChaCha20 => proto::MaskSuite::Chacha20,
            MaskSuite::Aes256Ctr => proto::MaskSuite::Aes256Ctr,
        };
        Self {
            suite: suite.into(),
            attempt: order.attempt,
            cohort: ids(&order.cohort),
            min_survivors: order.min_survivors,
        }
    }
}

impl TryFrom<proto::MaskingOrder> for MaskingOrder {
    type Error = Unreadable;

    fn try_from(message: proto::MaskingOrder) -> Result<Self, Unreadable> {
        let suite = match message.suite() {
            proto::MaskSuite::Chacha20 => MaskSuite::ChaCha20,
            proto::MaskSuite::Aes256Ctr => MaskSuite::Aes256Ctr,
            proto::MaskSuite::Unspecified => {
                return Err(Unreadable::Unknown {
                    field: "masking.suite",
                    got: message.suite,
                });
            }
        };
        Ok(Self {
            suite,
            attempt: message.attempt,
            cohort: nodes(message.cohort),
            min_survivors: message.min_survivors,
        })
    }
}

pub(crate) fn step_message(step: &MaskingStep) -> masking_step::Step {
    match step {
        MaskingStep::Open { offers } => masking_step::Step::Open(proto::Open {
            offers: offers.iter().map(offer_message).collect(),
        }),
        MaskingStep::Share { offers, openings } => masking_step::Step::Share(proto::Share {
            offers: offers.iter().map(offer_message).collect(),
            openings: openings.iter().map(opening_message).collect(),
        }),
        MaskingStep::Mask { shares } => masking_step::Step::Mask(proto::Mask {
            envelopes: shares.envelopes.iter().map(envelope_message).collect(),
            sharers: ids(&shares.sharers),
        }),
        MaskingStep::Confirm { survivors } => masking_step::Step::Confirm(proto::Confirm {
            survivors: ids(survivors),
        }),
        MaskingStep::Reveal { consents } => masking_step::Step::Reveal(proto::Reveal {
            consents: consents.iter().map(consent_message).collect(),
        }),
    }
}

pub(crate) fn read_step(step: Option<masking_step::Step>) -> Result<MaskingStep, Unreadable> {
    Ok(match step.ok_or(Unreadable::Missing("masking.step"))? {
        masking_step::Step::Open(m) => MaskingStep::Open {
            offers: all(&m.offers, read_offer)?,
        },
        masking_step::Step::Share(m) => MaskingStep::Share {
            offers: all(&m.offers, read_offer)?,
            openings: all(&m.openings, read_opening)?,
        },
        masking_step::Step::Mask(m) => MaskingStep::Mask {
            shares: SharesForYou {
                envelopes: read_envelopes(&m.envelopes)?,
                sharers: nodes(m.sharers),
            },
        },
        masking_step::Step::Confirm(m) => MaskingStep::Confirm {
            survivors: Arc::new(nodes(m.survivors)),
        },
        masking_step::Step::Reveal(m) => MaskingStep::Reveal {
            consents: all(&m.consents, read_consent)?,
        },
    })
}

/// The message of `answer`; `name` gives the manifest of its words.
pub(crate) fn answer_message(
    answer: &MaskingAnswer,
    name: impl FnOnce(&[u64]) -> Manifest,
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
                words: tensor.words()?.into(),
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

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn ids(nodes: &[NodeId]) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

fn nodes(ids: Vec<u32>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
}

fn all<M, T>(
    messages: &[M],
    read: impl Fn(&M) -> Result<T, Unreadable>,
) -> Result<Arc<Vec<T>>, Unreadable> {
    let all: Result<Vec<T>, Unreadable> = messages.iter().map(read).collect();
    all.map(Arc::new)
}

fn offer_message((node, offer): &(NodeId, KeyOffer)) -> proto::KeyOffer {
    proto::KeyOffer {
        node: node.0,
        channel: bytes(&offer.channel),
        mask: bytes(&offer.mask),
        draw: bytes(&offer.draw),
        signature: bytes(&offer.signature),
    }
}

fn read_offer(message: &proto::KeyOffer) -> Result<(NodeId, KeyOffer), Unreadable> {
    let offer = KeyOffer {
        channel: array("keys.channel", &message.channel)?,
        mask: array("keys.mask", &message.mask)?,
        draw: array("keys.draw", &message.draw)?,
        signature: array("keys.signature", &message.signature)?,
    };
    Ok((NodeId(message.node), offer))
}

fn opening_message((node, opening): &(NodeId, DrawOpening)) -> proto::DrawOpening {
    proto::DrawOpening {
        node: node.0,
        draw: bytes(&opening.0),
    }
}

fn read_opening(message: &proto::DrawOpening) -> Result<(NodeId, DrawOpening), Unreadable> {
    let draw = array("opening.draw", &message.draw)?;
    Ok((NodeId(message.node), DrawOpening(draw)))
}

fn envelope_message(envelope: &Envelope) -> proto::Envelope {
    proto::Envelope {
        node: envelope.node.0,
        sealed: bytes(&envelope.sealed),
        mask_key: bytes(&envelope.commitments.mask_key),
        self_seed: bytes(&envelope.commitments.self_seed),
    }
}

fn read_envelopes(messages: &[proto::Envelope]) -> Result<Vec<Envelope>, Unreadable> {
    let read = |message: &proto::Envelope| {
        Ok(Envelope {
            node: NodeId(message.node),
            sealed: array("envelope.sealed", &message.sealed)?,
            commitments: Commitments {
                mask_key: array("envelope.mask_key", &message.mask_key)?,
                self_seed: array("envelope.self_seed", &message.self_seed)?,
            },
        })
    };
    messages.iter().map(read).collect()
}

fn consent_message((node, consent): &(NodeId, Consent)) -> proto::Consent {
    proto::Consent {
        node: node.0,
        signature: bytes(&consent.signature),
    }
}

fn read_consent(message: &proto::Consent) -> Result<(NodeId, Consent), Unreadable> {
    let signature = array("consent.signature", &message.signature)?;
    Ok((NodeId(message.node), Consent { signature }))
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
