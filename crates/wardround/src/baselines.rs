//! What a run is held against: each hospital alone, and all rows in one place.
//!
//! Both use the trainer that the federation uses, from the same first parameters. They are made by
//! the process that knows the whole experiment; no row or score goes over a wire for them.

use std::sync::Arc;

use rayon::prelude::*;
use ward_core::{
    Address, Delta, NodeId, NodeInfo, Params, RoundId, Scaling, TrainError, TrainOrder, Trainer,
};

use crate::results::Scored;

/// A model for each hospital, trained on its own rows and scored on its own test rows.
///
/// A hospital whose training fails is left out, with the reason.
pub fn alone<'a>(
    roster: &'a [NodeInfo],
    initial: &Params,
    order: &TrainOrder,
    open: &(dyn Fn(NodeId) -> Result<Box<dyn ScoringTrainer>, TrainError> + Sync),
) -> (Vec<(&'a NodeInfo, Scored)>, Vec<(&'a NodeInfo, TrainError)>) {
    let results: Vec<_> = roster
        .par_iter()
        .with_max_len(1)
        .map(|info| {
            let scored = open(info.node).and_then(|mut trainer| {
                let params = train(trainer.as_mut(), initial, order, info.node)?;
                trainer.score(&params, order.scaling.as_ref())
            });
            (info, scored)
        })
        .collect();
    split(results)
}

/// One model scored at every hospital.
pub fn everywhere<'a>(
    roster: &'a [NodeInfo],
    params: &Params,
    scaling: Option<&Arc<Scaling>>,
    open: &(dyn Fn(NodeId) -> Result<Box<dyn ScoringTrainer>, TrainError> + Sync),
) -> (Vec<(&'a NodeInfo, Scored)>, Vec<(&'a NodeInfo, TrainError)>) {
    let results: Vec<_> = roster
        .par_iter()
        .with_max_len(1)
        .map(|info| (info, open(info.node).and_then(|mut t| t.score(params, scaling))))
        .collect();
    split(results)
}

/// Trains from `initial` in one go and returns the model.
///
/// # Errors
/// Whatever the trainer says.
pub fn train(
    trainer: &mut (impl Trainer + ?Sized),
    initial: &Params,
    order: &TrainOrder,
    node: NodeId,
) -> Result<Params, TrainError> {
    let order = TrainOrder { seed: order.seed.child("baseline", 0), ..order.clone() };
    let update = trainer.train(initial, &order, Address { round: RoundId(0), node })?;
    let Delta(delta) = update.delta;
    Ok(Params(initial.0.iter().zip(delta).map(|(w, d)| w + d).collect()))
}

/// A trainer that can also show each test case's score: for processes that own the rows.
pub trait ScoringTrainer: Trainer {
    /// Metrics, and positive-class score and label of each test case of a binary task.
    ///
    /// # Errors
    /// Whatever the trainer says.
    fn score(
        &mut self,
        params: &Params,
        scaling: Option<&Arc<Scaling>>,
    ) -> Result<Scored, TrainError>;
}

type Results<'a> = Vec<(&'a NodeInfo, Result<Scored, TrainError>)>;

fn split(
    results: Results<'_>,
) -> (Vec<(&NodeInfo, Scored)>, Vec<(&NodeInfo, TrainError)>) {
    let (mut scored, mut failed) = (Vec::new(), Vec::new());
    for (info, result) in results {
        match result {
            Ok(one) => scored.push((info, one)),
            Err(error) => failed.push((info, error)),
        }
    }
    (scored, failed)
}
