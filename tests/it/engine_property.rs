//! The engine under any list of operations.
//!
//! **A failure is:** a report counted twice or counted though it was refused; a round closed below
//! its quorum; a model that is not the mean of exactly the reporters named; a run that stands still
//! although time goes on; a panic; two equal histories with two different ends.
//! **No failure is:** a round abandoned, a run given up, a report refused with any reason.

use std::collections::BTreeSet;

use proptest::prelude::*;
use ward_core::{Event, NodeId, Outcome, Report, RoundId, Tick};
use ward_round::{Coordinator, Effect, Input, RunState};

use crate::engine::{self, Asks, Settings};

#[derive(Debug, Clone)]
enum Op {
    Advance(u32),
    Join(u32),
    Leave(u32),
    Report(u32),
    Decline(u32),
    WrongRound(u32, u32),
    Malformed(u32),
    Evaluate(u32),
    Summarise(u32),
    Restart,
    Interrupt,
}

fn op(nodes: u32) -> impl Strategy<Value = Op> {
    let n = 0..nodes + 1; // one more than is enrolled: a stranger
    prop_oneof![
        3 => (1_u32..40_000).prop_map(Op::Advance),
        2 => n.clone().prop_map(Op::Join),
        1 => n.clone().prop_map(Op::Leave),
        6 => n.clone().prop_map(Op::Report),
        1 => n.clone().prop_map(Op::Decline),
        1 => (n.clone(), 0_u32..9).prop_map(|(n, r)| Op::WrongRound(n, r)),
        1 => n.clone().prop_map(Op::Malformed),
        2 => n.clone().prop_map(Op::Evaluate),
        2 => n.prop_map(Op::Summarise),
        1 => Just(Op::Restart),
        1 => prop_oneof![9 => Just(Op::Advance(1)), 1 => Just(Op::Interrupt)],
    ]
}

fn asks() -> impl Strategy<Value = Asks> {
    prop_oneof![
        Just(Asks::Everybody),
        (1_usize..6).prop_map(Asks::Some),
        (0.05_f64..1.0).prop_map(Asks::Coins),
        (1_usize..6).prop_map(Asks::InTurn),
        (1_usize..6).prop_map(Asks::Worst),
    ]
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        1_u32..7,
        1_u32..5,
        asks(),
        0.1_f64..=1.0,
        1.0_f64..2.0,
        0_u32..3,
        any::<bool>(),
        (0_u32..3, 1_u32..9),
    )
        .prop_map(
            |(nodes, rounds, asks, quorum, over_selection, evaluate_every, scaling, most)| {
                let (most, barred) = most;
                Settings {
                    nodes,
                    rounds,
                    asks,
                    barred,
                    quorum,
                    over_selection,
                    evaluate_every,
                    scaling,
                    most_abandoned: most,
                    checkpoint_every: 1,
                    ..Settings::default()
                }
            },
        )
}

/// A coordinator, the clock, and what the events claim.
struct World {
    settings: Settings,
    coordinator: Coordinator,
    now: Tick,
    saved: RunState,
    /// Those accepted since the open round opened.
    accepted: Vec<NodeId>,
    /// Those accepted in the round that closed last.
    closed: Vec<NodeId>,
    quorum: u32,
    before: Vec<f32>,
    outcome: Option<Outcome>,
    history: Vec<Event>,
}

impl World {
    fn new(settings: &Settings) -> Self {
        let state = RunState::new(engine::params(settings));
        let mut world = Self {
            settings: settings.clone(),
            coordinator: settings.coordinator(state.clone()),
            now: Tick(0),
            saved: state,
            accepted: Vec::new(),
            closed: Vec::new(),
            quorum: 0,
            before: vec![0.0, 0.0],
            outcome: None,
            history: Vec::new(),
        };
        world.tell(Input::Start);
        world
    }

    fn tell(&mut self, input: Input) {
        for effect in self.coordinator.handle(self.now, input) {
            match effect {
                Effect::Emit(event) => self.check(event),
                Effect::Checkpoint(state) => self.saved = *state,
                Effect::Done(outcome) => {
                    assert_eq!(self.outcome.replace(outcome), None, "a run ended twice");
                }
                Effect::WakeAt(tick) => assert!(tick >= self.now, "an alarm in the past"),
                Effect::Send { to, .. } => assert!(to.0 < self.settings.nodes, "told a stranger"),
            }
        }
    }

