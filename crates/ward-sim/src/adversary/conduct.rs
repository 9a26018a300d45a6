//! How one job is carried out: honestly, in the sight of colluders, or not honestly at all.

use std::sync::Arc;

use ward_core::{
    Address, Delta, Evaluation, Layout, LocalUpdate, NodeId, Params, RoundId, Scaling, Summary,
    TrainError, TrainOrder, Trainer,
};
use ward_round::{NodeEffect, NodeInput};

use super::adversaries::Adversaries;
use super::attack::Attack;
use super::plot::{Plot, to_f32};
use crate::work::{Ward, Wards};

/// How a job is carried out.
pub(crate) enum Conduct {
    /// As the product does.
    Honest,
    /// As the product does, and colluders see the update.
    Seen,
    /// An attack that needs nobody else.
    Alone(Arc<Adversaries>),
    /// What the colluders agreed on; `None` where they saw nothing to agree on.
    Colluding(Arc<Adversaries>, Option<Arc<Plot>>),
}

impl Conduct {
    /// Opens the ward of `node`, its rows poisoned where that is the attack.
    pub(crate) fn open(&self, node: NodeId, wards: &dyn Wards) -> Result<Ward, String> {
        match self {
            Self::Alone(adversaries) => match adversaries.attack.poison() {
                Some(poison) => {
                    let place = adversaries.place_of_rows(node);
                    wards.open_poisoned(node, &|rows| poison.poison(rows, place))
                }
                None => wards.open(node),
            },
            Self::Honest | Self::Seen | Self::Colluding(..) => wards.open(node),
        }
    }

    /// Does the work of `job`: what comes of it, and the update where colluders are to see it.
    pub(crate) fn carry_out(
        &self,
        job: &NodeEffect,
        node: NodeId,
        trainer: &mut dyn Trainer,
    ) -> (Option<NodeInput>, Option<LocalUpdate>) {
        match (self, job) {
            (Self::Seen, NodeEffect::Train { .. }) => {
                let mut seen = None;
                let result = bend(job, node, trainer, &mut |trainer, params, order, place| {
                    let update = trainer.train(params, order, place)?;
                    seen = Some(update.clone());
                    Ok(update)
                });
                // What its own seal kept back, nobody sees.
                let sent = matches!(&result, Some(NodeInput::Trained { result: Ok(_), .. }));
                (result, seen.filter(|_| sent))
            }
            (Self::Alone(adversaries), NodeEffect::Train { round, params, .. }) => {
                let result = match &adversaries.attack {
                    Attack::NonFinite(attack) => Some(NodeInput::Trained {
                        round: *round,
                        result: Ok(attack.forge(params.0.len())),
                    }),
                    _ => attack_alone(adversaries, job, *round, node, trainer),
                };
                (result, None)
            }
            (Self::Colluding(adversaries, plot), NodeEffect::Train { round, .. }) => {
                let place = adversaries.place(node, *round);
                let Some(plot) = plot else {
                    let result = Err("the colluders saw no honest update".to_owned());
                    let round = *round;
                    return (Some(NodeInput::Trained { round, result }), None);
                };
                let forge: &mut Train<'_> =
                    &mut |trainer, _, _, _| Ok(plot.update(trainer.examples(), place));
                (bend(job, node, trainer, forge), None)
            }
            _ => (job.carry_out(node, trainer), None),
        }
    }
}

/// Training by an attacker that needs nobody else.
fn attack_alone(
    adversaries: &Adversaries,
    job: &NodeEffect,
    round: RoundId,
    node: NodeId,
    trainer: &mut dyn Trainer,
) -> Option<NodeInput> {
    let attack = &adversaries.attack;
    let misread = match (attack, job) {
        (
            Attack::InflatedCount(attack),
            NodeEffect::Train {
                round,
                params,
                order,
            },
        ) => Some(NodeEffect::Train {
            round: *round,
            params: params.clone(),
            order: Arc::new(attack.misread(order)),
        }),
        _ => None,
    };
    let job = misread.as_ref().unwrap_or(job);
    bend(job, node, trainer, &mut |trainer, params, order, place| {
        let mut update = trainer.train(params, order, place)?;
        let own: Vec<f64> = update.delta.0.iter().copied().map(f64::from).collect();
        if let Some(altered) = attack.alter(&own, adversaries.place(node, round)) {
            update.delta = Delta(to_f32(&altered));
        }
        if let Attack::InflatedCount(attack) = attack {
            update.examples = attack.claim(order);
        }
        Ok(update)
    })
}

/// What is done in place of [`Trainer::train`].
type Train<'a> = dyn FnMut(&mut dyn Trainer, &Params, &TrainOrder, Address) -> Result<LocalUpdate, TrainError>
    + Send
    + 'a;

/// Carries `job` out as the product does, `seal` included, with `train` in place of the trainer's.
fn bend(
    job: &NodeEffect,
    node: NodeId,
    trainer: &mut dyn Trainer,
    train: &mut Train<'_>,
) -> Option<NodeInput> {
    job.carry_out(node, &mut Bent { trainer, train })
}

/// A trainer that does something else than train.
struct Bent<'a, 'b> {
    trainer: &'a mut dyn Trainer,
    train: &'a mut Train<'b>,
}

impl Trainer for Bent<'_, '_> {
    fn layout(&self) -> &Layout {
        self.trainer.layout()
    }

    fn examples(&self) -> u64 {
        self.trainer.examples()
    }

    fn summarise(&self) -> Summary {
        self.trainer.summarise()
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        (self.train)(self.trainer, params, order, address)
    }

    fn evaluate(
        &mut self,
        params: &Params,
        scaling: Option<&Arc<Scaling>>,
    ) -> Result<Evaluation, TrainError> {
        self.trainer.evaluate(params, scaling)
    }
}
