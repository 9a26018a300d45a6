//! Strategies for the messages of a masked round: every step and every answer.

use std::sync::Arc;

use proptest::prelude::*;
use ward_core::secagg::{
    Commitments, Consent, DrawOpening, Envelope, KeyOffer, MaskedUpload, MaskedWords,
    RevealedShare, Revelation, ShareKind, ShareOffer, SharesForYou,
};
use ward_core::{MaskSuite, MaskingAnswer, MaskingOrder, MaskingStep, NodeId, WordWidth};

/// The longest list of messages.
const LONGEST: usize = 6;

pub(crate) fn order() -> impl Strategy<Value = MaskingOrder> {
    let suite = prop_oneof![Just(MaskSuite::ChaCha20), Just(MaskSuite::Aes256Ctr)];
    let width = prop_oneof![Just(WordWidth::Narrow), Just(WordWidth::Wide)];
    (suite, width, any::<u32>(), nodes(), any::<u32>()).prop_map(
        |(suite, width, attempt, cohort, min_survivors)| MaskingOrder {
            suite,
            width,
            attempt,
            cohort,
            min_survivors,
        },
    )
}

pub(crate) fn step() -> impl Strategy<Value = MaskingStep> {
    prop_oneof![
        from_each(offer()).prop_map(|offers| MaskingStep::Open { offers }),
        (from_each(offer()), from_each(opening()))
            .prop_map(|(offers, openings)| MaskingStep::Share { offers, openings }),
        (envelopes(), nodes()).prop_map(|(envelopes, sharers)| MaskingStep::Mask {
            shares: SharesForYou { envelopes, sharers },
        }),
        nodes().prop_map(|survivors| MaskingStep::Confirm {
            survivors: Arc::new(survivors),
        }),
        from_each(consent()).prop_map(|consents| MaskingStep::Reveal { consents }),
    ]
}

pub(crate) fn answer() -> impl Strategy<Value = MaskingAnswer> {
    prop_oneof![
        offer().prop_map(MaskingAnswer::Keys),
        opening().prop_map(MaskingAnswer::Opening),
        share_offer().prop_map(MaskingAnswer::Shares),
        upload().prop_map(MaskingAnswer::Upload),
        consent().prop_map(MaskingAnswer::Consent),
        prop::collection::vec(share(), 0..LONGEST)
            .prop_map(|shares| MaskingAnswer::Revelation(Revelation { shares })),
    ]
}

fn bytes<const N: usize>() -> impl Strategy<Value = [u8; N]> {
    prop::collection::vec(any::<u8>(), N).prop_map(|bytes| bytes.try_into().unwrap())
}

fn node() -> impl Strategy<Value = NodeId> {
    any::<u32>().prop_map(NodeId)
}

fn nodes() -> impl Strategy<Value = Vec<NodeId>> {
    prop::collection::vec(node(), 0..40)
}

/// A list of what nodes have said, with who said it.
fn from_each<T: std::fmt::Debug>(
    said: impl Strategy<Value = T>,
) -> impl Strategy<Value = Arc<Vec<(NodeId, T)>>> {
    prop::collection::vec((node(), said), 0..LONGEST).prop_map(Arc::new)
}

fn offer() -> impl Strategy<Value = KeyOffer> {
    (bytes(), bytes(), bytes(), bytes()).prop_map(|(channel, mask, draw, signature)| KeyOffer {
        channel,
        mask,
        draw,
        signature,
    })
}

fn opening() -> impl Strategy<Value = DrawOpening> {
    bytes().prop_map(DrawOpening)
}

fn commitments() -> impl Strategy<Value = Commitments> {
    (bytes(), bytes()).prop_map(|(mask_key, self_seed)| Commitments {
        mask_key,
        self_seed,
    })
}

fn envelopes() -> impl Strategy<Value = Vec<Envelope>> {
    let envelope =
        (node(), bytes(), commitments()).prop_map(|(node, sealed, commitments)| Envelope {
            node,
            sealed,
            commitments,
        });
    prop::collection::vec(envelope, 0..LONGEST)
}

fn share_offer() -> impl Strategy<Value = ShareOffer> {
    (bytes(), commitments(), envelopes(), bytes()).prop_map(
        |(self_seed, own, envelopes, signature)| ShareOffer {
            self_seed,
            own,
            envelopes,
            signature,
        },
    )
}

fn upload() -> impl Strategy<Value = MaskedUpload> {
    let words = prop_oneof![
        prop::collection::vec(any::<u64>(), 1..300).prop_map(MaskedWords::Wide),
        prop::collection::vec(any::<u32>(), 1..300).prop_map(MaskedWords::Narrow),
    ];
    (words, bytes(), bytes(), bytes()).prop_map(|(words, digest, sharers, signature)| {
        MaskedUpload {
            words,
            digest,
            sharers,
            signature,
        }
    })
}

fn consent() -> impl Strategy<Value = Consent> {
    bytes().prop_map(|signature| Consent { signature })
}

fn share() -> impl Strategy<Value = RevealedShare> {
    let kind = prop_oneof![Just(ShareKind::MaskKey), Just(ShareKind::SelfSeed)];
    (node(), kind, bytes()).prop_map(|(of, kind, share)| RevealedShare { of, kind, share })
}