    fn check(&mut self, event: Event) {
        match &event {
            Event::RoundOpened { cohort, quorum, .. } => {
                self.accepted.clear();
                self.quorum = *quorum;
                assert!(
                    cohort.len() >= *quorum as usize,
                    "asked fewer than the quorum"
                );
                assert!(cohort.is_sorted_by(|a, b| a < b));
                let barred = self.settings.barred;
                assert!(
                    cohort.iter().all(|node| node.0 < barred),
                    "asked a barred node"
                );
            }
            Event::ReportAccepted { node, .. } => {
                assert!(!self.accepted.contains(node), "{node} was counted twice");
                self.accepted.push(*node);
            }
            Event::RoundClosed {
                reporters, silent, ..
            } => {
                let counted: BTreeSet<_> = self.accepted.iter().copied().collect();
                assert_eq!(reporters, &counted.iter().copied().collect::<Vec<_>>());
                assert!(
                    reporters.len() >= self.quorum as usize,
                    "closed below its quorum"
                );
                assert!(silent.iter().all(|n| !counted.contains(n)));
                self.closed = std::mem::take(&mut self.accepted);
            }
            _ => {}
        }
        self.history.push(event);
    }

    /// After each input: the model is the start plus the mean of exactly those accepted
    /// in the round that has just closed.
    fn check_model(&mut self) {
        let params = self.coordinator.params().0.clone();
        if params != self.before {
            let n = self.closed.len() as f64;
            let sum: f64 = self
                .closed
                .iter()
                .map(|node| f64::from(1_u32 << node.0))
                .sum();
            let expected = f64::from(self.before[0]) + sum / n;
            assert!(
                (f64::from(params[0]) - expected).abs() < 1e-3,
                "{params:?} is not {expected}"
            );
            assert!(
                (params[1] - self.before[1] - 1.0).abs() < 1e-5,
                "weights do not add up"
            );
            self.before = params;
        }
    }

    fn play(&mut self, op: &Op) {
        let round = self.coordinator.state().round();
        let from = |n: &u32, report| Input::From(NodeId(*n), report);
        let input = match op {
            Op::Advance(ms) => {
                self.now = self.now + u64::from(*ms);
                Input::Woke
            }
            Op::Join(n) => Input::Joined(NodeId(*n)),
            Op::Leave(n) => Input::Left {
                node: NodeId(*n),
                reason: "gone".into(),
            },
            Op::Report(n) => from(
                n,
                Report::Upload {
                    round,
                    upload: self.settings.upload(NodeId(*n)),
                },
            ),
            Op::Decline(n) => from(
                n,
                Report::Declined {
                    round,
                    reason: "no".into(),
                    for_good: false,
                },
            ),
            Op::WrongRound(n, r) => {
                let round = if RoundId(*r) == round {
                    round.next()
                } else {
                    RoundId(*r)
                };
                from(
                    n,
                    Report::Upload {
                        round,
                        upload: self.settings.upload(NodeId(*n)),
                    },
                )
            }
            Op::Malformed(n) => {
                let mut upload = self.settings.upload(NodeId(*n));
                upload.words[0] = 1 << 63;
                from(n, Report::Upload { round, upload })
            }
            Op::Evaluate(n) => {
                let round = RoundId(round.0.saturating_sub(1));
                from(
                    n,
                    Report::Evaluation {
                        round,
                        evaluation: engine::evaluation(0.5),
                    },
                )
            }
            Op::Summarise(n) => from(
                n,
                Report::Summary {
                    round,
                    summary: self.settings.summary(NodeId(*n)),
                },
            ),
            Op::Restart => {
                if self.outcome.is_none() {
                    self.coordinator = self.settings.coordinator(self.saved.clone());
                    self.before = self.coordinator.params().0.clone();
                    self.accepted.clear();
                }
                Input::Start
            }
            Op::Interrupt => Input::Interrupt,
        };
        self.tell(input);
        self.check_model();
    }

    /// Lets time pass until the run ends; nothing else happens.
    fn wait_for_the_end(&mut self) {
        for _ in 0..200 {
            if self.outcome.is_some() {
                return;
            }
            self.now = self.now + 60_000;
            self.tell(Input::Woke);
            self.check_model();
        }
        panic!("the run stands still in {:?}", self.coordinator.phase());
    }
}

fn cases() -> ProptestConfig {
    // 10,000 cases in CI and on every plain `cargo test`: one case costs microseconds.
    ProptestConfig {
        cases: 10_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn no_script_breaks_the_round(
        (settings, ops) in settings().prop_flat_map(|settings| {
            let nodes = settings.nodes;
            (Just(settings), prop::collection::vec(op(nodes), 0..80))
        })
    ) {
        let mut world = World::new(&settings);
        (0..settings.nodes).for_each(|n| world.play(&Op::Join(n)));
        ops.iter().for_each(|op| world.play(op));
        world.wait_for_the_end();

        let mut again = World::new(&settings);
        (0..settings.nodes).for_each(|n| again.play(&Op::Join(n)));
        ops.iter().for_each(|op| again.play(op));
        again.wait_for_the_end();
        prop_assert_eq!(world.history, again.history);
    }
}
