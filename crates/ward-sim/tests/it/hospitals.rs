//! Forty small hospitals to attack: each pulls the model towards its own rows.

use std::io;
use std::sync::Arc;

use rand::RngExt;
use ward_core::{
    Address, Batches, Delta, Estimate, Evaluation, Event, Layout, LocalUpdate, LocalWork, NodeId,
    NodeInfo, OptimizerSpec, Params, Purpose, Record, RingSpec, RoundId, Schedule, Seed, Summary,
    TensorSpec, TrainError, TrainOrder, Trainer, Weighting,
};
use ward_round::strategy::{Mean, ServerSgd, Uniform};
use ward_round::{Coordinator, Plan, RunState, Strategy};
use ward_sim::adversary::{Adversaries, Attack, RowsMut};
use ward_sim::{Faults, Finished, Link, Observer, Simulation, Ward, Wards};

/// More than one thread's batch, so that threads divide the work differently.
pub(crate) const NODES: u32 = 40;
pub(crate) const ROUNDS: u32 = 5;
const PARAMETERS: usize = 3;
pub(crate) const RING: RingSpec = RingSpec {
    fraction_bits: 28,
    range: 128.0,
    most_weight: 100,
};

struct Toy {
    node: NodeId,
    features: Vec<f32>,
    labels: Vec<u8>,
    layout: Layout,
}

impl Toy {
    fn new(node: NodeId) -> Self {
        let features = (0..8).map(|i| (node.0 * 8 + i) as f32 * 0.01).collect();
        Self {
            node,
            features,
            labels: vec![0, 1, 1, 1],
            layout: Layout {
                tensors: vec![TensorSpec {
                    name: "all".into(),
                    shape: vec![PARAMETERS],
                }],
            },
        }
    }

    fn pull(&self) -> f32 {
        let labels: u32 = self.labels.iter().map(|&l| u32::from(l)).sum();
        self.features.iter().sum::<f32>() / 8.0 + labels as f32
    }
}

impl Trainer for Toy {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn examples(&self) -> u64 {
        10 + u64::from(self.node.0)
    }

