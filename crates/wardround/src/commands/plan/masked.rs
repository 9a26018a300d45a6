//! A masked round of a run's conversation, followed without keys: messages of the right length.

use std::collections::BTreeMap;
use std::sync::Arc;

use ward_core::secagg::{
    Commitments, Consent, DrawOpening, Envelope, KeyOffer, MaskedUpload, MaskedWords,
    RevealedShare, Revelation, SEALED_SHARES, ShareKind, ShareOffer, SharesForYou,
};
use ward_core::{
    Instruction, MaskingAnswer, MaskingOrder, MaskingStep, NodeId, Params, Report, RoundId,
    WordWidth,
};
use ward_privacy::secagg::Shape;
use ward_privacy::secagg::session::TRAILERS;
use ward_round::groups;

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

/// The messages of one group, which is the whole cohort where there is one sum. Of a drawn graph the
/// first nodes stand for each node's neighbours.
struct Messages {
    round: RoundId,
    cohort: Vec<NodeId>,
    shape: Shape,
    /// Updates that are enough.
    goal: usize,
}

impl Messages {
    fn others(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let others = self.cohort.iter().filter(move |other| **other != node);
        others.take(self.shape.neighbours).copied()
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

    /// The first stand for those whose updates arrive in time.
    fn survivors(&self) -> &[NodeId] {
        &self.cohort[..self.goal]
    }

    fn all<T: Copy>(&self, value: T) -> Arc<Vec<(NodeId, T)>> {
        Arc::new(self.cohort.iter().map(|&node| (node, value)).collect())
    }
}

impl Course<'_> {
    /// A masked round of `cohort`. Milliseconds until every sum is unmasked. Keys and shares travel
    /// while hospitals train.
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
        let place = self.plan.seed.round(round);
        let groups: Vec<Messages> = groups::deal(&cohort, config.groups as usize, place)
            .into_iter()
            .filter_map(|group| {
                Some(Messages {
                    round,
                    shape: Shape::of(group.len())?,
                    goal: (goal * group.len()).div_ceil(cohort.len()),
                    cohort: group,
                })
            })
            .collect();
        let begun: Vec<u64> = groups
            .iter()
            .map(|group| self.begun(config, group, held))
            .collect();
        let members = groups.iter().zip(&begun);
        let trained: BTreeMap<NodeId, u64> = members
            .flat_map(|(group, &train)| group.cohort.iter().map(move |&node| (node, train)))
            .map(|(node, train)| (node, self.transit(node, train) + self.training_ms(node)))
            .collect();
        // A phase is as long as in the slowest group.
        let mut begun = begun.into_iter();
        let mut now = longest(&groups, |group| self.keys(group, begun.next().unwrap_or(0)));
        if groups.iter().any(|group| group.shape.drawn) {
            now += longest(&groups, |group| self.openings(group));
        }
        now += longest(&groups, |group| self.shares(group));
        // An update leaves when its masks are there and training is over.
        let left: BTreeMap<NodeId, u64> = trained
            .into_iter()
            .map(|(node, at)| (node, at.saturating_sub(now)))
            .collect();
        now += longest(&groups, |group| self.uploads(config.width(), group, &left));
        now += longest(&groups, |group| self.consents(group));
        now + longest(&groups, |group| self.revelations(group))
    }

    /// Bytes of the instruction that begins a group's session.
    fn begun(&self, config: &SecureAggregationConfig, group: &Messages, held: bool) -> u64 {
        let train = Instruction::Train {
            round: group.round,
            params: Arc::new(Params(vec![0.0; self.plan.instruction_len()])),
            order: self.order.clone(),
            masking: Some(Arc::new(MaskingOrder {
                suite: config.suite,
                width: config.width(),
                attempt: 0,
                cohort: group.cohort.clone(),
                min_survivors: config.min_survivors,
            })),
        };
        ward_wire::instruction_bytes(&train, held)
    }

    fn keys(&mut self, group: &Messages, train: u64) -> u64 {
        let keys = group.answer(MaskingAnswer::Keys(KEYS));
        let all = group.cohort.len();
        self.exchange(&group.cohort, |_| (train, keys), |_, time| time, all)
    }

    fn openings(&mut self, group: &Messages) -> u64 {
        if !group.shape.drawn {
            return 0;
        }
        let offers = group.all(KEYS);
        let open = group.step(MaskingStep::Open { offers });
        let opening = group.answer(MaskingAnswer::Opening(DrawOpening([0; 32])));
        let all = group.cohort.len();
        self.exchange(&group.cohort, |_| (open, opening), |_, time| time, all)
    }

    fn shares(&mut self, group: &Messages) -> u64 {
        let openings = match group.shape.drawn {
            true => group.all(DrawOpening([0; 32])),
            false => Arc::default(),
        };
        let offers = group.all(KEYS);
        let share = group.step(MaskingStep::Share { offers, openings });
        let shares = |node| {
            group.answer(MaskingAnswer::Shares(ShareOffer {
                self_seed: [0; 32],
                own: COMMITMENTS,
                envelopes: group.envelopes(node),
                signature: [0; 64],
            }))
        };
        let bytes = |node| (share, shares(node));
        self.exchange(&group.cohort, bytes, |_, time| time, group.cohort.len())
    }

    /// `left` says how long each still trains.
    fn uploads(&mut self, width: WordWidth, group: &Messages, left: &BTreeMap<NodeId, u64>) -> u64 {
        let length = self.plan.upload_len() + TRAILERS;
        let words = match width {
            WordWidth::Narrow => MaskedWords::Narrow(vec![0; length]),
            WordWidth::Wide => MaskedWords::Wide(vec![0; length]),
        };
        let upload = group.answer(MaskingAnswer::Upload(MaskedUpload {
            words,
            digest: [0; 32],
            sharers: [0; 32],
            signature: [0; 64],
        }));
        let mask = |node| {
            group.step(MaskingStep::Mask {
                shares: SharesForYou {
                    envelopes: group.envelopes(node),
                    sharers: group.cohort.clone(),
                },
            })
        };
        let ready = |node: NodeId, time: u64| time.max(left[&node]);
        let bytes = |node| (mask(node), upload);
        self.exchange(&group.cohort, bytes, ready, group.goal)
    }

    fn consents(&mut self, group: &Messages) -> u64 {
        let survivors = group.survivors();
        let confirm = group.step(MaskingStep::Confirm {
            survivors: Arc::new(survivors.to_vec()),
        });
        let consent = group.answer(MaskingAnswer::Consent(CONSENT));
        self.exchange(
            survivors,
            |_| (confirm, consent),
            |_, time| time,
            group.goal,
        )
    }

    fn revelations(&mut self, group: &Messages) -> u64 {
        let survivors = group.survivors();
        let consents = survivors.iter().map(|&node| (node, CONSENT)).collect();
        let reveal = group.step(MaskingStep::Reveal {
            consents: Arc::new(consents),
        });
        let revelation = |node| {
            let mut of: Vec<NodeId> = group.others(node).collect();
            of.push(node);
            let revealed = |of| RevealedShare {
                of,
                kind: ShareKind::SelfSeed,
                share: [0; 32],
            };
            group.answer(MaskingAnswer::Revelation(Revelation {
                shares: of.into_iter().map(revealed).collect(),
            }))
        };
        let enough = match group.shape.drawn {
            true => group.goal,
            false => group.shape.threshold,
        };
        let bytes = |node| (reveal, revelation(node));
        self.exchange(survivors, bytes, |_, time| time, enough)
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

/// How long a phase is: as long as in the group that takes longest.
fn longest(groups: &[Messages], phase: impl FnMut(&Messages) -> u64) -> u64 {
    groups.iter().map(phase).max().unwrap_or(0)
}
