//! The messages of a masked round on the wire (protocol `fl-secagg/1`, docs/secagg.md): what is asked
//! in `step`, what is answered in `answer`, and here what travels both ways.
//!
//! Every field of bytes has one length, which is held to before anything is made of it. What the bytes
//! mean, and in which order nodes stand, `ward_privacy::secagg` judges.

mod answer;
mod step;

use bytes::Bytes;
use ward_core::NodeId;
use ward_core::secagg::{Commitments, Consent, DrawOpening, Envelope, KeyOffer};

use crate::proto;
use crate::unreadable::{Unreadable, array};

pub(crate) use answer::{answer_message, read_answer};
pub(crate) use step::{read_step, step_message};

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

fn ids(nodes: &[NodeId]) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

fn nodes(ids: Vec<u32>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
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