    fn summarise(&self) -> Summary {
        Summary::of(&self.features, 2)
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        let place = order.seed.round(address.round).node(address.node);
        let mut rng = place.purpose(Purpose::SHUFFLE).stream();
        let pull = self.pull();
        let step = |w: &f32| 0.3 * (pull - w) + rng.random::<f32>() * 0.01;
        Ok(LocalUpdate {
            delta: Delta(params.0.iter().map(step).collect()),
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
        let estimate = Estimate {
            value: f64::from(params.0[0]),
            n: 5,
            standard_error: 0.1,
        };
        Ok(Evaluation([("loss".to_owned(), estimate)].into()))
    }
}

struct Toys;

fn ward(trainer: Toy) -> Ward {
    Ward::open(Box::new(trainer))
}

impl Wards for Toys {
    fn rows(&self, _: NodeId) -> (u64, u64) {
        (4, 5)
    }

    fn open(&self, node: NodeId) -> Result<Ward, String> {
        Ok(ward(Toy::new(node)))
    }

    fn open_poisoned(&self, node: NodeId, poison: &dyn Fn(RowsMut<'_>)) -> Result<Ward, String> {
        let mut toy = Toy::new(node);
        poison(RowsMut {
            features: &mut toy.features,
            labels: &mut toy.labels,
            shape: &[2],
            classes: 2,
        });
        Ok(ward(toy))
    }
}

/// Keeps the story and the saved states.
#[derive(Default)]
pub(crate) struct Story {
    records: Vec<Record>,
    pub(crate) saved: Vec<RunState>,
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
}

impl Story {
    /// What `look` finds, in order.
    pub(crate) fn of<T>(&self, look: impl Fn(&Event) -> Option<T>) -> Vec<T> {
        self.records.iter().filter_map(|r| look(&r.event)).collect()
    }
}

/// How a run is played.
#[derive(Clone)]
pub(crate) struct How {
    pub(crate) attack: Option<Attack>,
    pub(crate) attackers: usize,
    pub(crate) from_round: u32,
    pub(crate) threads: usize,
    pub(crate) keep: usize,
    pub(crate) backwards: bool,
    pub(crate) jitter_ms: f64,
    /// Hospitals asked a round.
    pub(crate) cohort: usize,
    pub(crate) weighting: Weighting,
    /// Where it goes on; `None` at the start.
    pub(crate) from: Option<RunState>,
}

impl Default for How {
    fn default() -> Self {
        Self {
            attack: None,
            attackers: 8,
            from_round: 0,
            threads: 1,
            keep: usize::MAX,
            backwards: false,
            jitter_ms: 0.0,
            cohort: NODES as usize,
            weighting: Weighting::Examples,
            from: None,
        }
    }
}

impl How {
    pub(crate) fn adversaries(&self) -> Option<Adversaries> {
        let seed = Seed::run(1);
        Some(Adversaries {
            nodes: Adversaries::draw(self.attackers, NODES, seed),
            attack: self.attack.clone()?,
            from_round: RoundId(self.from_round),
            rule: Arc::new(mean),
            seed,
        })
    }
}

fn mean(all: &[&[f64]]) -> Vec<f64> {
    let sum = |j: usize| all.iter().map(|v| v[j]).sum::<f64>();
    (0..PARAMETERS).map(|j| sum(j) / all.len() as f64).collect()
}

fn plan(weighting: Weighting) -> Plan {
    let info = |n| NodeInfo {
        node: NodeId(n),
        name: format!("hospital-{n}"),
        tier: "all".into(),
        ..NodeInfo::default()
    };
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    Plan {
        rounds: ROUNDS,
        roster: (0..NODES).map(info).collect(),
        seed: Seed::run(1),
        order: TrainOrder {
            batches: Batches::InOrder,
            weighting,
            ..TrainOrder::new(LocalWork::Epochs(1), 32, optimizer, RING, Seed::run(1))
        },
        schedule: Schedule::Constant,
        federated_scaling: true,
        features: 2,
        parameters: PARAMETERS,
        quorum: 0.5,
        deadline_ms: 60_000,
        join_deadline_ms: 10_000,
        over_selection: 1.0,
        most_abandoned: 2,
        evaluate_every: 2,
        checkpoint_every: 1,
        rests_with_first: false,
        clipping: None,
        privacy: None,
        noise: ward_privacy::NoiseSource::System,
        region_of: None,
        masking: None,
    }
}

/// Plays a run and returns its story beside its end.
pub(crate) fn play(how: &How) -> (Finished, Story) {
    let mut story = Story::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(how.threads);
    let pool = pool.build().unwrap();
    let strategy = Strategy {
        sampler: Box::new(Uniform { count: how.cohort }),
        aggregator: Box::new(Mean),
        server_optimizer: Box::new(ServerSgd::FED_AVG),
    };
    let fresh = || RunState::new(Params(vec![0.0, 1.0, -2.0]));
    let state = how.from.clone().unwrap_or_else(fresh);
    let coordinator = Coordinator::new(plan(how.weighting), strategy, state);
    let link = Link {
        jitter_ms: how.jitter_ms,
        ..Link::IDEAL
    };
    let mut joining: Vec<NodeId> = (0..NODES).map(NodeId).collect();
    if how.backwards {
        joining.reverse();
    }
    let network = |_| (link, Faults::default());
    let mut simulation =
        Simulation::new(coordinator, &Toys, &pool, how.keep, Seed::run(1), network)
            .joining(joining);
    if let Some(adversaries) = how.adversaries() {
        simulation = simulation.against(adversaries);
    }
    let finished = simulation.run(&mut story).unwrap();
    (finished, story)
}
