//! The simulator's laws, with a trainer small enough to read: nothing but the plan decides the bits.

use std::io;

use rand::RngExt;
use ward_core::{
    Address, Delta, Digest, Estimate, Evaluation, Event, Layout, LocalUpdate, NodeId, Outcome,
    Params, Purpose, Record, Schedule, Seed, Summary, Tick, TrainError, TrainOrder, Trainer,
};
use ward_round::{Coordinator, Plan, RunState, Strategy};
use ward_sim::{Faults, Finished, Link, Observer, Simulation, Ward, Wards};

use crate::engine::Settings;

const NODES: u32 = 12;

/// Moves each parameter towards the node's own target, with a draw from its address.
struct Toy {
    node: NodeId,
    layout: Layout,
}

impl Trainer for Toy {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn examples(&self) -> u64 {
        10 + u64::from(self.node.0)
    }

    fn summarise(&self) -> Summary {
        Summary::of(&[self.node.0 as f32, 1.5], 1)
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        let place = order.seed.round(address.round).node(address.node);
        let mut rng = place.purpose(Purpose::SHUFFLE).stream();
        let shift = order
            .scaling
            .as_ref()
            .map_or(0.0, |scaling| scaling.means[0] as f32);
        let rate = 3.0 * order.optimizer.learning_rate();
        let delta = params
            .0
            .iter()
            .map(|w| rate * (self.node.0 as f32 * 0.7 + shift - w) + rng.random::<f32>() * 0.01)
            .collect();
        Ok(LocalUpdate {
            delta: Delta(delta),
            extras: Vec::new(),
            examples: self.examples(),
            noised: None,
            loss: 0.5,
        })
    }

    fn evaluate(
        &mut self,
        params: &Params,
        _: &TrainOrder,
        _: Address,
    ) -> Result<Evaluation, TrainError> {
        let value = f64::from(params.0[0]);
        let estimate = Estimate {
            value,
            n: 5,
            standard_error: 0.1,
        };
        Ok(Evaluation([("loss".to_owned(), estimate)].into()))
    }
}

struct Toys;

impl Wards for Toys {
    fn rows(&self, _: NodeId) -> (u64, u64) {
        (10, 5)
    }

    fn open(&self, node: NodeId) -> Result<Ward, String> {
        Ok(Ward::open(Box::new(Toy {
            node,
            layout: Layout::default(),
        })))
    }
}

/// Keeps the story and the saved states; may ask to stop after some rounds.
#[derive(Default)]
struct Story {
    records: Vec<Record>,
    saved: Vec<RunState>,
    stop_after: Option<usize>,
}

impl Observer for Story {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.records.push(record.clone());
        Ok(())
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        self.saved.push(state.clone());
        Ok(())
    }

    fn interrupted(&self) -> bool {
        let closed = self
            .records
            .iter()
            .filter(|r| matches!(r.event, Event::RoundClosed { .. }))
            .count();
        self.stop_after.is_some_and(|rounds| closed >= rounds)
    }
}

fn plan() -> Plan {
    let settings = Settings {
        nodes: NODES,
        rounds: 8,
        evaluate_every: 3,
        checkpoint_every: 1,
        scaling: true,
        ..Settings::default()
    };
    settings.plan()
}

/// How one run differs from another that must end in the same bits.
struct How {
    threads: usize,
    keep: usize,
    link: fn(NodeId) -> Link,
    link_seed: u64,
    joining: Vec<NodeId>,
    from: Option<RunState>,
}

impl Default for How {
    fn default() -> Self {
        Self {
            threads: 1,
            keep: usize::MAX,
            link: |_| Link::IDEAL,
            link_seed: 1,
            joining: (0..NODES).map(NodeId).collect(),
            from: None,
        }
    }
}

fn play(how: How, plan: Plan, faults: Faults, story: &mut Story) -> Finished {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(how.threads)
        .build()
        .unwrap();
    let state = how
        .from
        .unwrap_or_else(|| RunState::new(Params(vec![0.0, 1.0])));
    let coordinator = Coordinator::new(plan, Strategy::fed_avg(), state);
    let seed = Seed::run(how.link_seed);
    let link = how.link;
    Simulation::new(coordinator, &Toys, &pool, how.keep, seed, |node| {
        (link(node), faults)
    })
    .joining(how.joining)
    .run(story)
    .unwrap()
}

fn digest(how: How) -> Digest {
    let finished = play(how, plan(), Faults::default(), &mut Story::default());
    assert_eq!(finished.outcome, Outcome::Completed);
    finished.state.params().digest()
}

#[test]
fn threads_cannot_change_the_model() {
    let one = digest(How::default());
    assert_eq!(
        digest(How {
            threads: 2,
            ..How::default()
        }),
        one
    );
    assert_eq!(
        digest(How {
            threads: 8,
            ..How::default()
        }),
        one
    );
}

#[test]
fn the_order_of_hospitals_and_of_arrival_cannot_change_the_model() {
    let plain = digest(How::default());
    let backwards = (0..NODES).rev().map(NodeId).collect();
    assert_eq!(
        digest(How {
            joining: backwards,
            ..How::default()
        }),
        plain
    );
    let shaky = |_: NodeId| Link {
        jitter_ms: 5_000.0,
        ..Link::IDEAL
    };
    for link_seed in 1..6 {
        assert_eq!(
            digest(How {
                link: shaky,
                link_seed,
                ..How::default()
            }),
            plain
        );
    }
}

