//! How one job is carried out: honestly, in the sight of colluders, or not honestly at all.

use std::sync::Arc;

use ward_core::{
    Address, Delta, Evaluation, Layout, LocalUpdate, NodeId, Params, RoundId, Summary, TrainError,
    TrainOrder, Trainer,
};
use ward_privacy::Guard;
use ward_round::{Declining, NodeEffect, NodeInput};

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
        guard: &mut Guard,
    ) -> (Option<NodeInput>, Option<LocalUpdate>) {
        match (self, job) {
            (Self::Seen, NodeEffect::Train { .. }) => {
                let mut seen = None;
                let watch: &mut Train<'_> = &mut |trainer, params, order, place| {
                    let update = trainer.train(params, order, place)?;
                    seen = Some(update.clone());
                    Ok(update)
                };
                let result = bend(job, node, trainer, guard, watch);
                // What its own seal kept back, nobody sees.
                let sent = matches!(&result, Some(NodeInput::Trained { result: Ok(_), .. }));
                (result, seen.filter(|_| sent))
            }
            (Self::Alone(adversaries), NodeEffect::Train { round, order, .. }) => {
                let result = match &adversaries.attack {
                    Attack::NonFinite(attack) => {
                        let parameters = trainer.layout().len();
                        let words = order.upload_len(parameters);
                        Some(NodeInput::Trained {
                            round: *round,
                            result: Ok(attack.forge(words)),
                        })
                    }
                    _ => attack_alone(adversaries, job, *round, node, trainer, guard),
                };
                (result, None)
            }
            (Self::Colluding(adversaries, plot), NodeEffect::Train { round, .. }) => {
                let place = adversaries.place(node, *round);
                let Some(plot) = plot else {
                    let result = Err(Declining {
                        reason: "the colluders saw no honest update".to_owned(),
                        for_good: false,
                    });
                    let round = *round;
                    return (Some(NodeInput::Trained { round, result }), None);
                };
                let forge: &mut Train<'_> =
                    &mut |trainer, _, _, _| Ok(plot.update(trainer.examples(), place));
                (bend(job, node, trainer, guard, forge), None)
            }
            _ => (job.carry_out(node, trainer, guard), None),
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
    guard: &mut Guard,
) -> Option<NodeInput> {
    let attack = &adversaries.attack;
    let misread = match (attack, job) {
        (
            Attack::InflatedCount(attack),
            NodeEffect::Train {
                round,
                params,
                order,
                masked,
            },
        ) => Some(NodeEffect::Train {
            round: *round,
            params: params.clone(),
            order: Arc::new(attack.misread(order)),
            masked: *masked,
        }),
        _ => None,
    };
    let job = misread.as_ref().unwrap_or(job);
    bend(
        job,
        node,
        trainer,
        guard,
        &mut |trainer, params, order, place| {
            let mut update = trainer.train(params, order, place)?;
            let own: Vec<f64> = update.delta.0.iter().copied().map(f64::from).collect();
            if let Some(altered) = attack.alter(&own, adversaries.place(node, round)) {
                update.delta = Delta(to_f32(&altered));
            }
            if let Attack::InflatedCount(attack) = attack {
                update.examples = attack.claim(order);
            }
            Ok(update)
        },
    )
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
    guard: &mut Guard,
    train: &mut Train<'_>,
) -> Option<NodeInput> {
    job.carry_out(node, &mut Bent { trainer, train }, guard)
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

    fn turn_to(&mut self, round: RoundId) -> Result<(), TrainError> {
        self.trainer.turn_to(round)
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
        let update = (self.train)(self.trainer, params, order, address)?;
        // Whoever forges an update says too that it was noised as asked.
        Ok(LocalUpdate {
            noised: order.noised(update.examples),
            ..update
        })
    }

    fn evaluate(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Evaluation, TrainError> {
        self.trainer.evaluate(params, order, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use ward_core::{LocalWork, OptimizerSpec, RingSpec, Seed, Upload};

    struct Own(Layout);

    impl Trainer for Own {
        fn layout(&self) -> &Layout {
            &self.0
        }

        fn examples(&self) -> u64 {
            7
        }

        fn summarise(&self) -> Summary {
            Summary::default()
        }

        fn train(
            &mut self,
            params: &Params,
            _: &TrainOrder,
            _: Address,
        ) -> Result<LocalUpdate, TrainError> {
            Ok(LocalUpdate {
                delta: Delta(params.0.iter().map(|w| 0.1 - w).collect()),
                extras: Vec::new(),
                examples: 7,
                noised: None,
                loss: 0.25,
            })
        }

        fn evaluate(
            &mut self,
            _: &Params,
            _: &TrainOrder,
            _: Address,
        ) -> Result<Evaluation, TrainError> {
            Ok(Evaluation::default())
        }
    }

    fn job() -> NodeEffect {
        NodeEffect::Train {
            round: RoundId(3),
            params: Arc::new(Params(vec![0.5, -0.25])),
            order: Arc::new(TrainOrder::new(
                LocalWork::Steps(1),
                0,
                OptimizerSpec::Sgd {
                    learning_rate: 0.1,
                    momentum: 0.0,
                },
                RingSpec {
                    fraction_bits: 24,
                    range: 8.0,
                    most_weight: 100,
                },
                Seed::run(1),
            )),
            masked: None,
        }
    }

    fn sent(conduct: &Conduct) -> (Upload, Option<LocalUpdate>) {
        let mut trainer = Own(Layout::default());
        let (result, seen) = conduct.carry_out(&job(), NodeId(1), &mut trainer, &mut Guard::open());
        let Some(NodeInput::Trained {
            result: Ok(upload), ..
        }) = result
        else {
            panic!("no upload: {result:?}")
        };
        (upload, seen)
    }

    fn alone(attack: Attack) -> Conduct {
        Conduct::Alone(Arc::new(Adversaries {
            nodes: BTreeSet::from([NodeId(1)]),
            attack,
            from_round: RoundId(0),
            rule: Arc::new(|all| all[0].to_vec()),
            seed: Seed::run(1),
        }))
    }

    #[test]
    fn being_seen_changes_no_bit_of_what_is_sent() {
        let (honest, nothing) = sent(&Conduct::Honest);
        let (watched, seen) = sent(&Conduct::Seen);
        assert_eq!(honest, watched);
        assert!(nothing.is_none());
        assert_eq!(seen.unwrap().delta, Delta(vec![0.1 - 0.5, 0.1 + 0.25]));
    }

    #[test]
    fn a_flipped_update_is_the_honest_one_times_minus_the_scale() {
        let (honest, _) = sent(&Conduct::Honest);
        let flip = super::super::SignFlip { scale: 2.0 };
        let (flipped, seen) = sent(&alone(Attack::SignFlip(flip)));
        // Twice a rounded value is the rounded double but for one step of the ring, times 7 rows.
        for (h, f) in honest.words.iter().zip(&*flipped.words) {
            assert!((h.cast_signed() * 2 + f.cast_signed()).abs() <= 7);
        }
        assert!(seen.is_none());
    }

    #[test]
    fn a_poisoner_s_update_is_its_trainer_s_own() {
        let (honest, _) = sent(&Conduct::Honest);
        let (poisoned, _) = sent(&alone(
            Attack::LabelFlip(super::super::LabelFlip::default()),
        ));
        assert_eq!(honest, poisoned);
    }
}
