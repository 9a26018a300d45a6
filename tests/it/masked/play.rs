//! The whole engine in a masked round: coordinator and nodes as values, and an unreliable line between.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ward_core::{
    Abandoned, Event, MaskSuite, MaskingAnswer, MaskingPhase, NodeId, Outcome, Params, Report,
    Tick, WordWidth,
};
use ward_privacy::secagg::{Identity, Member, MemoryJournal, Roster, SecretRng};
use ward_round::{
    Aggregator, Coordinator, Effect, Input, Masking, NodeEffect, NodeInput, NodeSession, RunState,
    Secrets, Strategy,
};

use crate::engine::Settings;

fn identity(node: u32) -> Identity {
    Identity::from_bytes(&[node as u8 + 1; 32])
}

fn roster(nodes: u32) -> Arc<Roster> {
    let member = |node| Member {
        key: identity(node).key(),
        certificate: [0; 32],
    };
    let members = (0..nodes).map(|node| (NodeId(node), member(node)));
    Arc::new(Roster::new("test".into(), 1, members.collect()).unwrap())
}

/// What becomes of one report on its way; `None` where it is lost, and its node with it.
pub(super) type Line = dyn Fn(u32, NodeId, Report) -> Option<Report>;

pub(super) struct Play {
    pub(super) settings: Settings,
    pub(super) coordinator: Coordinator,
    pub(super) nodes: Vec<Option<NodeSession>>,
    pub(super) inbox: VecDeque<(NodeId, Report)>,
    now: Tick,
    wakes: Vec<Tick>,
    pub(super) events: Vec<Event>,
    pub(super) outcome: Option<Outcome>,
    /// Whose update is far out of the ring's range.
    pub(super) poisoned: Option<NodeId>,
}

impl Play {
    /// One sum a round, and FedAvg.
    pub(super) fn new(settings: &Settings, attempt: u32) -> Self {
        Self::with(settings, attempt, 1, Strategy::fed_avg())
    }

    /// A sum of each group, and what combines them.
    pub(super) fn grouped(settings: &Settings, groups: usize, rule: Box<dyn Aggregator>) -> Self {
        let strategy = Strategy {
            aggregator: rule,
            ..Strategy::fed_avg()
        };
        Self::with(settings, 0, groups, strategy)
    }

    fn with(settings: &Settings, attempt: u32, groups: usize, strategy: Strategy) -> Self {
        let roster = roster(settings.nodes);
        let mut plan = settings.plan();
        plan.masking = Some(Masking {
            suite: MaskSuite::ChaCha20,
            width: WordWidth::Wide,
            attempt,
            min_survivors: 3,
            groups,
            roster: roster.clone(),
        });
        let secrets = |node| Secrets {
            identity: Arc::new(identity(node)),
            roster: roster.clone(),
            journal: Box::new(MemoryJournal::default()),
            random: SecretRng::from_seed([node as u8; 32]),
            least_survivors: 0,
            parameters: 2,
        };
        let session = |node| NodeSession::new(NodeId(node)).masking(secrets(node));
        Self {
            coordinator: Coordinator::new(plan, strategy, RunState::new(Params(vec![0.0; 2]))),
            nodes: (0..settings.nodes).map(|n| Some(session(n))).collect(),
            settings: settings.clone(),
            inbox: VecDeque::new(),
            now: Tick(0),
            wakes: Vec::new(),
            events: Vec::new(),
            outcome: None,
            poisoned: None,
        }
    }

    /// With everybody there.
    pub(super) fn joined(mut self) -> Self {
        self.tell(Input::Start);
        for node in 0..self.settings.nodes {
            self.tell(Input::Joined(NodeId(node)));
        }
        self
    }

    pub(super) fn run(self, line: &Line) -> Self {
        self.joined().play_on(line)
    }

