//! Training as an effect: whatever is outstanding, on all cores.

use rayon::prelude::*;
use ward_core::{LocalUpdate, NodeId, Trainer};
use ward_privacy::RowScanner;
use ward_round::{NodeEffect, NodeInput};

use crate::adversary::{Conduct, RowsMut};

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

    /// Opens one hospital with its training rows changed by a poison; its test rows, and the rows
    /// that its scanner looks for, stay its own.
    ///
    /// # Errors
    /// As [`Self::open`], and where rows cannot be changed at all.
    fn open_poisoned(&self, node: NodeId, _poison: &dyn Fn(RowsMut<'_>)) -> Result<Ward, String> {
        Err(format!("the rows of {node} cannot be poisoned"))
    }
}

/// A job with the ward it needs, if that is open already.
pub(crate) struct Task {
    pub(crate) node: NodeId,
    pub(crate) job: NodeEffect,
    pub(crate) ward: Option<Ward>,
    /// How it is carried out.
    pub(crate) conduct: Conduct,
}

/// What came of a task.
pub(crate) struct Done {
    pub(crate) node: NodeId,
    /// `None` where there was nothing to do.
    pub(crate) result: Option<NodeInput>,
    /// The update, where colluders are to see it.
    pub(crate) seen: Option<LocalUpdate>,
    pub(crate) ward: Option<Ward>,
}

/// Carries out all tasks on the threads of the current rayon pool. The result of a task depends on
/// nothing but the task.
pub(crate) fn carry_out(tasks: Vec<Task>, wards: &dyn Wards) -> Vec<Done> {
    tasks
        .into_par_iter()
        .with_max_len(1)
        .map(|task| {
            let Task {
                node,
                job,
                ward,
                conduct,
            } = task;
            let opened = ward.map_or_else(|| conduct.open(node, wards), Ok);
            let (result, seen, ward) = match opened {
                Ok(mut ward) => {
                    let (result, seen) = conduct.carry_out(&job, node, ward.trainer.as_mut());
                    (result, seen, Some(ward))
                }
                Err(reason) => (job.without_rows(reason), None, None),
            };
            Done {
                node,
                result,
                seen,
                ward,
            }
        })
        .collect()
}
