//! Training as an effect: whatever is outstanding, on all cores.

use std::time::Duration;

use cpu_time::ThreadTime;
use rayon::prelude::*;
use ward_core::{NodeId, Trainer};
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

/// A job with the ward it needs, if that is open already.
pub(crate) struct Task {
    pub(crate) node: NodeId,
    pub(crate) job: NodeEffect,
    pub(crate) ward: Option<Ward>,
}

/// What came of a task.
pub(crate) struct Done {
    pub(crate) node: NodeId,
    /// `None` where there was nothing to do.
    pub(crate) result: Option<NodeInput>,
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
                Err(reason) => (job.without_rows(reason), None),
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
