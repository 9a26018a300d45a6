//! A job: its numbers, its files, and the engine's plan for it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use ward_core::{
    Batches, LocalWork, NodeId, NodeInfo, OptimizerSpec, Params, Schedule, Seed, TrainOrder,
    WordWidth,
};
use ward_data::{HospitalData, Rows};
use ward_round::strategy::{Listed, Mean, ServerSgd};
use ward_round::{Coordinator, Plan, RunState, Strategy};
use ward_sim::Ward;
use ward_train::{CnnConfig, Engine, HospitalTrainer, Learners, MlpConfig, ModelConfig, ModelSpec};

use crate::npy::Npy;

/// Hospitals whose rows stay in memory between rounds: the default of `simulation.keep_open`.
pub(crate) const KEEP_OPEN: usize = 1_024;

/// The largest parameter a job's sums must have room for.
const RANGE: f32 = 64.0;

pub(crate) struct Job {
    /// How many to play; the cohorts come again when they are through.
    pub(crate) rounds: u32,
    epochs: u32,
    model: ModelConfig,
}

impl Job {
    pub(crate) fn named(id: &str) -> Option<Self> {
        let mlp = || {
            ModelConfig::Mlp(MlpConfig {
                hidden: vec![64, 32],
            })
        };
        let (rounds, epochs, model) = match id {
            "J1" => (20, 5, mlp()),
            "J2" => (
                10,
                1,
                ModelConfig::Cnn(CnnConfig {
                    channels: [8, 16],
                    kernels: [3, 3],
                    hidden: 64,
                }),
            ),
            "J3" => (50, 1, mlp()),
            "J4" => (10, 1, mlp()),
            _ => return None,
        };
        Some(Self {
            rounds,
            epochs,
            model,
        })
    }

    /// The engine, ready for round 0.
    pub(crate) fn coordinator(&self, wards: &Wards) -> Result<Coordinator> {
        let roster: Vec<NodeInfo> = (0..wards.hospitals).map(info).collect();
        let largest = wards.cohorts.iter().map(Vec::len).max().unwrap_or(1) as u64;
        let rows = wards.rows_each as u64;
        let ring = ward_privacy::ring::finest(RANGE, rows, rows * largest, WordWidth::Wide)
            .context("the sum has no room")?;
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.05,
            momentum: 0.0,
        };
        let work = LocalWork::Epochs(self.epochs);
        let order = TrainOrder {
            batches: Batches::InOrder,
            ..TrainOrder::new(work, 32, optimizer, ring, Seed::run(0))
        };
        let plan = Plan {
            rounds: self.rounds,
            roster,
            seed: Seed::run(0),
            order,
            schedule: Schedule::Constant,
            federated_scaling: false,
            features: wards.model.input_shape.iter().product(),
            parameters: wards.model.parameters(),
            quorum: 1.0,
            deadline_ms: 60_000,
            join_deadline_ms: 60_000,
            over_selection: 1.0,
            most_abandoned: 1,
            evaluate_every: 0,
            checkpoint_every: 1,
            rests_with_first: false,
            clipping: None,
            privacy: None,
            noise: ward_privacy::NoiseSource::System,
            region_of: None,
            masking: None,
        };
        let cohorts = wards.cohorts.iter().cycle().cloned();
        let cohorts = cohorts.take(self.rounds as usize);
        let strategy = Strategy {
            sampler: Box::new(Listed(cohorts.collect())),
            aggregator: Box::new(Mean),
            server_optimizer: Box::new(ServerSgd::FED_AVG),
        };
        Ok(Coordinator::new(
            plan,
            strategy,
            RunState::new(wards.initial.clone()),
        ))
    }
}

fn info(node: usize) -> NodeInfo {
    NodeInfo {
        node: NodeId(node as u32),
        name: format!("h{node:05}"),
        tier: "all".to_owned(),
        ..NodeInfo::default()
    }
}

/// All rows of a job, and what trains on them.
pub(crate) struct Wards {
    pub(crate) model: Arc<ModelSpec>,
    pub(crate) test: Rows,
    pub(crate) initial: Params,
    pub(crate) cohorts: Vec<Vec<NodeId>>,
    pub(crate) hospitals: usize,
    pub(crate) rows_each: usize,
    learners: Learners,
    features: Vec<f32>,
    labels: Vec<u8>,
}

impl Wards {
    pub(crate) fn open(job: &Job, folder: &Path, engine: Engine) -> Result<Self> {
        let open = |name: &str| Npy::open(&folder.join(name));
        let bytes = |array: &Npy| -> Result<Vec<u8>> {
            array
                .integers()?
                .into_iter()
                .map(|v| Ok(u8::try_from(v)?))
                .collect()
        };
        let rows = open("X.npy")?;
        let [hospitals, rows_each, ref shape @ ..] = rows.shape[..] else {
            anyhow::bail!("X.npy has {} dimensions", rows.shape.len());
        };
        let model = Arc::new(ModelSpec::resolve(&job.model, shape, 2)?);
        let test = Rows {
            shape: shape.to_vec(),
            features: open("Xe.npy")?.f32s()?,
            labels: bytes(&open("ye.npy")?)?,
        };
        let cohorts = open("cohorts.npy")?;
        let cohort = *cohorts.shape.last().context("cohorts.npy is empty")?;
        let nodes: Vec<NodeId> = cohorts
            .integers()?
            .into_iter()
            .map(|node| NodeId(node as u32))
            .collect();
        Ok(Self {
            initial: initial(&model, folder)?,
            test,
            cohorts: nodes.chunks(cohort).map(<[NodeId]>::to_vec).collect(),
            hospitals,
            rows_each,
            learners: Learners::new(model.clone(), engine),
            features: rows.f32s()?,
            labels: bytes(&open("y.npy")?)?,
            model,
        })
    }
}

/// The first weights. The exporter's dense layers are `[out, in]`, ours `[in, out]`.
fn initial(model: &ModelSpec, folder: &Path) -> Result<Params> {
    let mut params = Vec::with_capacity(model.parameters());
    for (index, tensor) in model.layout().tensors.iter().enumerate() {
        let array = Npy::open(&folder.join(format!("init_{index}.npy")))?;
        let values = array.f32s()?;
        ensure!(
            values.len() == tensor.count(),
            "init_{index}.npy has another size"
        );
        match array.shape[..] {
            [outputs, inputs] => params.extend(
                (0..inputs)
                    .flat_map(|i| (0..outputs).map(move |o| (i, o)))
                    .map(|(i, o)| values[o * inputs + i]),
            ),
            _ => params.extend(values),
        }
    }
    Ok(Params(params))
}

impl ward_sim::Wards for Wards {
    fn rows(&self, _: NodeId) -> (u64, u64) {
        (self.rows_each as u64, 0)
    }

    fn open(&self, node: NodeId) -> Result<Ward, String> {
        let index = node.0 as usize;
        let width: usize = self.test.shape.iter().product();
        let rows = index * self.rows_each..(index + 1) * self.rows_each;
        let train = Rows {
            shape: self.test.shape.clone(),
            features: self.features[rows.start * width..rows.end * width].to_vec(),
            labels: self.labels[rows].to_vec(),
        };
        let test = Rows::empty(&train.shape);
        let data = HospitalData {
            info: info(index),
            train,
            test,
            facts: Vec::new(),
        };
        let trainer = HospitalTrainer::new(data, self.learners.clone());
        Ok(Ward::open(Box::new(trainer)))
    }
}