    fn play_on(mut self, line: &Line) -> Self {
        while self.outcome.is_none() {
            if let Some((node, report)) = self.inbox.pop_front() {
                assert!(
                    !matches!(report, Report::Upload { .. }),
                    "an update in the clear"
                );
                let round = report.round().0;
                match line(round, node, report) {
                    Some(report) => self.tell(Input::From(node, report)),
                    None => self.nodes[node.0 as usize] = None,
                }
            } else {
                self.wakes.sort_unstable();
                let next = self.wakes.iter().find(|tick| **tick > self.now);
                self.now = *next.expect("something to wait for");
                self.tell(Input::Woke);
            }
        }
        self
    }

    pub(super) fn tell(&mut self, input: Input) {
        for effect in self.coordinator.handle(self.now, input) {
            match effect {
                Effect::Send { to, instruction } => {
                    self.ask(to, NodeInput::Instruction(instruction));
                }
                Effect::WakeAt(tick) => self.wakes.push(tick),
                Effect::Emit(event) => self.events.push(event),
                Effect::Done(outcome) => self.outcome = Some(outcome),
                Effect::Checkpoint(_) => {}
            }
        }
    }

    pub(super) fn ask(&mut self, to: NodeId, input: NodeInput) {
        let Some(session) = &mut self.nodes[to.0 as usize] else {
            return;
        };
        for effect in session.handle(self.now, input) {
            match effect {
                NodeEffect::Send(report) => self.inbox.push_back((to, report)),
                NodeEffect::Train { round, .. } => {
                    let mut upload = self.settings.upload(to);
                    if self.poisoned == Some(to) {
                        upload.words[1] = 1 << 60;
                    }
                    let result = Ok(upload);
                    self.ask(to, NodeInput::Trained { round, result });
                }
                NodeEffect::Summarise { .. } | NodeEffect::Evaluate { .. } | NodeEffect::Done => {}
            }
        }
    }

    /// Who is in the sum of each round that made a model, as the events say.
    pub(super) fn reporters(&self) -> Vec<Vec<NodeId>> {
        let closed = self.events.iter().filter_map(|event| match event {
            Event::RoundClosed { reporters, .. } => Some(reporters.clone()),
            _ => None,
        });
        closed.collect()
    }

    pub(super) fn abandoned(&self) -> Vec<Abandoned> {
        let abandoned = self.events.iter().filter_map(|event| match event {
            Event::RoundAbandoned { reason, .. } => Some(*reason),
            _ => None,
        });
        abandoned.collect()
    }
}

pub(super) fn phase(report: &Report) -> Option<MaskingPhase> {
    let Report::Masking { answer, .. } = report else {
        return None;
    };
    Some(match answer {
        MaskingAnswer::Keys(_) => MaskingPhase::Keys,
        MaskingAnswer::Opening(_) => MaskingPhase::Openings,
        MaskingAnswer::Shares(_) => MaskingPhase::Shares,
        MaskingAnswer::Upload(_) => MaskingPhase::Uploads,
        MaskingAnswer::Consent(_) => MaskingPhase::Consents,
        MaskingAnswer::Revelation(_) => MaskingPhase::Revelations,
    })
}

/// Those who are lost in a phase of the first round, before their answer arrives.
pub(super) fn losing(
    lost: BTreeMap<NodeId, MaskingPhase>,
) -> impl Fn(u32, NodeId, Report) -> Option<Report> {
    move |_, node, report| {
        let gone = phase(&report).is_some_and(|phase| lost.get(&node) == Some(&phase));
        (!gone).then_some(report)
    }
}

pub(super) const PHASES: [MaskingPhase; 5] = [
    MaskingPhase::Keys,
    MaskingPhase::Shares,
    MaskingPhase::Uploads,
    MaskingPhase::Consents,
    MaskingPhase::Revelations,
];

pub(super) fn settings(nodes: u32, rounds: u32) -> Settings {
    Settings {
        nodes,
        rounds,
        most_abandoned: 9,
        ..Settings::default()
    }
}