#[test]
fn wards_may_be_closed_and_opened_again() {
    assert_eq!(
        digest(How {
            keep: 3,
            ..How::default()
        }),
        digest(How::default())
    );
    assert_eq!(
        digest(How {
            keep: 0,
            ..How::default()
        }),
        digest(How::default())
    );
}

#[test]
fn arrival_orders_do_differ() {
    // Or the law above would be empty.
    let order = |link_seed| {
        let shaky = |_: NodeId| Link {
            jitter_ms: 5_000.0,
            ..Link::IDEAL
        };
        let mut story = Story::default();
        let how = How {
            link: shaky,
            link_seed,
            ..How::default()
        };
        play(how, plan(), Faults::default(), &mut story);
        let accepted = story
            .records
            .iter()
            .filter_map(|record| match &record.event {
                Event::ReportAccepted { node, .. } => Some(*node),
                _ => None,
            });
        accepted.collect::<Vec<_>>()
    };
    assert_ne!(order(1), order(2));
}

#[test]
fn a_run_stopped_anywhere_goes_on_to_the_same_bits() {
    let whole = digest(How::default());
    // The round under way is finished, so a stop seen after round 7 ends with round 8.
    for stop_after in 0..7 {
        let mut story = Story {
            stop_after: Some(stop_after),
            ..Story::default()
        };
        let half = play(How::default(), plan(), Faults::default(), &mut story);
        assert_eq!(half.outcome, Outcome::Interrupted);
        assert_ne!(half.state.params().digest(), whole);
        let from = story.saved.pop();
        assert!(from.is_some());
        assert_eq!(
            digest(How {
                from,
                ..How::default()
            }),
            whole,
            "stopped after {stop_after}"
        );
    }
}

#[test]
fn a_run_goes_on_from_every_checkpoint_it_made() {
    let mut story = Story::default();
    let whole = play(How::default(), plan(), Faults::default(), &mut story);
    assert!(story.saved.len() >= 8);
    for state in story.saved {
        let from = Some(state);
        assert_eq!(
            digest(How {
                from,
                ..How::default()
            }),
            whole.state.params().digest()
        );
    }
}

#[test]
fn a_learning_rate_that_changes_goes_on_where_it_was() {
    let plan = || Plan {
        schedule: Schedule::Cosine {
            rounds: None,
            least: 0.1,
        },
        ..plan()
    };
    let mut story = Story::default();
    let whole = play(How::default(), plan(), Faults::default(), &mut story);
    assert_ne!(whole.state.params().digest(), digest(How::default()));
    for state in story.saved {
        let how = How {
            from: Some(state),
            ..How::default()
        };
        let rest = play(how, plan(), Faults::default(), &mut Story::default());
        assert_eq!(rest.state.params(), whole.state.params());
    }
}

#[test]
fn silent_hospitals_are_named_and_the_run_finishes() {
    let mut story = Story::default();
    let faults = Faults {
        silent: 0.3,
        ..Faults::default()
    };
    // Everybody is needed for the scaling, so that stays off here.
    let plan = Plan {
        federated_scaling: false,
        ..plan()
    };
    let finished = play(How::default(), plan, faults, &mut story);
    assert_eq!(finished.outcome, Outcome::Completed);
    let (mut rounds, mut missing) = (0, 0);
    for record in &story.records {
        if let Event::RoundClosed {
            reporters, silent, ..
        } = &record.event
        {
            assert_eq!(reporters.len() + silent.len(), NODES as usize);
            rounds += 1;
            missing += silent.len();
        }
    }
    assert!(
        rounds >= 6 && missing > 10,
        "{rounds} rounds, {missing} missing reports"
    );
    assert!(
        finished.at > Tick(60_000),
        "a silent hospital holds the round until its deadline"
    );
}

#[test]
fn late_reports_are_refused_as_late() {
    let mut story = Story::default();
    let faults = Faults {
        late: 0.3,
        late_by_ms: 90_000,
        ..Faults::default()
    };
    let plan = Plan {
        federated_scaling: false,
        evaluate_every: 0,
        ..plan()
    };
    play(How::default(), plan, faults, &mut story);
    let late = story
        .records
        .iter()
        .filter(|r| {
            matches!(
                r.event,
                Event::ReportRefused {
                    refusal: ward_core::Refusal::TooLate,
                    ..
                }
            )
        })
        .count();
    assert!(late > 5, "{late} late reports");
}

#[test]
fn time_is_virtual_and_follows_the_line() {
    let slow = |_: NodeId| Link {
        latency_ms: 100.0,
        jitter_ms: 0.0,
        megabits_per_s: f64::INFINITY,
        compute_speed: f64::INFINITY,
    };
    let finished = play(
        How {
            link: slow,
            ..How::default()
        },
        plan(),
        Faults::default(),
        &mut Story::default(),
    );
    // Sums, eight rounds and three evaluations (3, 6, last): twelve exchanges of 200 ms.
    assert_eq!(finished.at, Tick(12 * 200));
}
