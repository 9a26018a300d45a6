//! What a masked round asks, on the wire: the order that opens it and the steps after that.

use std::sync::Arc;

use ward_core::secagg::SharesForYou;
use ward_core::{MaskSuite, MaskingOrder, MaskingStep, WordWidth};

use super::{
    consent_message, envelope_message, ids, nodes, offer_message, opening_message, read_consent,
    read_envelopes, read_offer, read_opening,
};
use crate::proto::{self, masking_step};
use crate::unreadable::Unreadable;

impl From<&MaskingOrder> for proto::MaskingOrder {
    fn from(order: &MaskingOrder) -> Self {
        let suite = match order.suite {
            MaskSuite::ChaCha20 => proto::MaskSuite::Chacha20,
            MaskSuite::Aes256Ctr => proto::MaskSuite::Aes256Ctr,
        };
        Self {
            suite: suite.into(),
            narrow: order.width == WordWidth::Narrow,
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
            width: match message.narrow {
                true => WordWidth::Narrow,
                false => WordWidth::Wide,
            },
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

fn all<M, T>(
    messages: &[M],
    read: impl Fn(&M) -> Result<T, Unreadable>,
) -> Result<Arc<Vec<T>>, Unreadable> {
    let all: Result<Vec<T>, Unreadable> = messages.iter().map(read).collect();
    all.map(Arc::new)
}
