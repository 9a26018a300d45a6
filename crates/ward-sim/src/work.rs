//! Training as an effect: whatever is outstanding, on all cores.

use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use rayon::prelude::*;
use ward_core::{Address, NodeId, Params, RoundId, Scaling, TrainError, TrainOrder, Trainer};
use ward_privacy::RowScanner;
use ward_round::{NodeEffect, NodeInput};

/// One hospital's rows and model, opened for work.
pub struct Ward {
    /// Trains and scores.
    pub trainer: Box<dyn Trainer>,
    /// Searches what leaves for the hospital's rows; `None` where nobody asked for the audit.
    pub scanner: Option<RowScanner>,
}

/// Where wards come from: made when first needed, and made again when they were not kept.
pub trait Wards: Sync {
    /// How many training and test rows a hospital has, without opening it.
    fn rows(&self, node: NodeId) -> (u64, u64);

    /// Opens one hospital.
    ///
    /// # Errors
    /// Why its rows are not to be had; the node declines with it.
    fn open(&self, node: NodeId) -> Result<Ward, String>;
}

/// A piece of work that a node asked its driver for.
#[derive(Debug, Clone)]
pub(crate) enum Job {
    Summarise {
        round: RoundId,
    },
    Train {
        round: RoundId,
        params: Arc<Params>,
        order: Arc<TrainOrder>,
    },
    Evaluate {
        round: RoundId,
        params: Arc<Params>,
        scaling: Option<Arc<Scaling>>,
    },
}

impl Job {
    /// The job in a node's effect; sends and goodbyes are not jobs.
    pub(crate) fn of(effect: NodeEffect) -> Result<Self, NodeEffect> {
        match effect {
            NodeEffect::Summarise { round } => Ok(Self::Summarise { round }),
            NodeEffect::Train {
                round,
                params,
                order,
            } => Ok(Self::Train {
                round,
                params,
                order,
            }),
            NodeEffect::Evaluate {
                round,
                params,
                scaling,
            } => Ok(Self::Evaluate {
                round,
                params,
                scaling,
            }),
            other => Err(other),
        }
    }

    /// Kind and round, as in the instruction that asked for it.
    pub(crate) fn work(&self) -> (&'static str, RoundId) {
        match self {
            Self::Summarise { round } => ("summarise", *round),
            Self::Train { round, .. } => ("train", *round),
            Self::Evaluate { round, .. } => ("evaluate", *round),
        }
    }

    fn carry_out(&self, node: NodeId, trainer: &mut dyn Trainer) -> NodeInput {
        match self {
            Self::Summarise { round } => NodeInput::Summarised {
                round: *round,
                summary: trainer.summarise(),
            },
            Self::Train {
                round,
                params,
                order,
            } => NodeInput::Trained {
                round: *round,
                result: trainer.train(
                    params,
                    order,
                    Address {
                        round: *round,
                        node,
                    },
                ),
            },
            Self::Evaluate {
                round,
                params,
                scaling,
            } => NodeInput::Evaluated {
                round: *round,
                result: trainer.evaluate(params, scaling.as_ref()),
            },
        }
    }

    fn failed(&self, reason: String) -> NodeInput {
        let error = TrainError::Rows(reason);
        match self {
            Self::Summarise { round } | Self::Train { round, .. } => NodeInput::Trained {
                round: *round,
                result: Err(error),
            },
            Self::Evaluate { round, .. } => NodeInput::Evaluated {
                round: *round,
                result: Err(error),
            },
        }
    }
}

/// A job with the ward it needs, if that is open already.
pub(crate) struct Task {
    pub(crate) node: NodeId,
    pub(crate) job: Job,
    pub(crate) ward: Option<Ward>,
}

/// What came of a task.
pub(crate) struct Done {
    pub(crate) node: NodeId,
    pub(crate) result: NodeInput,
    pub(crate) ward: Option<Ward>,
    /// Processor time it took.
    pub(crate) cpu: Duration,
}

/// Carries out all tasks on the threads of the current rayon pool. The result of a task depends on
/// nothing but the task.
pub(crate) fn carry_out(tasks: Vec<Task>, wards: &dyn Wards) -> Vec<Done> {
    tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|Task { node, job, ward }| {
            let before = ThreadTime::now();
            let opened = ward.map_or_else(|| wards.open(node), Ok);
            let (result, ward) = match opened {
                Ok(mut ward) => (job.carry_out(node, ward.trainer.as_mut()), Some(ward)),
                Err(reason) => (job.failed(reason), None),
            };
            Done {
                node,
                result,
                ward,
                cpu: before.elapsed(),
            }
        })
        .collect()
}
