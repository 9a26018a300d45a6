//! A small engine for tests: two parameters, and one update per node that names it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ward_core::{
    Batches, Delta, Estimate, Evaluation, LocalUpdate, LocalWork, NodeId, NodeInfo, OptimizerSpec,
    Params, RingSpec, Schedule, Seed, Summary, TrainOrder, Upload, Weighting,
};
use ward_privacy::seal::{trial, trial_order};
use ward_robust::Robust;
use ward_robust::rule::Krum;
use ward_round::strategy::{
    All, Among, Mean, Poisson, PowerOfChoice, RoundRobin, ServerSgd, TierQuota, Uniform,
};
use ward_round::{Aggregator, Coordinator, Plan, RunState, Sampler, Strategy};

/// Whom a test engine asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asks {
    Everybody,
    Some(usize),
    Coins(f64),
    InTurn(usize),
    /// Those of the highest losses.
    Worst(usize),
    /// So many of a tier, which is those of even number.
    Even(usize),
}

/// The settings of a test engine.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) nodes: u32,
    pub(crate) rounds: u32,
    pub(crate) asks: Asks,
    /// Nodes from this one on may not be asked to train.
    pub(crate) barred: u32,
    pub(crate) quorum: f64,
    pub(crate) deadline: u64,
    pub(crate) over_selection: f64,
    pub(crate) most_abandoned: u32,
    pub(crate) evaluate_every: u32,
    pub(crate) checkpoint_every: u32,
    pub(crate) scaling: bool,
    /// Krum's f, where the rule is Krum and not the mean.
    pub(crate) krum: Option<usize>,
    pub(crate) norm_bound: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            nodes: 3,
            rounds: 2,
            asks: Asks::Everybody,
            barred: u32::MAX,
            quorum: 0.5,
            deadline: 60_000,
            over_selection: 1.0,
            most_abandoned: 2,
            evaluate_every: 0,
            checkpoint_every: 0,
            scaling: false,
            krum: None,
            norm_bound: f64::INFINITY,
        }
    }
}

impl Settings {
    /// Reads one settings line of a script.
    pub(crate) fn set(&mut self, words: &[&str]) {
        let &[name, value] = words else {
            panic!("not a setting: {words:?}")
        };
        let number = || value.parse::<u64>().unwrap();
        match name {
            "nodes" => self.nodes = number() as u32,
            "rounds" => self.rounds = number() as u32,
            "sample" => self.asks = Asks::Some(number() as usize),
            "poisson" => self.asks = Asks::Coins(value.parse().unwrap()),
            "in-turn" => self.asks = Asks::InTurn(number() as usize),
            "worst" => self.asks = Asks::Worst(number() as usize),
            "even" => self.asks = Asks::Even(number() as usize),
            "barred" => self.barred = number() as u32,
            "quorum" => self.quorum = value.parse().unwrap(),
            "deadline" => self.deadline = number(),
            "over-selection" => self.over_selection = value.parse().unwrap(),
            "most-abandoned" => self.most_abandoned = number() as u32,
            "evaluate-every" => self.evaluate_every = number() as u32,
            "checkpoint-every" => self.checkpoint_every = number() as u32,
            "scaling" => self.scaling = value == "federated",
            "krum" => self.krum = Some(number() as usize),
            "norm-bound" => self.norm_bound = value.parse().unwrap(),
            other => panic!("not a setting: {other}"),
        }
    }

    pub(crate) fn ring(&self) -> RingSpec {
        RingSpec {
            fraction_bits: 20,
            range: 65_536.0,
            most_weight: 100,
        }
    }

    pub(crate) fn plan(&self) -> Plan {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        Plan {
            rounds: self.rounds,
            roster: (0..self.nodes)
                .map(|n| NodeInfo {
                    node: NodeId(n),
                    name: format!("hospital-{n}"),
                    tier: "all".into(),
                    ..NodeInfo::default()
                })
                .collect(),
            seed: Seed::run(1),
            order: TrainOrder {
                batches: Batches::InOrder,
                ..TrainOrder::new(
                    LocalWork::Epochs(1),
                    32,
                    optimizer,
                    self.ring(),
                    Seed::run(1),
                )
            },
            schedule: Schedule::Constant,
            federated_scaling: self.scaling,
            features: 1,
            parameters: 2,
            quorum: self.quorum,
            deadline_ms: self.deadline,
            join_deadline_ms: 10_000,
            over_selection: self.over_selection,
            most_abandoned: self.most_abandoned,
            evaluate_every: self.evaluate_every,
            checkpoint_every: self.checkpoint_every,
            rests_with_first: false,
            clipping: None,
            privacy: None,
            noise: ward_privacy::NoiseSource::System,
            region_of: None,
            masking: None,
        }
    }

    pub(crate) fn coordinator(&self, state: RunState) -> Coordinator {
        let plan = self.plan();
        assert_eq!(plan.check(self.nodes as usize), []);
        let strategy = Strategy {
            sampler: self.sampler(),
            aggregator: self.aggregator(),
            server_optimizer: Box::new(ServerSgd::FED_AVG),
        };
        Coordinator::new(plan, strategy, state)
    }

    fn sampler(&self) -> Box<dyn Sampler> {
        let sampler: Box<dyn Sampler> = match self.asks {
            Asks::Everybody => Box::new(All),
            Asks::Some(count) => Box::new(Uniform { count }),
            Asks::Coins(rate) => Box::new(Poisson { rate }),
            Asks::InTurn(count) => Box::new(RoundRobin { count }),
            Asks::Worst(count) => Box::new(PowerOfChoice {
                count,
                candidates: 2 * count,
                volumes: None,
            }),
            Asks::Even(quota) => Box::new(TierQuota {
                quotas: vec![quota],
                tiers: (0..self.nodes)
                    .map(|n| n.is_multiple_of(2).then_some(0))
                    .collect(),
            }),
        };
        let admitted = (0..self.nodes).map(|node| node < self.barred).collect();
        Box::new(Among {
            sampler,
            admitted,
            outside: BTreeSet::new(),
        })
    }

    fn aggregator(&self) -> Box<dyn Aggregator> {
        let Some(f) = self.krum else {
            return Box::new(Mean);
        };
        Box::new(Robust {
            before: Vec::new(),
            rule: Arc::new(Krum),
            f,
            norm_bound: self.norm_bound,
            claimed_weights: false,
        })
    }

    /// Node n's update is (2^n, 1): counted twice or not at all, it shows in the sum.
    pub(crate) fn upload(&self, node: NodeId) -> Upload {
        let delta = Delta(vec![f32::from(1_u16 << (node.0 % 16)), 1.0]);
        let update = LocalUpdate {
            delta,
            extras: Vec::new(),
            examples: 1,
            noised: None,
            loss: 0.5,
        };
        trial(update, &trial_order(Weighting::Examples, self.ring())).unwrap()
    }

    pub(crate) fn summary(&self, node: NodeId) -> Summary {
        Summary::of(&[node.0 as f32, node.0 as f32 + 1.0], 1)
    }
}

pub(crate) fn params(_: &Settings) -> Params {
    Params(vec![0.0, 0.0])
}

pub(crate) fn narrow_summary() -> Summary {
    Summary {
        rows: 1,
        ..Summary::default()
    }
}

pub(crate) fn evaluation(auc: f64) -> Evaluation {
    let estimate = Estimate {
        value: auc,
        n: 10,
        standard_error: 0.1,
    };
    Evaluation([("auc".to_owned(), estimate)].into())
}
