//! A masked round of a run's conversation, followed without keys: messages of the right length.

use std::collections::BTreeMap;
use std::sync::Arc;

use ward_core::secagg::{
    Commitments, Consent, DrawOpening, Envelope, KeyOffer, MaskedUpload, RevealedShare, Revelation,
    SEALED_SHARES, ShareKind, ShareOffer, SharesForYou,
};
use ward_core::{
    Instruction, MaskingAnswer, MaskingOrder, MaskingStep, NodeId, Params, Report, RoundId,
};
use ward_privacy::secagg::Shape;

use super::course::{Course, transit_ms};
use crate::config::types::SecureAggregationConfig;

const KEYS: KeyOffer = KeyOffer {
    channel: [0; 32],
    mask: [0; 32],
    draw: [0; 32],
    signature: [0; 64],
};
const COMMITMENTS: Commitments = Commitments {
    mask_key: [0; 32],
    self_seed: [0; 32],
};
const CONSENT: Consent = Consent { signature: [0; 64] };

/// One cohort's messages. Of a drawn graph the first nodes stand for each node's neighbours.
struct Messages<'c> {
    round: RoundId,
    cohort: &'c [NodeId],
    neighbours: usize,
}

impl Messages<'_> {
    fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let others = self.cohort.iter().filter(move |other| **other != node);
        others.take(self.neighbours).copied()
    }

    fn envelopes(&self, node: NodeId) -> Vec<Envelope> {
        let envelope = |node| Envelope {
            node,
            sealed: [0; SEALED_SHARES],
            commitments: COMMITMENTS,
        };
        self.others(node).map(envelope).collect()
    }

    fn step(&self, step: MaskingStep) -> u64 {
        let round = self.round;
        ward_wire::instruction_bytes(&Instruction::Masking { round, step }, true)
    }

    fn answer(&self, answer: MaskingAnswer) -> u64 {
        let round = self.round;
        ward_wire::wire_bytes(&Report::Masking { round, answer })
    }

    fn all<T: Copy>(&self, value: T) -> Arc<Vec<(NodeId, T)>> {
        Arc::new(self.cohort.iter().map(|&node| (node, value)).collect())
    }
}

impl Course<'_> {
    /// A masked round of `cohort`. Milliseconds until the sum is unmasked. Keys and shares travel while
    /// hospitals train.
    pub(super) fn masked(
        &mut self,
        config: &SecureAggregationConfig,
        round: RoundId,
        held: bool,
        cohort: &[NodeId],
        goal: usize,
    ) -> u64 {
        let mut cohort = cohort.to_vec();
        cohort.sort_unstable();
        let Some(shape) = Shape::of(cohort.len()) else {
            return 0;
        };
        let messages = Messages {
            round,
            cohort: &cohort,
            neighbours: shape.neighbours,
        };
        let train = Instruction::Train {
            round,
            params: Arc::new(Params(vec![0.0; self.plan.instruction_len()])),
            order: self.order.clone(),
            masking: Some(Arc::new(MaskingOrder {
                suite: config.suite,
                attempt: 0,
                cohort: cohort.clone(),
                min_survivors: config.min_survivors,
            })),
        };
        let train = ward_wire::instruction_bytes(&train, held);
        let keys = messages.answer(MaskingAnswer::Keys(KEYS));
        let trained: BTreeMap<NodeId, u64> = cohort
            .iter()
            .map(|&node| (node, self.transit(node, train) + self.training_ms(node)))
            .collect();
        let mut now = self.exchange(&cohort, |_| (train, keys), |_, time| time, cohort.len());
        let offers = messages.all(KEYS);
        if shape.drawn {
            let open = messages.step(MaskingStep::Open {
                offers: offers.clone(),
            });
            let opening = messages.answer(MaskingAnswer::Opening(DrawOpening([0; 32])));
            now += self.exchange(&cohort, |_| (open, opening), |_, time| time, cohort.len());
        }
        let openings = match shape.drawn {
            true => messages.all(DrawOpening([0; 32])),
            false => Arc::default(),
        };
        let share = messages.step(MaskingStep::Share { offers, openings });
        let shares = |node| {
            messages.answer(MaskingAnswer::Shares(ShareOffer {
                self_seed: [0; 32],
                own: COMMITMENTS,
                envelopes: messages.envelopes(node),
                signature: [0; 64],
            }))
        };
        now += self.exchange(
            &cohort,
            |node| (share, shares(node)),
            |_, time| time,
            cohort.len(),
        );
        let upload = messages.answer(MaskingAnswer::Upload(MaskedUpload {
            words: vec![0; self.plan.upload_len() + 2].into(),
            digest: [0; 32],
            sharers: [0; 32],
            signature: [0; 64],
        }));
        let mask = |node| {
            messages.step(MaskingStep::Mask {
                shares: SharesForYou {
                    envelopes: messages.envelopes(node),
                    sharers: cohort.clone(),
                },
            })
        };
        // An update leaves when its masks are there and training is over.
        let ready = |node: NodeId, time: u64| time.max(trained[&node].saturating_sub(now));
        now += self.exchange(&cohort, |node| (mask(node), upload), ready, goal);

        let survivors = &cohort[..goal];
        let confirm = messages.step(MaskingStep::Confirm {
            survivors: Arc::new(survivors.to_vec()),
        });
        let consent = messages.answer(MaskingAnswer::Consent(CONSENT));
        now += self.exchange(survivors, |_| (confirm, consent), |_, time| time, goal);
        let consents = survivors.iter().map(|&node| (node, CONSENT)).collect();
        let reveal = messages.step(MaskingStep::Reveal {
            consents: Arc::new(consents),
        });
        let revelation = |node| {
            let mut of: Vec<NodeId> = messages.others(node).collect();
            of.push(node);
            let revealed = |of| RevealedShare {
                of,
                kind: ShareKind::SelfSeed,
                share: [0; 32],
            };
            messages.answer(MaskingAnswer::Revelation(Revelation {
                shares: of.into_iter().map(revealed).collect(),
            }))
        };
        let enough = if shape.drawn { goal } else { shape.threshold };
        now + self.exchange(
            survivors,
            |node| (reveal, revelation(node)),
            |_, time| time,
            enough,
        )
    }

    /// One message to each and one back. `ready` says when the answer leaves a node that was reached at
    /// a time. Milliseconds until `enough` have arrived.
    fn exchange(
        &mut self,
        asked: &[NodeId],
        bytes: impl Fn(NodeId) -> (u64, u64),
        ready: impl Fn(NodeId, u64) -> u64,
        enough: usize,
    ) -> u64 {
        let mut times = Vec::with_capacity(asked.len());
        for &node in asked {
            let (down, up) = bytes(node);
            let leaves = ready(node, self.transit(node, down));
            times.push(leaves + self.transit(node, up));
            let ledger = &mut self.ledgers[node.0 as usize];
            ledger.messages_down += 1;
            ledger.messages_up += 1;
            ledger.bytes_down += down;
            ledger.bytes_up += up;
        }
        times.sort_unstable();
        let last = times.get(enough.saturating_sub(1)).copied();
        last.unwrap_or(0).min(self.deadline_ms)
    }

    fn transit(&self, node: NodeId, bytes: u64) -> u64 {
        transit_ms(&self.links[node.0 as usize], bytes)
    }
}
