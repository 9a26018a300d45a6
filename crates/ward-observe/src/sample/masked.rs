//! The made-up run with its updates under masks: of every four rounds the second loses a hospital
//! after it has shared, the third is abandoned, and in the fourth hospitals are lost in each way.

use std::collections::BTreeMap;

use ward_core::sighting::{CLASSES, Sighting};
use ward_core::{
    Abandoned, Event, MaskSuite, MaskingPhase, NodeId, Record, Refusal, RoundId, Tick,
};

use super::Sample;
use crate::Privacy;
use crate::view::Lost;

/// A kind of message and its bytes.
type Kind = (&'static str, u64);

/// The phases of a round among few hospitals: what asks, and what answers.
const PHASES: [(MaskingPhase, Kind, Kind); 5] = [
    (MaskingPhase::Keys, ("train", 540), ("keys", 160)),
    (MaskingPhase::Shares, ("share", 900), ("shares", 1020)),
    (MaskingPhase::Uploads, ("mask", 880), ("masked-upload", 250)),
    (MaskingPhase::Consents, ("confirm", 60), ("consent", 80)),
    (
        MaskingPhase::Revelations,
        ("reveal", 410),
        ("revelation", 350),
    ),
];

/// Who is lost in a phase of a round among `all` hospitals, and how.
fn lost(round: RoundId, phase: MaskingPhase, all: u32) -> Vec<(NodeId, Lost)> {
    let last = NodeId(all - 1);
    match (round.0 % 4, phase) {
        (1, MaskingPhase::Uploads) => vec![(last, Lost::Silent)],
        (2, MaskingPhase::Shares) => (all / 2..all).map(|n| (NodeId(n), Lost::Silent)).collect(),
        (3, MaskingPhase::Keys) => vec![(NodeId(2), Lost::Declined)],
        (3, MaskingPhase::Shares) => vec![(NodeId(3), Lost::Dishonest)],
        (3, MaskingPhase::Uploads) => vec![(last, Lost::Silent)],
        (3, MaskingPhase::Revelations) => vec![(NodeId(0), Lost::Silent)],
        _ => Vec::new(),
    }
}

/// An update of 64 numbers, most of them near 0, under masks that spread evenly.
fn sighted(round: RoundId, node: NodeId) -> Event {
    let mut clear = vec![0; CLASSES];
    (clear[0], clear[15], clear[16], clear[31]) = (1, 31, 31, 1);
    let sighting = Sighting {
        words: 64,
        largest: 0.25,
        clear,
        word_bits: 64,
        masked: vec![2; CLASSES],
        correlation: -0.03,
    };
    Event::UpdateSighted {
        round,
        node,
        sighting,
    }
}

impl Sample {
    /// A run of four masked rounds or fewer, among at least twelve hospitals and few enough to be
    /// all neighbours.
    pub(crate) fn masked(hospitals: u32, rounds: u32) -> Self {
        let mut sample = Self::new(hospitals, rounds);
        sample.manifest.privacy = Privacy::masked(MaskSuite::ChaCha20, 3, 1);
        let mut story = Retelling::default();
        for record in std::mem::take(&mut sample.records) {
            story.retell(record, hospitals);
        }
        sample.records = story.records;
        sample
    }
}

/// The clear run told anew.
#[derive(Default)]
struct Retelling {
    records: Vec<Record>,
    /// What has left each hospital: messages and bytes.
    sent: BTreeMap<NodeId, (u64, u64)>,
    /// Whether a round is open, whose clear events are left out.
    silenced: bool,
    /// Whether the last round was abandoned, and is not scored.
    abandoned: bool,
}

impl Retelling {
    fn say(&mut self, ms: u64, event: Event) {
        if let Event::ReportReceived { node, bytes, .. } = &event {
            let sent = self.sent.entry(*node).or_default();
            *sent = (sent.0 + 1, sent.1 + bytes);
        }
        let now = self.records.last().map_or(0, |record| record.at.0);
        let at = Tick(now + ms);
        self.records.push(Record { at, event });
    }

    fn retell(&mut self, Record { mut event, .. }: Record, hospitals: u32) {
        match &mut event {
            Event::RoundOpened { round, .. } => {
                let round = *round;
                self.say(10, event);
                self.round(round, hospitals);
                self.silenced = true;
            }
            Event::RoundClosed { round, .. } => {
                self.silenced = false;
                self.close(*round, hospitals, event);
            }
            Event::Evaluated { .. } | Event::EvaluationClosed { .. } if self.abandoned => {}
            Event::EgressAudited {
                node,
                messages,
                bytes,
                ..
            } => {
                (*messages, *bytes) = self.sent.get(node).copied().unwrap_or_default();
                self.say(0, event);
            }
            _ if self.silenced => {}
            _ => self.say(1, event),
        }
    }

    /// The phases, up to that in which a round is abandoned.
    fn round(&mut self, round: RoundId, hospitals: u32) {
        let mut asked: Vec<NodeId> = (0..hospitals).map(NodeId).collect();
        for (phase, (ask, down), (answer, up)) in PHASES {
            for &node in &asked {
                let (kind, bytes) = (ask.to_owned(), down);
                self.say(0, Event::InstructionSent { node, kind, bytes });
            }
            let lost = lost(round, phase, hospitals);
            let is_lost = |node: &NodeId| lost.iter().any(|(who, _)| who == node);
            let answered: Vec<NodeId> = asked.iter().copied().filter(|n| !is_lost(n)).collect();
            for &node in &answered {
                let tensors = u32::from(phase == MaskingPhase::Uploads);
                let (kind, bytes) = (answer.to_owned(), up);
                let event = Event::ReportReceived {
                    node,
                    kind,
                    bytes,
                    tensors,
                };
                self.say(2 + u64::from(round.0 % 3), event);
                if phase == MaskingPhase::Uploads && (round, node) == (RoundId(0), NodeId(0)) {
                    self.say(0, sighted(round, node));
                }
            }
            let mut silent = Vec::new();
            for &(node, how) in &lost {
                match how {
                    Lost::Silent => silent.push(node),
                    Lost::Declined => self.say(
                        0,
                        Event::ReportDeclined {
                            round,
                            node,
                            reason: "no journal".into(),
                            for_good: false,
                        },
                    ),
                    Lost::Dishonest => self.say(
                        0,
                        Event::ReportRefused {
                            round,
                            node,
                            refusal: Refusal::Dishonest("its signature is wrong".into()),
                        },
                    ),
                }
            }
            let closed = Event::MaskingPhaseClosed {
                round,
                phase,
                answered: answered.clone(),
                silent,
            };
            self.say(1, closed);
            asked = answered;
            if round.0 % 4 == 2 && phase == MaskingPhase::Shares {
                return;
            }
        }
    }

    fn close(&mut self, round: RoundId, hospitals: u32, mut event: Event) {
        let gone = |phases: &[MaskingPhase]| -> Vec<NodeId> {
            let lost = phases.iter().flat_map(|p| lost(round, *p, hospitals));
            lost.map(|(node, _)| node).collect()
        };
        self.abandoned = round.0 % 4 == 2;
        if self.abandoned {
            let silent = gone(&[MaskingPhase::Shares]);
            let left = hospitals - silent.len() as u32;
            let reason = Abandoned::BelowThreshold {
                phase: MaskingPhase::Shares,
                left,
                needed: 2 * hospitals / 3 + 1,
            };
            let event = Event::RoundAbandoned {
                round,
                silent,
                reason,
            };
            return self.say(0, event);
        }
        let before_the_sum = [
            MaskingPhase::Keys,
            MaskingPhase::Shares,
            MaskingPhase::Uploads,
        ];
        if let Event::RoundClosed {
            reporters, silent, ..
        } = &mut event
        {
            let lost = gone(&before_the_sum);
            *reporters = (0..hospitals).map(NodeId).collect();
            reporters.retain(|node| !lost.contains(node));
            *silent = lost;
            silent.retain(|node| *node != NodeId(2));
        }
        self.say(0, event);
        for node in (0..hospitals).map(NodeId) {
            let (kind, bytes) = ("evaluate".to_owned(), 320);
            self.say(0, Event::InstructionSent { node, kind, bytes });
            let (kind, bytes) = ("evaluation".to_owned(), 142);
            let report = Event::ReportReceived {
                node,
                kind,
                bytes,
                tensors: 0,
            };
            self.say(0, report);
        }
    }
}
