//! Training as an effect: what is outstanding, on all cores, in the order in which it is needed.

mod crew;
mod jobs;
mod misconduct;
mod sums;

use std::sync::{Arc, Mutex, PoisonError};

use ward_core::{LocalUpdate, NodeId, RoundId, Trainer};
use ward_privacy::{Guard, RowScanner};
use ward_round::{NodeEffect, NodeInput};

pub(crate) use self::crew::Crew;
pub(crate) use self::jobs::Jobs;
pub(crate) use self::misconduct::Misconduct;
use self::sums::Sums;
use crate::adversary::{Conduct, RowsMut};

/// Which piece of work: kind and round.
pub(crate) type Work = (&'static str, RoundId);

/// One hospital's rows and model, opened for work.
pub struct Ward {
    /// Trains and scores.
    pub trainer: Box<dyn Trainer>,
    /// Its policy and its privacy ledger, which outlive the ward.
    pub guard: Arc<Mutex<Guard>>,
    /// Searches what leaves for the hospital's rows; `None` where nobody asked for the audit.
    pub scanner: Option<Arc<RowScanner>>,
}

impl Ward {
    /// The ward of a hospital that forbids nothing and that nobody audits.
    #[must_use]
    pub fn open(trainer: Box<dyn Trainer>) -> Self {
        Self {
            trainer,
            guard: Arc::new(Mutex::new(Guard::open())),
            scanner: None,
        }
    }
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
struct Task {
    node: NodeId,
    work: Work,
    job: NodeEffect,
    ward: Option<Ward>,
    /// How it is carried out.
    conduct: Conduct,
}

/// What came of a task.
struct Done {
    node: NodeId,
    work: Work,
    /// `None` where there was nothing to do.
    result: Option<NodeInput>,
    /// The update, where colluders are to see it.
    seen: Option<LocalUpdate>,
    ward: Option<Ward>,
}

impl Task {
    /// Does the work. What comes of it depends on nothing but the task.
    fn carry_out(self, wards: &dyn Wards, sums: Option<&Sums>) -> Done {
        let Self {
            node,
            work,
            job,
            ward,
            conduct,
        } = self;
        let opened = ward.map_or_else(|| conduct.open(node, wards), Ok);
        let (result, seen, ward) = match opened {
            Ok(mut ward) => {
                let guard = ward.guard.clone();
                let mut guard = guard.lock().unwrap_or_else(PoisonError::into_inner);
                let (result, seen) =
                    conduct.carry_out(&job, node, ward.trainer.as_mut(), &mut guard);
                (
                    result.map(|result| entered(&job, result, sums)),
                    seen,
                    Some(ward),
                )
            }
            Err(reason) => (job.without_rows(reason), None, None),
        };
        Done {
            node,
            work,
            result,
            seen,
            ward,
        }
    }
}

/// What came of `job`, its update entered in the sum of this thread where there are such sums.
fn entered(job: &NodeEffect, result: NodeInput, sums: Option<&Sums>) -> NodeInput {
    match (result, sums) {
        (
            NodeInput::Trained {
                round,
                result: Ok(upload),
            },
            Some(sums),
        ) => NodeInput::Trained {
            round,
            result: Ok(sums.enter(job, upload)),
        },
        (result, _) => result,
    }
}
